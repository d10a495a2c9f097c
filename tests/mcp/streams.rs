//! Standard streams: a client that begins in another way than it should, or ends early.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::server::command;

/// What is answered to some lines, in order, by a process that ends well when they end.
fn answers(lines: &[String]) -> Vec<Value> {
    let mut child = command(&["mcp", "captures/shop"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines.join("\n").as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A request as revision 2026-07-28 writes it.
fn request(id: u64, method: &str, mut params: Value) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

fn greeting(id: u64) -> String {
    let client = json!({"name": "test", "version": "1"});
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
    json!({"jsonrpc": "2.0", "id": id, "method": "initialize", "params": params}).to_string()
}

fn codes(answers: &[Value]) -> Vec<Option<i64>> {
    let code = |answer: &Value| answer["error"]["code"].as_i64();
    answers.iter().map(code).collect()
}

#[test]
fn a_line_that_is_no_message_is_answered_and_the_next_one_read() {
    let lines = [
        "hello".to_owned(),
        "[]".to_owned(),
        format!("\"{}\"", "x".repeat(300_000)),
        // Nothing that it could be about has begun.
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string(),
        String::new(),
        greeting(1),
        "hello again".to_owned(),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": 7}})
            .to_string(),
        json!({"jsonrpc": "2.0", "id": 3, "method": "nonesuch"}).to_string(),
    ];
    let answers = answers(&lines);
    assert_eq!(
        codes(&answers),
        [
            Some(-32_700),
            Some(-32_600),
            Some(-32_600),
            None,
            Some(-32_700),
            Some(-32_602),
            Some(-32_601),
        ],
        "{answers:?}"
    );
    assert_eq!(answers[3]["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(answers[5]["id"], 2);
}

#[test]
fn a_client_may_leave_once_it_knows_what_is_offered() {
    assert_eq!(answers(&[]), [json!(null); 0]);
    let answers = answers(&[request(1, "server/discover", json!({}))]);
    assert_eq!(codes(&answers), [None]);
    assert_eq!(answers[0]["id"], 1);
}

#[test]
fn the_last_line_needs_no_end() {
    let call = json!({"name": "get_l4_flow_summary", "arguments": {}});
    let answers = answers(&[request(7, "tools/call", call)]);
    let flows = &answers[0]["result"]["structuredContent"]["total_flows"];
    assert_eq!(*flows, 39, "{answers:?}");
}
