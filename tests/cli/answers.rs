//! Answers over the shop, in every form.

use std::fs;

use crate::files;
use crate::run::{assert_accepted, command, command_in, outcome, transcript, transcript_in};

#[test]
fn every_form_of_every_answer_is_as_accepted() {
    let cases = [
        ("flows__table", "flows captures/shop"),
        ("flows__wide", "flows captures/shop -o wide --limit 5"),
        (
            "flows__by_workload",
            "flows captures/shop --aggregate workload",
        ),
        (
            "flows__by_namespace",
            "flows captures/shop --aggregate namespace",
        ),
        (
            "flows__filtered",
            "flows captures/shop --ns payments --l4proto tcp",
        ),
        ("flows__json", "flows captures/shop -o json --limit 2"),
        (
            "flows__jsonl",
            "flows captures/shop -o jsonl --limit 2 --format full",
        ),
        ("flows__csv", "flows captures/shop -o csv --limit 3"),
        ("summary__table", "summary captures/shop"),
        (
            "summary__wide",
            "summary captures/shop -o wide --ns payments",
        ),
        ("summary__jsonl", "summary captures/shop -o jsonl"),
        ("summary__csv", "summary captures/shop -o csv"),
        ("connections__table", "connections captures/shop --limit 12"),
        (
            "connections__wide",
            "connections captures/shop -o wide --limit 3",
        ),
        (
            "connections__jsonl",
            "connections captures/shop -o jsonl --limit 2",
        ),
        (
            "connections__csv",
            "connections captures/shop -o csv --limit 2",
        ),
    ];
    for (name, arguments) in cases {
        assert_accepted(name, &transcript(arguments));
    }
}

#[test]
fn what_there_is_and_what_depends_on_what_is_as_accepted() {
    let cases = [
        ("workloads__table", "workloads captures/shop"),
        (
            "workloads__wide",
            "workloads captures/shop -o wide --ns monitoring",
        ),
        (
            "workloads__jsonl",
            "workloads captures/shop -o jsonl --level workload --ns data",
        ),
        (
            "workloads__csv",
            "workloads captures/shop -o csv --ns shop --sort first_seen",
        ),
        (
            "workloads__none_idle",
            "workloads captures/shop --state idle --port 80",
        ),
        ("dependencies__table", "dependencies captures/shop"),
        (
            "dependencies__wide",
            "dependencies captures/shop -o wide --of cart --direction both --depth 1",
        ),
        (
            "dependencies__json",
            "dependencies captures/shop -o json --of redis --direction upstream",
        ),
        (
            "dependencies__csv",
            "dependencies captures/shop -o csv --limit 3",
        ),
        (
            "dependencies__mermaid",
            "dependencies captures/shop -o mermaid --of checkout --l4proto tcp",
        ),
        (
            "dependencies__dot",
            "dependencies captures/shop -o dot --level node --limit 3",
        ),
        (
            "dependencies__unknown",
            "dependencies captures/shop --of shop/chekout",
        ),
        (
            "dependencies__nothing_like_it",
            "dependencies captures/shop --of 10.9.9.9",
        ),
        (
            "dependencies__of_what_is_idle",
            "dependencies captures/shop -o json --of debug-shell --depth 1 --level pod",
        ),
        (
            "dependencies__depth_alone",
            "dependencies captures/shop --depth 2",
        ),
        (
            "dependencies__form",
            "dependencies captures/shop --format dot",
        ),
        ("flows__no_graph", "flows captures/shop -o dot"),
    ];
    for (name, arguments) in cases {
        assert_accepted(name, &transcript(arguments));
    }
}

#[test]
fn every_scenario_has_its_tables() {
    let mut scenarios: Vec<String> = fs::read_dir("captures")
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("truth.json").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    scenarios.sort();
    for name in scenarios {
        let commands = ["flows", "connections --limit 12", "summary"];
        let tables = commands.map(|command| transcript(&format!("{command} captures/{name}")));
        assert_accepted(&format!("tables__{name}"), &tables.join("\n"));
    }
}

#[test]
fn options_that_change_what_is_read_do() {
    let cases = [
        ("reading__duplicates", "flows captures/mirror-port --dedup"),
        (
            "reading__names",
            "flows captures/egress/egress.pcap --names captures/names/names.txt",
        ),
        (
            "reading__ranges",
            "flows captures/refused/refused.pcap --cluster-cidr 10.244.1.0/24 -o wide",
        ),
        (
            "reading__cluster",
            "flows captures/dns/dns.pcap --cluster captures/dns/cluster.yaml",
        ),
    ];
    for (name, arguments) in cases {
        assert_accepted(name, &transcript(arguments));
    }
}

#[test]
fn an_answer_without_rows_says_why() {
    let folder = files::bad_files("no-rows");
    for (name, arguments) in [
        ("nothing__quiet", "flows quiet.pcap"),
        ("nothing__quiet_summary", "summary quiet.pcap"),
        ("nothing__quiet_csv", "connections quiet.pcap -o csv"),
    ] {
        assert_accepted(name, &transcript_in(&folder, arguments));
    }
    for (name, arguments) in [
        (
            "nothing__filtered",
            "connections captures/shop --ns nowhere --client-port 1",
        ),
        (
            "nothing__filtered_summary",
            "summary captures/shop --ns nowhere",
        ),
        ("nothing__one_filter", "flows captures/shop --ns nowhere"),
        (
            "nothing__from_it",
            "dependencies captures/shop --of debug-shell",
        ),
        (
            "nothing__to_it",
            "dependencies captures/shop --of debug-shell --direction upstream --depth 1",
        ),
        (
            "nothing__idle",
            "dependencies captures/shop --of debug-shell --direction both",
        ),
        (
            "nothing__of_and_more",
            "dependencies captures/shop --of cart --ns nowhere",
        ),
        ("nothing__that_far", "flows captures/shop --offset 1000"),
        (
            "nothing__kept",
            "connections captures/shop --max-connections 0",
        ),
    ] {
        assert_accepted(name, &transcript(arguments));
    }
}

#[test]
fn the_footer_says_which_part_is_shown() {
    let cases = [
        "--offset 30 --limit 5",
        "--offset 30",
        "--start 2026-11-22T19:40:00Z --window 45s --limit 1",
        "--end 2026-11-22T19:39:00Z",
        "--start 2026-11-23T19:39:00Z",
    ];
    let footers = cases.map(|arguments| {
        let outcome = outcome(command(&format!("flows captures/shop {arguments}")));
        let footer = outcome.stdout.lines().last().unwrap().to_owned();
        format!("{arguments}\n{footer}\n")
    });
    assert_accepted("flows__footers", &footers.join("\n"));
}

#[test]
fn lines_and_csv_hold_every_row_and_tables_a_hundred() {
    let rows = |arguments: &str| outcome(command(arguments)).stdout.lines().count();
    let all = rows("connections captures/shop -o jsonl");
    assert!(all > 200, "{all}");
    assert_eq!(rows("connections captures/shop -o csv"), all + 1);
    assert_eq!(rows("connections captures/shop --limit all"), all + 3);
    assert_eq!(rows("connections captures/shop"), 100 + 3);
    assert_eq!(
        rows("connections captures/shop --max-connections 50 -o jsonl"),
        50
    );
}

#[test]
fn a_cut_capture_is_answered_with_a_warning() {
    let folder = files::folder("cut");
    let shop = files::shop();
    fs::write(folder.join("cut.pcap"), &shop[..shop.len() / 2]).unwrap();
    let outcome = outcome(command_in(&folder, "flows cut.pcap --limit 2"));
    assert_accepted(
        "flows__cut",
        &outcome.transcript("flows cut.pcap --limit 2"),
    );
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let escapes = |arguments: &str, variables: &[(&str, &str)]| {
        let mut command = command(arguments);
        command.envs(variables.iter().copied());
        outcome(command).stdout.contains('\u{1b}')
    };
    let flows = "flows captures/shop";
    assert!(!escapes(flows, &[]));
    assert!(escapes(flows, &[("CLICOLOR_FORCE", "1")]));
    assert!(!escapes(
        flows,
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]
    ));
    assert!(escapes("flows captures/shop --color always", &[]));
    assert!(!escapes(
        "flows captures/shop --color never",
        &[("CLICOLOR_FORCE", "1")]
    ));
    assert!(!escapes("flows captures/shop --color always -o json", &[]));
}
