//! No query string breaks the server.

use std::io::Write;
use std::net::TcpStream;

use analyzer::query::Operation;
use analyzer::query::parameter::parameters;
use proptest::prelude::*;
use proptest::sample::select;

use crate::client::{Reply, Server, request};

fn status(server: &Server, target: &[u8]) -> u16 {
    let mut stream: TcpStream = server.connect();
    let octets = [
        b"GET ",
        target,
        b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ];
    stream.write_all(&octets.concat()).unwrap();
    Reply::read(&mut stream).status
}

/// Octets that do not end the request's line.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let octet = any::<u8>().prop_filter("ends the target", |octet| !b" \r\n".contains(octet));
    prop::collection::vec(octet, 0..200)
}

/// Strings of a name that exists and a value near to what it takes.
fn nearly_right() -> impl Strategy<Value = (Operation, String)> {
    let value = select(vec![
        "tcp",
        "udp",
        "80",
        "0",
        "65536",
        "-1",
        "10.0.0.0/8",
        "::/0",
        "10.0.0.0/33",
        "shop",
        "%2a",
        "!shop,!",
        ",",
        "*%2a*a*",
        "active",
        "10ms",
        "1e9h",
        "0s",
        "5m",
        "namespace",
        "bytes",
        "full",
        "1795341600",
        "2026-11-22T10:00:00Z",
        "18446744073709551616",
        "",
    ]);
    let pair = move |operation| {
        let names = parameters(operation)
            .into_iter()
            .map(|p| p.name)
            .collect::<Vec<_>>();
        (select(names), value.clone()).prop_map(|(name, value)| format!("{name}={value}"))
    };
    select(Operation::ALL.to_vec()).prop_flat_map(move |operation| {
        let pairs = prop::collection::vec(pair(operation), 0..5);
        pairs.prop_map(move |pairs| (operation, pairs.join("&")))
    })
}

#[test]
fn any_octets_are_answered_or_refused() {
    let server = Server::ready();
    proptest!(|(query in octets())| {
        for operation in Operation::ALL {
            let target = [operation.path().as_bytes(), b"?", &query].concat();
            let status = status(&server, &target);
            prop_assert!(matches!(status, 200 | 400), "{status}");
        }
    });
}

#[test]
fn any_parameters_are_answered_or_refused() {
    let server = Server::ready();
    proptest!(|((operation, query) in nearly_right())| {
        let reply = server.get(&format!("{}?{query}", operation.path()));
        prop_assert!(matches!(reply.status, 200 | 400), "{}", reply.line());
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        prop_assert_eq!(body["error"].is_string(), reply.status == 400);
    });
}

#[test]
fn any_request_line_is_answered_or_refused() {
    let server = Server::ready();
    proptest!(|(line in "[ -~]{0,60}")| {
        let mut stream = server.connect();
        stream.write_all(&request(&line, &["Host: localhost"])).unwrap();
        let Reply { status, .. } = Reply::read(&mut stream);
        prop_assert!((200..500).contains(&status), "{status}");
    });
}
