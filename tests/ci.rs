//! `docs/ci.md` and `action.yml`: their commands are run, as far as they can be without the services
//! that they are written for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const PAGE: &str = include_str!("../docs/ci.md");
const ACTION: &str = include_str!("../action.yml");

/// A project with a scenario: what was captured, the cluster's objects, and the rules of the page.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("scenarios/checkout");
    fs::create_dir_all(&scenario).unwrap();
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/shop");
    fs::copy(shop.join("shop.pcap"), scenario.join("node-1.pcap")).unwrap();
    fs::copy(shop.join("cluster.yaml"), scenario.join("cluster.yaml")).unwrap();
    let rules = blocks("rules").concat();
    fs::write(scenario.join("rules.yaml"), rules).unwrap();
    folder
}

/// The blocks of code of the page that a mark stands above.
fn blocks(mark: &str) -> Vec<&'static str> {
    let mark = format!("<!-- {mark} -->\n```");
    let found = PAGE.split(&mark).skip(1);
    let blocks = found.map(|rest| {
        let (_, code) = rest.split_once('\n').unwrap();
        code.split("```").next().unwrap()
    });
    blocks.collect()
}

/// The commands of a list of steps or scripts: what stands behind `- run: `, or `- ` below `key`.
fn commands(block: &'static str, mark: &str) -> Vec<&'static str> {
    let lines = block
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix(mark));
    lines.collect()
}

fn run(folder: &Path, script: &str) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_pilotfish"));
    let path = std::env::var("PATH").unwrap();
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env(
            "PATH",
            format!("{}:{path}", binary.parent().unwrap().display()),
        )
        .env("GITHUB_STEP_SUMMARY", folder.join("summary.md"))
        .output()
        .unwrap()
}

fn assert_runs(folder: &Path, script: &str) {
    let output = run(folder, script);
    assert!(
        output.status.success(),
        "{script}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Makes the capture another one: a flow is gone.
fn change(folder: &Path) {
    let capture = folder.join("scenarios/checkout/node-1.pcap");
    let octets = fs::read(&capture).unwrap();
    fs::write(&capture, &octets[..octets.len() / 2]).unwrap();
}

#[test]
fn what_the_page_says_is_done_once_works_in_its_order() {
    let folder = project();
    let blocks = blocks("run");
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        assert_runs(folder.path(), block);
    }
}

#[test]
fn the_jobs_pass_and_fail_as_their_scenarios_do() {
    let folder = project();
    assert_runs(folder.path(), "pilotfish verify --new scenarios/checkout");
    let github = commands(blocks("github")[0], "- run: ");
    let gitlab = commands(blocks("gitlab")[0], "- ");
    let ours = |commands: Vec<&'static str>| -> Vec<&'static str> {
        let ours = commands.into_iter();
        ours.filter(|command| command.starts_with("pilotfish "))
            .collect()
    };
    let (github, gitlab) = (ours(github), ours(gitlab));
    assert_eq!((github.len(), gitlab.len()), (2, 2));
    for command in github.iter().chain(&gitlab) {
        assert_runs(folder.path(), command);
    }
    let summary = fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert_eq!(summary.matches("as expected").count(), 2, "{summary}");
    let report = fs::read_to_string(folder.path().join("verify.xml")).unwrap();
    assert!(report.contains("failures=\"0\""), "{report}");
    change(folder.path());
    for command in [github[0], gitlab[0]] {
        let output = run(folder.path(), command);
        assert_eq!(output.status.code(), Some(1), "{command}");
    }
    let report = fs::read_to_string(folder.path().join("verify.xml")).unwrap();
    assert!(report.contains("<failure"), "{report}");
}

/// Where the binary comes from is the other half of the jobs: the names are those of the releases.
#[test]
fn the_binary_has_the_name_that_releases_give_it() {
    let release = include_str!("../.github/workflows/release.yml");
    assert!(release.contains("name=pilotfish-$GITHUB_REF_NAME-${{ matrix.target }}"));
    assert!(release.contains("x86_64-unknown-linux-musl"));
    for text in [PAGE, ACTION] {
        assert!(text.contains("-x86_64-unknown-linux-musl"));
    }
}

/// The script of a step of the action.
fn step(name: &str) -> String {
    let (_, rest) = ACTION.split_once(&format!("- name: {name}\n")).unwrap();
    let (_, script) = rest.split_once("run: |\n").unwrap();
    let indent = "        ";
    let lines = script.lines().map_while(|line| line.strip_prefix(indent));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_action_checks_scenarios_and_the_rules_of_those_that_have_some() {
    let folder = project();
    assert_runs(folder.path(), "pilotfish verify --new scenarios/checkout");
    let with = |script: &str, scenarios: &str, rules: &str| {
        let set = format!("PILOTFISH_SCENARIOS='{scenarios}'; PILOTFISH_RULES='{rules}'\n");
        run(folder.path(), &(set + script))
    };
    let (verify, assert) = (step("Verify"), step("Assert"));
    for script in [&verify, &assert] {
        let output = with(script, "scenarios/*", "");
        assert!(output.status.success(), "{output:?}");
    }
    let strict = "rules:\n  - name: nothing\n    forbid: 'true'\n";
    fs::write(folder.path().join("strict.yaml"), strict).unwrap();
    let output = with(&assert, "scenarios/*", "strict.yaml");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.starts_with("::error file=strict.yaml,line=3,"),
        "{told}"
    );
    fs::remove_file(folder.path().join("scenarios/checkout/rules.yaml")).unwrap();
    let output = with(&assert, "scenarios/*", "");
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
    change(folder.path());
    assert_eq!(with(&verify, "scenarios/*", "").status.code(), Some(1));
}
