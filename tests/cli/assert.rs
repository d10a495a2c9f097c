//! `pilotfish assert`: rules, and the flows that break them.

use std::fs;
use std::path::Path;

use crate::run::{assert_accepted, command, command_in, outcome, skipped, transcript_in};
use crate::surgery::{Record, cut, shop};

const RULES: &str = r#"rules:
  - name: only the cart talks to redis
    forbid: server.svc == "redis" && client.workload.name != "cart"
  - name: checkout reaches payments
    require: client.workload.name == "checkout" && server.svc == "payment-service"
    min_connections: 20
  - name: nothing leaves the cluster but to the payment provider, and to ask for names
    forbid: >-
      server.kind == "external" && server.port != 53 &&
      !server.dns.exists(n, n.endsWith(".pay.example") || n == "api.pay.example")
  - name: handshakes stay fast inside the cluster
    forbid: server.kind == "pod" && client_stats.tcp_handshake_p99_us > 20000
"#;

const CHECKOUT: [u8; 4] = [10, 244, 2, 11];
const FRONTEND: [u8; 4] = [10, 244, 1, 10];
const REDIS: [u8; 4] = [10, 244, 2, 14];
const API: [u8; 4] = [203, 0, 113, 10];

fn asserted(change: impl FnOnce(&mut Vec<Record>)) -> String {
    let folder = shop("mine");
    fs::write(folder.path().join("mine/rules.yaml"), RULES).unwrap();
    cut(&folder.path().join("mine/shop.pcap"), change);
    transcript_in(folder.path(), "assert mine")
}

#[test]
fn rules_hold() {
    assert_accepted("assert__hold", &asserted(|_| {}));
}

#[test]
fn each_rule_is_broken_by_what_it_is_about() {
    let mut told = asserted(|records| {
        // The frontend calls redis itself.
        let is_theirs = |r: &&Record| r.is_tcp(FRONTEND, [10, 244, 1, 11], 8080);
        let mut call = records.iter().find(is_theirs).unwrap().to_port(6379);
        call.readdress([10, 244, 1, 11], REDIS);
        records.push(call);
    });
    // Checkout reaches one pod of the payments only.
    told += &asserted(|records| {
        records.retain(|record| !record.is_between(CHECKOUT, [10, 244, 1, 12], 8080));
    });
    // The provider is somebody else.
    told += &asserted(|records| {
        for record in records.iter_mut().filter(|record| record.frame[23] == 6) {
            record.readdress(API, [203, 0, 113, 99]);
        }
    });
    assert_accepted("assert__broken", &told);
}

#[test]
fn slow_handshakes_break_their_rule() {
    let folder = shop("mine");
    let rules = RULES.replace("20000", "10");
    fs::write(folder.path().join("rules.yaml"), rules).unwrap();
    let told = outcome(command_in(folder.path(), "assert mine --rules rules.yaml"));
    assert_eq!(told.status.code(), Some(1));
    let rule = "handshakes stay fast inside the cluster: ";
    let lines: Vec<&str> = told
        .stdout
        .lines()
        .filter(|line| line.contains(rule))
        .collect();
    assert_eq!(
        lines.len(),
        11,
        "ten flows, and how many more:\n{}",
        told.stdout
    );
    assert!(lines[10].ends_with("more forbidden flows"), "{}", lines[10]);
}

#[test]
fn a_wrong_rule_is_refused_before_any_capture_is_read() {
    let folder = shop("mine");
    fs::write(folder.path().join("mine/shop.pcap"), "no capture").unwrap();
    let mut told = String::new();
    for (right, wrong) in [
        ("server.svc ==", "server.svcc =="),
        ("client.workload.name", "client.workload"),
        ("> 20000", "> \"20000\""),
        ("exists(n, n.endsWith", "exists(n, n.endswith"),
        ("min_connections: 20", "min_connection: 20"),
        (
            "server.kind == \"external\"",
            "server.kind == \"externals\"",
        ),
        ("server.kind == \"pod\"", "proto == \"TCP\""),
    ] {
        fs::write(
            folder.path().join("rules.yaml"),
            RULES.replace(right, wrong),
        )
        .unwrap();
        told += &transcript_in(folder.path(), "assert mine --rules rules.yaml");
    }
    // All that are wrong are told at once.
    let several = RULES
        .replace("server.svc ==", "server.svcc ==")
        .replace("> 20000", "> \"20000\"");
    let second = r#"
  - name: nothing leaves the cluster but to the payment provider, and to ask for names
    forbid: server.kind == "pod"
"#;
    fs::write(folder.path().join("rules.yaml"), several + second).unwrap();
    told += &transcript_in(folder.path(), "assert mine --rules rules.yaml");
    fs::remove_file(folder.path().join("rules.yaml")).unwrap();
    told += &transcript_in(folder.path(), "assert mine");
    assert_accepted("assert__refused", &told);
}

#[test]
fn a_capture_without_flows_is_told_though_no_flow_breaks_a_rule() {
    let folder = shop("mine");
    let rules = "rules:\n  - name: nobody talks to redis\n    forbid: server.svc == 'redis'\n";
    fs::write(folder.path().join("mine/rules.yaml"), rules).unwrap();
    // Of requests for hardware addresses no flow is made.
    let is_arp = |record: &Record| record.frame[12..14] == [8, 6];
    cut(&folder.path().join("mine/shop.pcap"), |records| {
        records.retain(is_arp);
    });
    let mut told = String::new();
    for format in ["text", "json", "junit", "github"] {
        let arguments = format!("assert mine --format {format} --summary summary.md");
        told += &transcript_in(folder.path(), &arguments);
    }
    let summary = fs::read_to_string(folder.path().join("summary.md")).unwrap();
    let quarter = summary.len() / 4;
    assert_accepted(
        "assert__empty",
        &(told + "--- summary.md\n" + &summary[..quarter]),
    );
}

#[test]
fn a_rule_that_cannot_be_evaluated_is_a_failure_that_names_the_flow() {
    let folder = shop("mine");
    let rules = "rules:\n  - name: division\n    forbid: server.svc == 'redis' && 1 / (server.port - 6379) == 1\n";
    fs::write(folder.path().join("mine/rules.yaml"), rules).unwrap();
    let mut told = String::new();
    for format in ["text", "json", "junit", "github"] {
        told += &transcript_in(folder.path(), &format!("assert mine --format {format}"));
    }
    assert_accepted("assert__forms", &told);
}

/// The command that is printed shows the packets of the flow, where tshark is installed; those in
/// a tunnel, too.
#[test]
fn the_packets_are_shown_by_the_command_that_is_told() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.yaml");
    for (scenario, rule, frames) in [
        ("captures/shop", "server.svc == 'redis'", 90 + 46),
        (
            "captures/vxlan",
            "client.pod != '' && server.port == 8080",
            64,
        ),
    ] {
        let text = format!("rules:\n  - name: none\n    forbid: {rule}\n");
        fs::write(&rules, text).unwrap();
        let arguments = format!("assert {scenario} --rules {}", rules.display());
        let told = outcome(command(&arguments)).stdout;
        let command = told.lines().find(|line| line.contains("tshark")).unwrap();
        let shown = std::process::Command::new("sh")
            .args(["-c", command.trim()])
            .current_dir(root)
            .output()
            .unwrap();
        if shown.status.code() == Some(127) {
            skipped(
                "the_packets_are_shown_by_the_command_that_is_told",
                "tshark",
            );
            return;
        }
        let lines = String::from_utf8_lossy(&shown.stdout).lines().count();
        assert_eq!(lines, frames, "{command}");
    }
}
