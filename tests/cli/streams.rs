//! Pipes in and out, and interrupts.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use crate::files;
use crate::run::{command, command_in, outcome, outcome_with, wait};

#[test]
fn a_pipe_gives_what_the_file_gives() {
    let file = outcome(command("flows captures/shop/shop.pcap -o csv"));
    let pipe = outcome_with(command("flows - -o csv"), &files::shop());
    assert!(pipe.status.success(), "{}", pipe.stderr);
    assert!(file.stdout.lines().count() > 30);
    assert_eq!(pipe.stdout, file.stdout);
}

#[test]
fn the_cluster_s_objects_may_be_piped() {
    let folder = files::folder("piped-cluster");
    std::fs::write(folder.join("shop.pcap"), files::shop()).unwrap();
    let objects = std::fs::read("captures/shop/cluster.yaml").unwrap();
    std::fs::write(folder.join("cluster.yaml"), &objects).unwrap();
    let flows = |cluster| format!("flows shop.pcap -o csv --cluster {cluster}");
    let file = outcome(command_in(&folder, &flows("cluster.yaml")));
    let again = [&flows("-"), " --cluster cluster.yaml --cluster -"].concat();
    for arguments in [flows("-"), again] {
        let pipe = outcome_with(command_in(&folder, &arguments), &objects);
        assert!(pipe.status.success(), "{}", pipe.stderr);
        assert!(pipe.stdout.contains("frontend"));
        assert_eq!(
            (pipe.stdout, pipe.stderr),
            (file.stdout.clone(), file.stderr.clone())
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = command("connections captures/shop -o jsonl")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::with_capacity(64, child.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    drop(stdout);
    assert!(first.starts_with('{'), "{first}");
    assert_eq!(wait(&mut child).code(), Some(0));
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(said, "");
}

/// A shell shows such an end as 130.
#[cfg(unix)]
#[test]
fn an_interrupted_read_ends_at_once_without_an_answer() {
    use std::os::unix::process::ExitStatusExt;

    let mut child = command("flows -")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&files::shop()).unwrap();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let status = wait(&mut child);
    assert_eq!(status.signal(), Some(2), "{status}");
    let mut printed = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut printed)
        .unwrap();
    assert_eq!(printed, "");
    drop(stdin);
}
