//! `pilotfish record` as a person starts it, ends it, and as a machine kills it.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::node::{BINARY, Waiting, is_root};
use crate::transfer;

fn start(folder: &Path, options: &str) -> Child {
    Command::new(BINARY)
        .arg("record")
        .arg("-o")
        .arg(folder)
        .args(options.split_whitespace())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A transfer that is recorded, and its port: one that came too early is followed by another.
fn recorded_transfer(folder: &Path) -> u16 {
    let waiting = Waiting::begin();
    while !waiting.is_too_long() {
        let port = transfer();
        for _ in 0..20 {
            thread::sleep(Duration::from_millis(100));
            let output = replay(folder, port);
            let answer: Option<Value> = serde_json::from_slice(&output.stdout).ok();
            if answer.is_some_and(|answer| answer["total"] == 1) {
                return port;
            }
        }
    }
    panic!("nothing is recorded in {}", folder.display());
}

fn end(mut child: Child, signal: &str) -> (Option<i32>, String) {
    let id = child.id().to_string();
    let kill = Command::new("kill").args([signal, &id]).status();
    assert!(kill.unwrap().success());
    let mut said = String::new();
    let stderr = child.stderr.as_mut().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

/// Asks for the flows to a port of a replay of a folder.
fn replay(folder: &Path, port: u16) -> Output {
    Command::new(BINARY)
        .arg("flows")
        .arg(folder)
        .args(["-o", "json", "--format", "full"])
        .args(["--port", &port.to_string()])
        .output()
        .unwrap()
}

/// The flows to a port, as a replay of a folder has them.
fn flows(folder: &Path, port: u16) -> Value {
    let output = replay(folder, port);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_interface_that_is_not_there_is_told_of() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let ended = start(folder.path(), "--interface nope0 --duration 1s").wait_with_output();
    let said = String::from_utf8(ended.unwrap().stderr).unwrap();
    let unmet = "--interface nope0: no interface of this node is called that";
    assert_eq!(said.matches(unmet).count(), 2, "first and last: {said}");
}

#[test]
fn what_was_recorded_until_a_signal_or_a_kill_is_replayed() {
    if !is_root() {
        return;
    }
    for (signal, code) in [("-INT", Some(0)), ("-TERM", Some(0)), ("-KILL", None)] {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("recording");
        let child = start(&folder, "");
        let port = recorded_transfer(&folder);
        let (ended, said) = end(child, signal);
        assert_eq!(ended, code, "{said}");
        let is_said = said.contains("try: pilotfish flows ");
        assert_eq!(is_said, code.is_some(), "{said}");
        let answer = flows(&folder, port);
        assert_eq!(answer["total"], 1, "{signal}: {answer}");
        assert_eq!(answer["coverage"]["truncated_records"], 0);
        // Without a cluster, the machine itself is known.
        assert_eq!(answer["flows"][0]["server"]["kind"], "node", "{answer}");
    }
}

#[test]
fn it_ends_by_itself_and_takes_no_folder_that_has_something_in_it() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let ended = start(folder.path(), "--duration 1s").wait_with_output();
    assert!(ended.unwrap().status.success());
    let files = fs::read_dir(folder.path()).unwrap().count();
    let refused = start(folder.path(), "--duration 1s")
        .wait_with_output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains("not empty, expected a folder that is new or empty"),
        "{said}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), files);
}
