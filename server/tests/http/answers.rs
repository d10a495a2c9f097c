//! What the endpoints answer.

use std::io::Read;

use analyzer::query::parameter::parameters;
use analyzer::query::parse::RowLimit;
use analyzer::query::view::{ConnectionsView, FlowsView, SummaryView};
use analyzer::query::{self, Operation, Query};
use flate2::read::GzDecoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{Reply, Server};
use crate::traffic;

/// The answer's JSON, indented, in the order in which it was served.
fn indented<V: DeserializeOwned + Serialize>(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let view: V = serde_json::from_slice(&reply.body).unwrap();
    let compact = serde_json::to_string(&view).unwrap() + "\n";
    assert_eq!(reply.text(), compact, "compact JSON and a line feed");
    serde_json::to_string_pretty(&view).unwrap()
}

#[test]
fn flows_are_served_as_documented() {
    let reply = Server::ready().get("/mcp/flows?ns=payments&l4proto=tcp&limit=100");
    insta::assert_snapshot!(indented::<FlowsView>(&reply));
}

#[test]
fn full_flows_tell_all() {
    let reply = Server::ready().get("/mcp/flows?format=full&server_kind=external");
    insta::assert_snapshot!(indented::<FlowsView>(&reply));
}

#[test]
fn rows_are_merged_at_a_level() {
    let reply = Server::ready().get("/mcp/flows?aggregate=namespace&limit=1");
    insta::assert_snapshot!(indented::<FlowsView>(&reply));
}

#[test]
fn the_summary_is_served() {
    let reply = Server::ready().get("/mcp/flows/summary");
    insta::assert_snapshot!(indented::<SummaryView>(&reply));
}

#[test]
fn connections_are_served() {
    let reply = Server::ready().get("/mcp/connections?client_port=40000");
    insta::assert_snapshot!(indented::<ConnectionsView>(&reply));
}

#[test]
fn the_index_lists_every_endpoint_and_parameter() {
    let reply = Server::ready().get("/");
    let index: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let endpoints = index["endpoints"].as_array().unwrap();
    for operation in Operation::ALL {
        let endpoint = endpoints.iter().find(|e| e["path"] == operation.path());
        let listed = endpoint.unwrap()["parameters"].as_array().unwrap();
        let known: Vec<_> = parameters(operation)
            .into_iter()
            .map(|p| serde_json::json!({"name": p.name, "value": p.value, "help": p.help}))
            .collect();
        assert_eq!(*listed, known);
    }
    let line = |e: &serde_json::Value| format!("{} {}", e["path"], e["about"]);
    let lines: Vec<_> = endpoints.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    "/mcp/flows" "Show who talks to whom: flows, or what they add up to at a level, the largest first"
    "/mcp/flows/summary" "Show totals, the busiest pairs and the namespaces"
    "/mcp/connections" "Show single connections: times, state, flags, counters"
    "/mcp/workloads" "Show what there is, active and idle: one row a pod, workload, service, namespace or node"
    "/mcp/dependencies" "Show who depends on whom, as a graph: of one workload, or of all"
    "/mcp/diff" "Show what is different between two windows, by workload: new and gone dependencies, and changed volume, rate, handshake time and share of failed connections"
    "/" "this list"
    "/openapi.json" "the endpoints for programs: an OpenAPI document"
    "/mcp" "POST: the Model Context Protocol; GET: what it offers"
    "/api/mcp" "the tools, as Kubeshark's client asks for them"
    "/api/mcp/tools/call" "POST: calls a tool, `{\"name\": …, \"arguments\": …}`"
    "/healthz" "`ok` while the server runs"
    "/readyz" "`ok` once everything was read, 503 until then"
    "/metrics" "what was counted, as Prometheus reads it"
    "#);
}

#[test]
fn a_body_is_what_write_body_writes() {
    let (server, snapshot) = (Server::ready(), traffic::whole());
    for operation in Operation::ALL {
        let query = Query::parse(operation, [("ns", "shop")], RowLimit::Bounded).unwrap();
        let mut body = Vec::new();
        server::write_body(
            &mut body,
            &query::run(&snapshot, operation, &query).unwrap(),
        )
        .unwrap();
        let reply = server.get(&format!("{}?ns=shop", operation.path()));
        assert_eq!(reply.text(), String::from_utf8(body).unwrap());
    }
}

#[test]
fn every_response_says_what_it_is_and_is_kept_by_nobody() {
    let server = Server::ready();
    for (target, kind) in [
        ("/", "application/json"),
        ("/healthz", "text/plain; charset=utf-8"),
        ("/readyz", "text/plain; charset=utf-8"),
        ("/mcp/flows", "application/json"),
        ("/mcp/flows?limit=0", "application/json"),
        ("/nowhere", "application/json"),
    ] {
        let reply = server.get(target);
        assert_eq!(reply.header("content-type"), Some(kind), "{target}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{target}");
        let sniffing = reply.header("x-content-type-options");
        assert_eq!(sniffing, Some("nosniff"), "{target}");
        let embedding = reply.header("cross-origin-resource-policy");
        assert_eq!(embedding, Some("same-origin"), "{target}");
    }
}

#[test]
fn a_head_request_gets_the_headers_alone() {
    let server = Server::ready();
    for target in [
        "/mcp/flows",
        "/healthz",
        "/",
        "/mcp/flows?limit=0",
        "/nowhere",
    ] {
        let get = server.get(target);
        let head = server.send(&format!("HEAD {target} HTTP/1.1"), &["Host: localhost"]);
        assert_eq!(head.status, get.status, "{target}");
        assert_eq!(head.body, b"", "{target}");
        for name in ["content-type", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{target} {name}");
        }
    }
}

#[test]
fn answers_are_compressed_for_who_can_read_it() {
    let server = Server::ready();
    let plain = server.get("/mcp/flows");
    assert_eq!(plain.header("content-encoding"), None);
    // HTTP/1.0 knows no chunks, so the body is the compressed octets alone.
    let packed = server.send(
        "GET /mcp/flows HTTP/1.0",
        &["Host: localhost", "Accept-Encoding: br, gzip"],
    );
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("vary"), Some("accept-encoding"));
    assert!(packed.body.len() < plain.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.body.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, plain.body);
}

#[test]
fn a_connection_serves_one_request_after_another() {
    use std::io::Write;
    let server = Server::ready();
    let mut stream = server.connect();
    stream
        .write_all(b"HEAD /mcp/flows HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "{text}");
    assert!(text.ends_with("\r\n\r\nok\n"), "{text}");
}
