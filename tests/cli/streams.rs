//! Pipes in and out, and interrupts.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::files;
use crate::run::{Outcome, assert_accepted, command, command_in, outcome, outcome_with, wait};

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

#[test]
fn what_was_found_is_told_by_the_exit_code_when_nobody_reads() {
    let unread = |arguments: &str| {
        let (reader, out) = std::io::pipe().unwrap();
        drop(reader);
        let (mut command, error) = (command(arguments), out.try_clone().unwrap());
        command.stdout(out).stderr(error).status().unwrap().code()
    };
    let rules = files::folder("rules-nobody-keeps").join("rules.yaml");
    let rule = "rules: [{name: none, forbid: 'server.port == 6379'}]";
    std::fs::write(&rules, rule).unwrap();
    let broken = format!("assert captures/shop --rules {}", rules.display());
    for (arguments, code) in [
        ("diff captures/shop captures/refused", 1),
        (broken.as_str(), 1),
        ("verify captures/shop", 0),
        ("flows captures/shop", 0),
        ("flows captures/shop --lmit 3", 2),
        ("flows captures/none", 2),
    ] {
        assert_eq!(unread(arguments), Some(code), "{arguments}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_named() {
    for form in ["table", "json", "csv"] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut command = command(&format!("flows captures/shop -o {form}"));
        command.stdout(full.unwrap());
        let outcome = command.output().unwrap();
        let said = String::from_utf8(outcome.stderr).unwrap();
        assert_eq!(outcome.status.code(), Some(2), "{said}");
        let expected = "pilotfish: error: standard output: No space left on device";
        assert!(said.starts_with(expected), "{form}: {said}");
    }
}

/// Waits until a process has taken its signals, or has ended: of two that wait it would see one.
/// Where there is no such file, it had the time it got.
#[cfg(unix)]
fn wait_until_taken(process: u32) {
    let field = |status: &str, name| -> Option<String> {
        let value = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(value.trim().to_owned())
    };
    let waits = || {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let is_over = field(&status, "State:")?.starts_with('Z');
        let pending = u64::from_str_radix(&field(&status, "ShdPnd:")?, 16).unwrap();
        Some(!is_over && pending != 0)
    };
    while waits() == Some(true) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A command that reads a pipe that stays open, and is interrupted.
#[cfg(unix)]
fn interrupted(arguments: &str, input: &[u8], times: usize) -> Outcome {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // All but what the pipe itself holds is read when this returns.
    stdin.write_all(input).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    for _ in 0..times {
        let kill = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        std::thread::sleep(Duration::from_millis(100));
        wait_until_taken(child.id());
    }
    let status = wait(&mut child);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Outcome {
        status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_pipe_is_answered_as_far_as_it_came() {
    let outcome = interrupted("flows - --limit 2", &files::shop(), 1);
    assert_accepted(
        "flows__interrupted",
        &outcome.transcript("flows - --limit 2"),
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_pipe_that_brought_nothing_is_an_error() {
    let outcome = interrupted("flows -", b"", 1);
    assert_eq!(outcome.status.code(), Some(2));
    assert_eq!(
        outcome.stderr,
        "pilotfish: error: -: interrupted before a capture came, expected pcap or pcapng\n"
    );
}

#[cfg(unix)]
#[test]
fn the_second_interrupt_ends_it_at_once() {
    let outcome = interrupted("flows -", &files::shop(), 2);
    assert_eq!(outcome.status.code(), Some(130));
    assert_eq!(outcome.stdout, "");
}

/// Whether interrupts are ignored here, as by what a script runs in the background: every process
/// that is started from here ignores them too, as long as it says nothing else.
#[cfg(unix)]
fn ignores_interrupts() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 << 1 != 0)
}

/// A shell shows such an end as 130.
#[cfg(unix)]
#[test]
fn an_interrupted_read_of_a_file_ends_at_once_without_an_answer() {
    use std::os::unix::process::ExitStatusExt;

    if ignores_interrupts() {
        // Past what captures the output of tests.
        let line = b"SKIPPED: interrupts are ignored here, their default was not tested\n";
        return std::io::stderr().write_all(line).unwrap();
    }
    let outcome = interrupted("flows /dev/stdin", &files::shop(), 1);
    assert_eq!(outcome.status.signal(), Some(2), "{}", outcome.status);
    assert_eq!(outcome.stdout, "");
}
