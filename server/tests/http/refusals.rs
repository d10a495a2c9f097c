//! Requests that are not answered, and what they get instead.

use crate::client::{Reply, Server};

fn refusals(requests: &[(&str, &[&str])]) -> String {
    let server = Server::ready();
    let line = |(line, headers): &(&str, &[&str])| {
        let mut all = vec!["Host: localhost"];
        all.extend(*headers);
        format!("{line}\n  {}\n", server.send(line, &all).line())
    };
    requests.iter().map(line).collect()
}

fn gets(targets: &[&str]) -> String {
    let server = Server::ready();
    let line = |target: &&str| format!("{target}\n  {}\n", server.get(target).line());
    targets.iter().map(line).collect()
}

#[test]
fn a_wrong_parameter_is_named_with_what_was_expected() {
    insta::assert_snapshot!(gets(&[
        "/mcp/flows?limit=0",
        "/mcp/flows?limit=10001",
        "/mcp/flows?limit=all",
        "/mcp/flows?namespace=shop",
        "/mcp/flows?ns=shop&ns=payments",
        "/mcp/flows?ip=10.0.0.0%2F33",
        "/mcp/flows?format=raw",
        "/mcp/flows/summary?limit=5",
        "/mcp/connections?aggregate=pod",
        "/mcp/flows?ns",
        "/mcp/flows?%20ns=shop",
        "/mcp/flows?ns=%zz",
        "/mcp/flows?ns=%ff",
        "/mcp/flows?=shop",
    ]));
}

#[test]
fn a_path_that_is_not_there_says_what_is() {
    insta::assert_snapshot!(gets(&[
        "/mcp/flow",
        "/mcp/flows/",
        "/MCP/flows",
        "/health",
        "/favicon.ico",
        "//",
        "/%ff",
    ]));
}

#[test]
fn a_method_or_body_that_is_not_expected_is_refused() {
    insta::assert_snapshot!(refusals(&[
        ("POST /mcp/flows HTTP/1.1", &["Content-Length: 2"]),
        ("DELETE /healthz HTTP/1.1", &[]),
        ("OPTIONS /mcp/flows HTTP/1.1", &[]),
        ("GET /mcp/flows HTTP/1.1", &["Content-Length: 2"]),
        ("GET /readyz HTTP/1.1", &["Transfer-Encoding: chunked"]),
        ("POST /nowhere HTTP/1.1", &["Content-Length: 2"]),
    ]));
}

#[test]
fn a_method_that_is_not_expected_gets_those_that_are() {
    let reply = Server::ready().send("PUT /mcp/flows HTTP/1.1", &["Host: localhost"]);
    assert_eq!(reply.header("allow"), Some("GET,HEAD"));
}

#[test]
fn a_query_string_has_a_longest_length() {
    let server = Server::ready();
    let fits = format!("/mcp/flows?ns={}", "x".repeat(8 * 1024 - 3));
    assert_eq!(server.get(&fits).status, 200);
    let refused = server.get(&format!("{fits}x"));
    insta::assert_snapshot!(refused.line(), @r#"414 {"error":"query string: 8193 octets are too many, expected at most 8192"}"#);
}

#[test]
fn a_head_without_end_is_cut() {
    let server = Server::ready();
    let long = format!("X-Long: {}", "x".repeat(128 * 1024));
    let Reply { status, .. } = server.send("GET /healthz HTTP/1.1", &["Host: localhost", &long]);
    assert_eq!(status, 431);
}
