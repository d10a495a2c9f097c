//! How much of a model's context tools take.

use serde_json::{Value, json};

use crate::server::Server;

/// All tools with their schemas may be this long, in octets: a client may tell a model all of it.
const TOOLS_MAX: usize = 42_000;
/// What they take, without what they answer: nearly every client tells a model that.
const INPUTS_MAX: usize = 24_000;

#[test]
fn the_list_of_tools_is_short() {
    let server = Server::of_shop();
    let headers = [
        "Content-Type: application/json",
        "MCP-Protocol-Version: 2025-11-25",
    ];
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let (_, answer) = server.post("/mcp", &headers, &body);
    let tools = answer["result"]["tools"].as_array().unwrap();
    let whole: usize = tools.iter().map(|tool| tool.to_string().len()).sum();
    let inputs: usize = tools
        .iter()
        .map(|tool| tool["inputSchema"].to_string().len() + tool["description"].to_string().len())
        .sum();
    assert!(whole <= TOOLS_MAX, "{whole} octets");
    assert!(inputs <= INPUTS_MAX, "{inputs} octets");
}

/// What the edges of an answer count, on the side with more where there are two.
fn bytes(edges: &Value) -> u64 {
    let edges = edges.as_array().unwrap().iter();
    let of = |edge: &Value| edge["bytes"].as_u64();
    edges
        .map(|edge| {
            let sides = [of(edge), of(&edge["a"]), of(&edge["b"])];
            sides.into_iter().flatten().max().unwrap()
        })
        .sum()
}

#[test]
fn a_graph_that_does_not_fit_is_one_of_namespaces() {
    let server = Server::of_shop();
    for tool in ["get_dependencies", "diff_flows"] {
        let long = json!({"max_tokens": 100_000, "limit": 10_000});
        let whole = server.call(tool, &long);
        assert_eq!(whole["rows_are"], "workload", "{tool}");
        // A limit asks for so many edges; without one, most of the graph must be told.
        let few = json!({"max_tokens": 100_000, "limit": 3});
        let few = server.call(tool, &few);
        assert_eq!(
            (&few["rows_are"], &few["shown"]),
            (&json!("workload"), &json!(3))
        );
        let rest = few["remainder"]["bytes"].as_u64().unwrap();
        assert_eq!(
            bytes(&few["edges"]) + rest,
            bytes(&whole["edges"]),
            "{tool}"
        );
        assert!(few["cursor"].is_string());
    }
    let short = json!({"max_tokens": 2_000});
    let short = server.call("get_dependencies", &short);
    assert_eq!(short["rows_are"], "namespace");
    let hint = short["hints"][0].as_str().unwrap();
    assert!(hint.contains("edges of namespaces"), "{hint}");
}

#[test]
fn a_graph_around_somebody_stays_at_the_level_that_knows_them() {
    let server = Server::of_shop();
    for of in ["frontend", "shop/checkout", "kube-system/coredns"] {
        let answer = server.call("get_dependencies", &json!({"of": of, "max_tokens": 2_000}));
        assert_eq!(answer["rows_are"], "workload", "{of}: {answer}");
    }
    let coredns = json!({"of": "coredns", "direction": "upstream", "max_tokens": 2_000});
    let coredns = server.call("get_dependencies", &coredns);
    assert!(coredns["cursor"].is_string(), "{coredns}");
}

#[test]
fn a_drawing_that_does_not_fit_has_its_largest_edges_and_a_cursor() {
    let server = Server::of_shop();
    let asked = json!({"format": "mermaid", "level": "pod", "max_tokens": 2_000, "limit": 200});
    let drawn = server.call("get_dependencies", &asked);
    assert!(drawn.to_string().len() <= 6_000);
    let edges = |text: &Value| text.as_str().unwrap().matches("-->").count() as u64;
    assert_eq!(edges(&drawn["diagram"]), drawn["shown"].as_u64().unwrap());
    assert!(drawn.get("edges").is_none() && drawn.get("nodes").is_none());
    let total = drawn["total"].as_u64().unwrap();
    let shown = drawn["shown"].as_u64().unwrap();
    assert_eq!(drawn["truncated"], json!(shown < total));
}
