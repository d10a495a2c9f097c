//! `pilotfish live` as a person starts it. Needs root on Linux; elsewhere each test says that it is
//! skipped.
#![cfg(all(test, target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets the unexpected fails, and one that is skipped says so"
)]

mod in_pods;
mod node;
mod pod;
mod recording;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::node::{BINARY, Node, Waiting, is_root};
use crate::pod::Pod;

/// Nobody, as every system numbers them.
const NOBODY: &str = "65534";

/// One connection over loopback, in which a thousand octets are sent and nothing is answered; its
/// port.
fn transfer() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap()
    });
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(&[0; 1_000]).unwrap();
    drop(client);
    assert_eq!(server.join().unwrap(), 1_000);
    port
}

/// The flows to a port, once there is one. On a machine with nothing else to do that is within two
/// seconds.
fn flows_soon(node: &Node, port: u16) -> Value {
    let waiting = Waiting::begin();
    let flows = node.closed_flows(&format!("--port {port}"), 1);
    if waiting.so_far() > Duration::from_secs(2) {
        eprintln!("a transfer was in the answers after {:?}", waiting.so_far());
    }
    flows
}

#[test]
fn a_transfer_is_soon_in_the_answers() {
    if !is_root() {
        return;
    }
    let node = Node::start("");
    let answer = flows_soon(&node, transfer());
    let flow = &answer["flows"][0];
    assert_eq!(answer["total"], 1, "{answer}");
    assert_eq!(flow["connections"], 1);
    for end in ["client", "server"] {
        assert_eq!(flow[end]["kind"], "node", "{answer}");
    }
    // Loopback shows both ends the same packets.
    assert_eq!(
        flow["client_stats"]["tx_bytes"],
        flow["server_stats"]["rx_bytes"]
    );
    assert!(flow["client_stats"]["tx_bytes"].as_u64().unwrap() > 1_000);
    assert_eq!(answer["coverage"]["source"], "live");
    assert!(answer["coverage"]["window"].is_object(), "five minutes");
    assert_eq!(answer["coverage"]["dropped"], 0);
}

#[test]
fn its_own_clients_are_left_out_and_counted_unless_they_are_asked_for() {
    if !is_root() {
        return;
    }
    for (options, is_seen) in [("", false), ("--no-exclude-self", true)] {
        let node = Node::start(options);
        for _ in 0..3 {
            node.ask("flows");
        }
        let excluded = |answer: &Value| answer["coverage"]["skipped"]["excluded"].as_u64();
        let question = format!("flows --port {}", node.port());
        let answer = node.ask_until(&question, |answer| {
            answer["total"] == 1 || excluded(answer).is_some()
        });
        assert_eq!(answer["total"] == 1, is_seen, "{options}: {answer}");
        let is_excluded = excluded(&answer).is_some_and(|frames| frames > 0);
        assert_eq!(is_excluded, !is_seen, "{options}: {answer}");
    }
}

#[test]
fn asked_to_end_it_says_what_it_captured() {
    if !is_root() {
        return;
    }
    for signal in ["-INT", "-TERM", "-HUP"] {
        let node = Node::start("--node n-1");
        node.ask("flows");
        let (code, said) = node.end(signal);
        let last = said.lines().last().unwrap();
        assert_eq!(code, Some(0), "{said}");
        assert!(last.contains(" frames read: "), "{said}");
        assert!(
            said.contains("captures on node n-1: all interfaces"),
            "{said}"
        );
    }
}

/// A status file's fields, of every thread.
fn threads(node: &Node, field: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", node.id())).unwrap();
    let status = |task: fs::DirEntry| fs::read_to_string(task.path().join("status")).unwrap();
    let value = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.unwrap().trim_start_matches(':').trim().to_owned()
    };
    tasks.map(|task| value(status(task.unwrap()))).collect()
}

fn assert_confined(node: &Node) {
    node.ask("flows");
    for (field, expected) in [
        ("CapEff", "0000000000000000"),
        ("CapPrm", "0000000000000000"),
        ("CapInh", "0000000000000000"),
        ("CapAmb", "0000000000000000"),
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
    ] {
        let threads = threads(node, field);
        assert!(threads.len() > 2, "it has a reader and a server");
        assert!(
            threads.iter().all(|value| value == expected),
            "{field}: {threads:?}"
        );
    }
}

#[test]
fn no_thread_keeps_a_privilege() {
    if is_root() {
        assert_confined(&Node::start(""));
    }
}

#[test]
fn whoever_has_the_capability_of_the_file_captures_without_being_root() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = folder.path().join("pilotfish");
    fs::copy(BINARY, &binary).unwrap();
    let refused = as_nobody(&binary)
        .args(["live", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("CAP_NET_RAW"), "{said}");
    let set = Command::new("setcap")
        .arg("cap_net_raw=ep")
        .arg(&binary)
        .status();
    if !set.is_ok_and(|set| set.success()) {
        eprintln!(
            "skipped: no setcap, or no file capabilities on {}",
            folder.path().display()
        );
        return;
    }
    let node = Node::start_with(as_nobody(&binary), "");
    assert_confined(&node);
    assert_eq!(flows_soon(&node, transfer())["total"], 1);
}

#[test]
fn an_address_that_the_machine_is_given_later_is_its_own_from_then_on() {
    if !is_root() {
        return;
    }
    let Some(pod) = Pod::new("given") else {
        return;
    };
    let namespace = pod.namespace();
    let node = Node::start_with(namespace.binary(), "--node n-1");
    let node = node.asked_by(move || namespace.binary());
    pod.give_node(2);
    let kinds = |answer: &Value| {
        let flows = answer["flows"].as_array().unwrap().iter();
        let kind = |flow: &Value| flow["server"]["kind"].as_str().unwrap().to_owned();
        flows.map(kind).collect::<Vec<_>>()
    };
    let mut answer = Value::Null;
    for port in 7..17 {
        // The kernel's news are read each second, or later where there is much to do.
        thread::sleep(Duration::from_millis(1_500));
        for last in [1, 2] {
            pod.call_at(last, port);
        }
        answer = node.closed_flows(&format!("--port {port}"), 2);
        if kinds(&answer) == ["node", "node"] {
            return;
        }
    }
    panic!("it is not known as the node's: {answer}");
}

#[test]
fn a_pod_is_counted_at_its_own_interface_when_it_is_asked_for() {
    if !is_root() {
        return;
    }
    for (chosen, total) in [
        ("", 1),
        ("--namespace=shop --pod=cart-*", 1),
        ("--pod=front", 0),
    ] {
        let Some(pod) = Pod::new("choice") else {
            return;
        };
        let options = format!("--node n-1 --cluster {} {chosen}", pod.cluster().display());
        let namespace = pod.namespace();
        let node =
            Node::start_with(namespace.binary(), &options).asked_by(move || namespace.binary());
        pod.call(7);
        if total == 0 {
            // As long as it would take to be counted.
            thread::sleep(Duration::from_millis(1_200));
        }
        let answer = node.closed_flows("", total);
        assert_eq!(answer["total"], total, "{chosen}: {answer}");
        if total == 1 {
            let flow = &answer["flows"][0];
            assert_eq!(flow["client"]["pod"], "cart-1", "{chosen}: {answer}");
            assert_eq!(flow["client"]["kind"], "pod");
            assert_eq!(
                flow["client_stats"]["tx_pkts"], 1,
                "its SYN is not missed: {answer}"
            );
            assert_eq!(flow["observed"], "client", "by the pod's interface");
        }
    }
}

#[test]
fn an_interface_that_is_not_there_is_told_of_until_it_comes_and_is_captured_then() {
    if !is_root() {
        return;
    }
    let Some(pod) = Pod::new("later") else {
        return;
    };
    let namespace = pod.namespace();
    let node = Node::start_with(namespace.binary(), "--interface lo --interface later*");
    let node = node.asked_by(move || namespace.binary());
    let warnings = |node: &Node| node.ask("flows --port 7")["coverage"]["warnings"].clone();
    let unmet = "--interface later*: no interface of this node is called that, so nothing is \
                 captured of it until there is one; `ip link` lists them";
    assert_eq!(warnings(&node), serde_json::json!([unmet]));
    pod.rename_interface("later5");
    let warned = |answer: &Value| answer["coverage"]["warnings"] != serde_json::json!([]);
    let answer = node.ask_until("flows", |answer| !warned(answer));
    assert!(!warned(&answer), "{answer}");
    pod.call(7);
    let answer = node.closed_flows("--port 7", 1);
    assert_eq!(answer["total"], 1, "{answer}");
    let (_, said) = node.end("-INT");
    assert_eq!(said.matches(unmet).count(), 1, "at the start: {said}");
}

fn as_nobody(binary: &Path) -> Command {
    let mut command = Command::new("setpriv");
    let user = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")];
    command.args(user).arg("--clear-groups").arg(binary);
    command
}
