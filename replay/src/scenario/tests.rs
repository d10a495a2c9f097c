//! Folders and what they say of themselves.

use std::fs;
use std::path::Path;

use analyzer::connection::record::Surplus;
use analyzer::engine::Settings;
use analyzer::hop::declaration::{InterfaceOwner, PodName, Shown, TakenAt};
use tempfile::TempDir;

use crate::scenario::Scenario;

/// A folder with empty files of some names, and a `scenario.yaml` where there is one.
fn folder(files: &[&str], declaration: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        fs::write(folder.path().join(file), "").unwrap();
    }
    if let Some(text) = declaration {
        fs::write(folder.path().join("scenario.yaml"), text).unwrap();
    }
    folder
}

/// The captures of each source, by file name.
fn captures(scenario: &Scenario) -> Vec<Vec<String>> {
    let name = |file: &std::path::PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
    scenario
        .captures
        .iter()
        .map(|source| source.files.iter().map(name).collect())
        .collect()
}

fn wrong(files: &[&str], declaration: &str) -> String {
    let folder = folder(files, Some(declaration));
    let error = Scenario::open(folder.path()).unwrap_err().to_string();
    let place = format!("{}/scenario.yaml:", folder.path().display());
    error.strip_prefix(&place).unwrap_or(&error).to_owned()
}

#[test]
fn without_a_description_every_file_that_may_be_a_capture_is_a_source() {
    let folder = folder(
        &[
            "b.pcapng",
            "a.pcap.gz",
            "README.md",
            "cluster.yaml",
            "cluster.jsonl",
            "names.txt",
            ".hidden",
            "expect.json",
        ],
        None,
    );
    fs::create_dir(folder.path().join("more")).unwrap();
    let scenario = Scenario::open(folder.path()).unwrap();
    assert_eq!(captures(&scenario), [["a.pcap.gz"], ["b.pcapng"]]);
    assert!(
        scenario
            .captures
            .iter()
            .all(|source| source.at == TakenAt::Between)
    );
    assert_eq!(
        scenario.cluster,
        [
            folder.path().join("cluster.yaml"),
            folder.path().join("cluster.jsonl")
        ]
    );
    assert_eq!(scenario.names, Some(folder.path().join("names.txt")));
}

#[test]
fn a_description_says_what_is_read_and_where_it_was_taken() {
    let pod = || PodName {
        namespace: "shop".into(),
        name: "cart-7f9c-hm2ts".into(),
    };
    let text = "
version: 1
captures:
  - files: [n1-1.pcap, n1-0.pcap]
    at: {node: node-1}
    interfaces: {veth1a: {pod: shop/cart-7f9c-hm2ts}, eth0: uplink, docker0: ignore}
  - files: [pod.pcap]
    at: {pod: shop/cart-7f9c-hm2ts}
  - files: [tap.pcap]
    at: between
cluster: [objects.yaml]
cluster_cidrs: [10.244.0.0/16, 'fd00::/48']
";
    let files = [
        "n1-0.pcap",
        "n1-1.pcap",
        "pod.pcap",
        "tap.pcap",
        "other.pcap",
        "objects.yaml",
        "cluster.yaml",
    ];
    let folder = folder(&files, Some(text));
    let scenario = Scenario::open(folder.path()).unwrap();
    assert_eq!(
        captures(&scenario),
        [
            vec!["n1-1.pcap", "n1-0.pcap"],
            vec!["pod.pcap"],
            vec!["tap.pcap"]
        ]
    );
    let at: Vec<_> = scenario
        .captures
        .iter()
        .map(|source| source.at.clone())
        .collect();
    assert_eq!(
        at,
        [
            TakenAt::Node("node-1".into()),
            TakenAt::Pod(pod()),
            TakenAt::Between
        ]
    );
    let interfaces: Vec<_> = scenario.captures[0]
        .interfaces
        .clone()
        .into_iter()
        .collect();
    assert_eq!(
        interfaces,
        [
            ("docker0".into(), InterfaceOwner::Ignore),
            ("eth0".into(), InterfaceOwner::Uplink),
            ("veth1a".into(), InterfaceOwner::Pod(pod())),
        ]
    );
    assert_eq!(scenario.cluster, [folder.path().join("objects.yaml")]);
    let ranges: Vec<String> = scenario
        .cluster_cidrs
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(ranges, ["10.244.0.0/16", "fd00::/48"]);
}

#[test]
fn a_description_may_leave_everything_to_the_folder() {
    let folder = folder(&["a.pcap", "cluster.yaml"], Some("version: 1\n"));
    let scenario = Scenario::open(folder.path()).unwrap();
    assert_eq!(captures(&scenario), [["a.pcap"]]);
    assert_eq!(scenario.cluster, [folder.path().join("cluster.yaml")]);
}

#[test]
fn a_wrong_description_is_said_field_by_field() {
    let errors = [
        ("", " version: expected version 1"),
        ("captures: []", "1: version: expected version 1"),
        ("version: 2", "1: version: expected version 1"),
        (
            "version: 1\ncapture: []",
            "2: capture: unknown field, did you mean `captures`?",
        ),
        (
            "version: 1\ncaptures:\n- {file: [a.pcap]}",
            "3: captures[0].file: unknown field, did you mean `files`?",
        ),
        (
            "version: 1\ncaptures:\n- {at: between}",
            "3: captures[0].files: no file, expected the names of captures",
        ),
        (
            "version: 1\ncaptures:\n- {files: [b.pcap]}",
            r#"3: captures[0].files[0]: no file "b.pcap" in this folder"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [../a.pcap]}",
            r#"3: captures[0].files[0]: "../a.pcap" is not within this folder"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [/etc/passwd]}",
            r#"3: captures[0].files[0]: "/etc/passwd" is not within this folder"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap, a.pcap]}",
            "3: captures[0].files[1]: named twice",
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], at: node-1}",
            "3: captures[0].at: expected between, {node: NAME} or {pod: NAMESPACE/NAME}",
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], at: {pod: cart}}",
            r#"3: captures[0].at.pod: "cart" is not a pod, expected NAMESPACE/NAME"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], interfaces: {eth0: up}}",
            "3: captures[0].interfaces.eth0: expected uplink, ignore or {pod: NAMESPACE/NAME}",
        ),
        (
            "version: 1\ncluster: [none.yaml]",
            r#"2: cluster[0]: no file "none.yaml" in this folder"#,
        ),
        (
            "version: 1\ncluster_cidrs: [10.0.0.0]",
            r#"2: cluster_cidrs[0]: "10.0.0.0" is not a range such as 10.244.0.0/16"#,
        ),
        (
            "version: 1\n---\nversion: 1",
            "3: a second document, expected one",
        ),
        ("version: [1", "1:10: unclosed bracket '['"),
    ];
    for (text, error) in errors {
        assert_eq!(wrong(&["a.pcap"], text), error, "{text}");
    }
}

#[test]
fn what_a_recorder_would_not_say_is_said_field_by_field() {
    let errors = [
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], interfaces: [{name: eth0}]}",
            "3: captures[0].interfaces[0].index: missing, expected the number of an interface",
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], interfaces: [{index: -2}]}",
            r#"3: captures[0].interfaces[0].index: "-2" is not the number of an interface"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], interfaces: [{index: 2, owner: uplink}, {index: 2, owner: ignore}]}",
            "3: captures[0].interfaces[1].index: 2 is described twice",
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], interfaces: uplink}",
            "3: captures[0].interfaces: expected owners by name, such as {eth0: uplink}, or a list \
             of {index: NUMBER, name: NAME, owner: OWNER}",
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], shows: eth0}",
            r#"3: captures[0].shows: "eth0" is unknown, expected all"#,
        ),
        (
            "version: 1\nwatched: {from: 2026-11-22T10:00:00Z}",
            "2: watched.until: missing, expected a time such as 2026-11-22T10:00:00Z",
        ),
        (
            "version: 1\nwatched: {from: 2026-11-22T10:00:01Z, until: 2026-11-22T10:00:00Z}",
            "2: watched: `from` is after `until`",
        ),
        (
            "version: 1\ntimeouts: {tcp: 5m}",
            r#"2: timeouts.tcp: "5m" is not a number of seconds such as 300s"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], left_out: {frames: x}}",
            r#"3: captures[0].left_out.frames: "x" is not a number of frames"#,
        ),
        (
            "version: 1\nlimits: {connection: 1}",
            "2: limits.connection: unknown field, did you mean `connections`?",
        ),
        (
            "version: 1\nlimits: {connections: many}",
            r#"2: limits.connections: "many" is not a number of records"#,
        ),
    ];
    for (text, error) in errors {
        assert_eq!(wrong(&["a.pcap"], text), error, "{text}");
    }
}

#[test]
fn a_folder_needs_a_capture() {
    let folder = folder(&["README.md"], None);
    let error = Scenario::open(folder.path()).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("{}: no capture in this folder", folder.path().display())
    );
    let error = Scenario::open(Path::new("/none")).unwrap_err().to_string();
    assert_eq!(error, "/none: No such file or directory (os error 2)");
}

#[test]
fn a_recorder_describes_interfaces_by_number() {
    let text = "
version: 1
captures:
  - files: [a.pcap]
    shows: all
    interfaces:
      - {index: 2, name: eth0, owner: uplink}
      - {index: 7, name: veth1a, owner: {pod: shop/cart}}
      - {index: 9, name: veth1a}
      - {index: 11, owner: ignore}
";
    let folder = folder(&["a.pcap"], Some(text));
    let source = &Scenario::open(folder.path()).unwrap().captures[0];
    assert_eq!(source.shows, Shown::All);
    let names: Vec<_> = source.names.iter().map(|(n, name)| (*n, &**name)).collect();
    assert_eq!(names, [(2, "eth0"), (7, "veth1a"), (9, "veth1a")]);
    let pod = PodName {
        namespace: "shop".into(),
        name: "cart".into(),
    };
    let owners: Vec<_> = source.numbered.clone().into_iter().collect();
    assert_eq!(
        owners,
        [
            (2, InterfaceOwner::Uplink),
            (7, InterfaceOwner::Pod(pod)),
            (11, InterfaceOwner::Ignore),
        ]
    );
    assert!(source.interfaces.is_empty());
}

#[test]
fn settings_are_those_of_the_recorder_and_of_two_limits_the_smaller_one_holds() {
    let text = "
version: 1
timeouts: {tcp: 30s, udp: 0.5s}
limits: {connections: 7, clues: 0, intervals: 99999999999}
surplus: earliest
";
    let folder = folder(&["a.pcap"], Some(text));
    let mut settings = Settings::default();
    let mut expected = settings;
    let scenario = Scenario::open(folder.path()).unwrap();
    scenario.recorded.lay_over(&mut settings);
    (expected.idle.tcp_ns, expected.idle.udp_ns) = (30_000_000_000, 500_000_000);
    expected.surplus = Surplus::Earliest;
    expected.limits.connections = 7;
    expected.limits.translations.clues = 0;
    assert_eq!(settings, expected);
}
