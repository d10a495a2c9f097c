//! Places that a scenario declares and nobody knows: each is a warning that names a nearer one.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::fs;
use std::path::Path;

use analyzer::engine::Settings;
use insta::assert_snapshot;
use replay::{Replay, ReplayInputs};

/// What is warned of the files of a scenario that is said to be taken elsewhere, a line each.
fn warnings(scenario: &str, declared: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new("captures").join(scenario);
    for file in fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let text = format!("version: 1\ncaptures:\n{declared}\n");
    fs::write(folder.path().join("scenario.yaml"), text).unwrap();
    let inputs = ReplayInputs {
        captures: vec![folder.path().into()],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, Settings::default()).unwrap();
    while replay.step(1_000) {}
    let here = format!("{}/", folder.path().display());
    let mut warnings = replay.finish().warnings;
    warnings.retain(|line| line.starts_with(&here));
    warnings.join("\n").replace(&here, "")
}

#[test]
fn a_node_or_pod_that_the_cluster_does_not_name_is_told() {
    assert_snapshot!(warnings("loss", "
  - files: [node-1.pcap]
    at: {node: nod-1}
  - files: [node-2.pcap]
    at: {pod: shop/nobody}
    "), @"
    node-1.pcap: said to be taken on node nod-1, which no object of the cluster names: did you mean node-1?
    node-2.pcap: said to be taken in pod shop/nobody, which no object of the cluster names: did you mean shop/probe?
    ");
    assert_snapshot!(warnings("node-any", "
  - files: [node-any.pcap]
    at: {node: bux}
    "), @"node-any.pcap: said to be taken on node bux, which no object of the cluster names: expected one of node-1");
}

#[test]
fn an_interface_that_no_packet_has_is_told() {
    assert_snapshot!(warnings("pcapng", "
  - files: [pcapng.pcapng]
    at: {node: node-1}
    interfaces:
      veth0: {pod: shop/wep}
      vethl: {pod: shop/api}
    "), @"
    pcapng.pcapng: interface veth0 is said to be of pod shop/wep, which no object of the cluster names: did you mean shop/web?
    pcapng.pcapng: interface vethl is declared, but no counted packet was seen at one of that name or number: did you mean veth1?
    ");
    assert_snapshot!(warnings("node-any", "
  - files: [node-any.pcap]
    at: {node: node-1}
    interfaces: {nope: uplink, 2: ignore}
    "), @"node-any.pcap: interface nope is declared, but no counted packet was seen at one of that name or number: expected one of 1, 2, 3, 4, 5");
    assert_snapshot!(warnings("node-any-sll1", "
  - files: [node-any-sll1.pcap]
    at: {node: node-1}
    interfaces: {eth0: uplink}
    "), @"node-any-sll1.pcap: interface eth0 is declared, but no counted packet there tells its interface: expected the place of the whole capture, with `at`");
}

#[test]
fn what_is_there_is_not_told() {
    for scenario in fs::read_dir("captures").unwrap() {
        let path = scenario.unwrap().path();
        if !path.join("scenario.yaml").is_file() {
            continue;
        }
        let inputs = ReplayInputs {
            captures: vec![path.clone()],
            ..ReplayInputs::default()
        };
        let mut replay = Replay::open(&inputs, Settings::default()).unwrap();
        while replay.step(1_000) {}
        let warnings = replay.finish().warnings;
        let told = warnings.iter().find(|line| line.contains("cluster names"));
        let told = told.or_else(|| warnings.iter().find(|line| line.contains("is declared")));
        assert_eq!(told, None, "{}", path.display());
    }
}

#[test]
fn without_a_cluster_nobody_is_unknown() {
    let inputs = ReplayInputs {
        captures: vec!["captures/loss/node-1.pcap".into()],
        at: vec![replay::Taken {
            at: analyzer::hop::declaration::TakenAt::Node("nod-1".into()),
            files: "captures/loss/node-1.pcap".into(),
        }],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, Settings::default()).unwrap();
    while replay.step(1_000) {}
    assert_eq!(replay.finish().warnings, [""; 0]);
}
