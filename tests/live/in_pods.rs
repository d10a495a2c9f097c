//! `--in-pod-namespaces`: what a person sees of it, and of the process that opens sockets for it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::node::{BINARY, Node, Waiting, is_root};
use crate::pod::Pod;

/// `CAP_NET_RAW`, `CAP_SYS_PTRACE` and `CAP_SYS_ADMIN`, as a set of bits.
const KEPT: &str = "0000000000282000";

/// A node that captures within its pod, and a process in the pod.
fn start(name: &str, options: &str) -> Option<(Pod, Inhabitant, Node)> {
    if !is_root() {
        return None;
    }
    let pod = Pod::new(name)?;
    let inhabitant = pod.inhabit();
    let cluster = pod.cluster();
    let options = format!(
        "--node n-1 --in-pod-namespaces --cluster {} {options}",
        cluster.display()
    );
    let namespace = pod.namespace();
    let node = Node::start_with(namespace.binary(), &options);
    let node = node.asked_by(move || namespace.binary());
    Some((pod, inhabitant, node))
}

/// A process that is there until this is dropped.
pub(crate) struct Inhabitant(pub(crate) Child);

impl Drop for Inhabitant {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The opener of a node: its only child.
fn opener(node: &Node) -> u32 {
    let id = node.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    children.trim().parse().unwrap()
}

fn status(process: u32, field: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim_start_matches(':').trim().to_owned())
}

/// Whether a process is gone, but for what its parent does not want to know.
fn is_gone(process: u32) -> bool {
    status(process, "State").is_none_or(|state| state.starts_with('Z'))
}

/// Whether a process is gone before anybody loses patience.
fn ends(process: u32) -> bool {
    let waiting = Waiting::begin();
    while !is_gone(process) && !waiting.is_too_long() {
        thread::sleep(Duration::from_millis(10));
    }
    is_gone(process)
}

#[test]
fn a_pod_is_captured_within_and_on_its_node_and_counted_once() {
    let Some((pod, _inhabitant, node)) = start("within", "") else {
        return;
    };
    pod.call(7);
    let answer = node.closed_flows("--port 7", 1);
    let flow = &answer["flows"][0];
    assert_eq!(answer["total"], 1, "{answer}");
    assert_eq!(flow["client"]["pod"], "cart-1", "{answer}");
    let client = &flow["client_stats"];
    assert_eq!(
        (&client["tx_pkts"], &client["rx_pkts"]),
        (&1.into(), &1.into()),
        "{answer}"
    );
    assert_eq!(flow["observed"], "client");
    let coverage = &answer["coverage"];
    assert!(coverage["copies"].as_u64().unwrap() >= 2, "{answer}");
    assert_eq!(coverage["warnings"], Value::Array(Vec::new()), "{answer}");
}

#[test]
fn the_opener_keeps_three_capabilities_and_nothing_else_does() {
    let Some((_pod, _inhabitant, node)) = start("kept", "") else {
        return;
    };
    let opener = opener(&node);
    for (field, of_opener, of_node) in [
        ("CapEff", KEPT, "0000000000000000"),
        ("CapPrm", KEPT, "0000000000000000"),
        ("CapInh", "0000000000000000", "0000000000000000"),
        ("CapBnd", "0000000000000000", "0000000000000000"),
        ("CapAmb", "0000000000000000", "0000000000000000"),
        ("NoNewPrivs", "1", "1"),
        ("Seccomp", "2", "2"),
        ("Threads", "1", ""),
    ] {
        assert_eq!(status(opener, field).unwrap(), of_opener, "{field}");
        let held = status(node.id(), field).unwrap();
        assert!(of_node.is_empty() || held == of_node, "{field}: {held}");
    }
    node.ask("flows");
    let (code, said) = node.end("-INT");
    assert_eq!(code, Some(0), "{said}");
    let line = format!("beside it process {opener}, which takes no orders");
    assert!(said.contains(&line), "{said}");
    assert!(ends(opener), "it is not to outlive who started it");
}

#[test]
fn a_killed_node_leaves_no_opener_behind() {
    let Some((_pod, _inhabitant, node)) = start("killed", "") else {
        return;
    };
    let opener = opener(&node);
    thread::sleep(Duration::from_secs(1));
    assert!(!is_gone(opener), "it is there while the node is");
    let (code, _) = node.end("-KILL");
    assert_eq!(code, None);
    assert!(ends(opener));
}

#[test]
fn a_node_without_its_opener_goes_on_and_says_so() {
    let Some((pod, _inhabitant, node)) = start("alone", "") else {
        return;
    };
    let killed = Command::new("kill")
        .args(["-KILL", &opener(&node).to_string()])
        .status();
    assert!(killed.unwrap().success());
    pod.call(9);
    let is_told = |answer: &Value| {
        let warnings = answer["coverage"]["warnings"].to_string();
        warnings.contains("the opener that enters network namespaces has ended")
    };
    let answer = node.ask_until("flows --port 9", |answer| {
        answer["total"] == 1 && is_told(answer)
    });
    assert_eq!(answer["total"], 1, "{answer}");
    assert!(is_told(&answer), "{answer}");
}

#[test]
fn what_it_can_not_do_is_refused_before_anything_begins() {
    if !is_root() {
        return;
    }
    let refused = |arguments: &[&str]| {
        let output = Command::new(BINARY)
            .args(arguments)
            .stdin(Stdio::null())
            .env_remove("KUBECONFIG")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let listen = ["live", "--listen", "127.0.0.1:0", "--in-pod-namespaces"];
    insta::assert_snapshot!(refused(&listen), @"pilotfish: error: --in-pod-namespaces: no namespace would be known as a pod's without a cluster; expected --kubeconfig or --cluster beside it");
    insta::assert_snapshot!(refused(&["enter-namespaces"]), @"pilotfish: error: standard input is no socket of a program that enters network namespaces; expected that --in-pod-namespaces starts this by itself");
}
