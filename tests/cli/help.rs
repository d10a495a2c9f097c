//! What the binary says of itself.

use crate::run::{assert_accepted, command, outcome, transcript};

#[test]
fn every_command_teaches() {
    let cases = [
        ("help", "--help"),
        ("help__replay", "replay --help"),
        #[cfg(target_os = "linux")]
        ("help__live", "live --help"),
        #[cfg(target_os = "linux")]
        ("help__record", "record --help"),
        ("help__top", "top --help"),
        ("help__flows", "flows --help"),
        ("help__flows_short", "flows -h"),
        ("help__summary", "summary --help"),
        ("help__connections", "connections --help"),
        ("help__workloads", "workloads --help"),
        ("help__dependencies", "dependencies --help"),
        ("help__diff", "diff --help"),
        ("help__verify", "verify --help"),
        ("help__assert", "assert --help"),
        ("help__completions", "completions --help"),
    ];
    for (name, arguments) in cases {
        assert_accepted(name, &transcript(arguments));
    }
}

#[test]
fn called_alone_it_prints_its_help() {
    let (alone, asked) = (outcome(command("")), outcome(command("--help")));
    assert!(alone.status.success());
    assert_eq!(alone.stdout, asked.stdout);
}

#[test]
fn help_is_also_a_command() {
    for (command_line, option) in [
        ("help", "--help"),
        ("help flows", "flows --help"),
        ("help replay", "replay --help"),
    ] {
        let (asked, help) = (outcome(command(command_line)), outcome(command(option)));
        assert!(asked.status.success(), "{}", asked.stderr);
        assert_eq!(asked.stdout, help.stdout, "{command_line}");
    }
}

#[test]
fn the_version_is_the_package_s() {
    let version = outcome(command("--version"));
    let expected = concat!("pilotfish ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(version.stdout, expected);
}

#[test]
fn every_shell_gets_completions_of_every_option() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = outcome(command(&format!("completions {shell}")));
        assert!(outcome.status.success(), "{shell}");
        assert!(outcome.stderr.is_empty(), "{shell}: {}", outcome.stderr);
        for option in ["client-ip", "max-connections", "listen"] {
            assert!(outcome.stdout.contains(option), "{shell}: {option}");
        }
    }
}

#[test]
fn clients_get_entries_for_what_is_named_or_else_for_a_server_here() {
    let printed = |arguments| {
        let outcome = outcome(command(arguments));
        assert_eq!(outcome.status.code(), Some(0), "{}", outcome.stderr);
        outcome.stdout
    };
    let url = "\"url\": \"http://127.0.0.1:8898/mcp\"";
    let here = printed("mcp --print-config");
    assert_eq!(here.matches(url).count(), 2, "{here}");
    let captures = printed("mcp captures/shop --print-config");
    assert!(!captures.contains("\"url\""), "{captures}");
    assert_eq!(
        captures.matches("/captures/shop\"").count(),
        2,
        "{captures}"
    );
}
