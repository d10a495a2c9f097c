//! The analyzer reads no clock, does no input or output, starts no thread, draws no random number.

use crate::code::{paths, shipped};
use crate::tree;

/// Paths that begin with one of these reach out of the engine.
const OUTSIDE: [&str; 9] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::os",
    "std::process",
    "std::thread",
    "rand",
    "rayon",
    "tokio",
];

/// Names that do so wherever they stand in a path, so that an import under another path is found.
const ANYWHERE: [&str; 7] = [
    "Instant",
    "SystemTime",
    "RandomState",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
];

fn outside(text: &str) -> Vec<String> {
    let mut found = paths(&shipped(text));
    found.retain(|path| {
        let names: Vec<&str> = path.split("::").collect();
        let begins = |root: &str| {
            names.len() > 1
                && names
                    .iter()
                    .zip(root.split("::"))
                    .all(|(name, of)| *name == of)
        };
        let reads_a_clock = names.len() > 1 && names.last() == Some(&"now");
        OUTSIDE.iter().any(|root| begins(root))
            || names.iter().any(|name| ANYWHERE.contains(name))
            || reads_a_clock
    });
    found
}

#[test]
fn what_reaches_out_of_the_engine_is_found() {
    for wrong in [
        "use std::fs;",
        "use std::{fmt, fs::File};",
        "let text = std::fs::read(path)?;",
        "use std::time::Instant;",
        "use std::time; fn f() { time::SystemTime::UNIX_EPOCH; }",
        "use std::net::{IpAddr, TcpStream};",
        "std::thread::spawn(f);",
        "let at = jiff::Timestamp::now();",
        "let n: u64 = rand::random();",
    ] {
        assert_eq!(outside(wrong).len(), 1, "{wrong}: {:?}", outside(wrong));
    }
    for right in [
        "use std::net::{IpAddr, Ipv4Addr};",
        "use std::time::Duration;",
        "fn expire(now: Timestamp) { later(now) }",
        "// std::fs",
    ] {
        assert!(outside(right).is_empty(), "{right}");
    }
}

#[test]
fn the_engine_does_not_reach_out() {
    let mut wrong = Vec::new();
    for file in tree::files()
        .iter()
        .filter(|file| file.path.starts_with("analyzer/src/"))
    {
        let found = outside(&file.text().unwrap());
        wrong.extend(found.iter().map(|path| format!("{}: {path}", file.path)));
    }
    assert_eq!(wrong, [""; 0]);
}
