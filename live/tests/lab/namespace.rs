//! Network namespaces, and programs that run in them.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::{Command, Output};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Does something in a namespace. What is opened there stays there, so a thread that ends is enough.
pub(crate) fn inside<T: Send>(namespace: &str, act: impl FnOnce() -> T + Send) -> T {
    let file = File::open(format!("/var/run/netns/{namespace}")).unwrap();
    let acted = thread::scope(|scope| {
        let acting = scope.spawn(|| {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            act()
        });
        acting.join()
    });
    acted.unwrap()
}

/// Whether namespaces may be made; says so where they may not.
pub(crate) fn is_allowed() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("SKIPPED: needs root");
    }
    is_root
}

/// Runs a command and answers with what it printed.
pub(crate) fn run(command: &str) -> String {
    let output = output(command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command, however it ends.
pub(crate) fn output(command: &str) -> Output {
    let command = Command::new("sh").args(["-c", command]).output();
    command.unwrap()
}
