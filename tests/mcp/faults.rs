//! Messages that are none, over HTTP: the status, and the error in the form of the protocol.

use serde_json::{Value, json};

use crate::server::Server;

const JSON: &str = "Content-Type: application/json";

/// What is answered to a body.
fn answer(server: &Server, headers: &[&str], body: &str) -> (u16, Value, Value) {
    let (status, mut answer) = server.post("/mcp", headers, body);
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(!message.is_empty());
    (status, answer["id"].take(), answer["error"]["code"].take())
}

#[test]
fn what_is_no_message_is_refused_in_the_form_of_the_protocol() {
    let server = Server::of_shop();
    let long = format!("\"{}\"", "x".repeat(300_000));
    let accept_html = ["Accept: text/html", JSON];
    let malformed = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":5}}"#;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let cases: [(&[&str], &str, u16, Value, i64); 7] = [
        (&[JSON], "hello", 400, Value::Null, -32_700),
        (&[JSON], "{\"jsonrpc\":", 400, Value::Null, -32_700),
        (&[JSON], "[]", 400, Value::Null, -32_600),
        (&[JSON], malformed, 200, json!("a"), -32_602),
        (&[JSON], &long, 413, Value::Null, -32_600),
        (
            &["Content-Type: text/plain"],
            ping,
            415,
            Value::Null,
            -32_600,
        ),
        (&accept_html, ping, 406, Value::Null, -32_600),
    ];
    for (headers, body, status, id, code) in cases {
        let shown = &body[..body.len().min(80)];
        assert_eq!(
            answer(&server, headers, body),
            (status, id, json!(code)),
            "{shown}"
        );
    }
}

#[test]
fn what_is_wrong_is_said() {
    let server = Server::of_shop();
    let (_, answer) = server.post("/mcp", &[JSON], "{\"jsonrpc\": 2.0,");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("line 1 column 16"), "{message}");
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#;
    let (_, answer) = server.post("/mcp", &[JSON], body);
    let message = answer["error"]["message"].as_str().unwrap();
    assert_eq!(message, "params of tools/call: missing field `name`");
}

#[test]
fn an_argument_by_another_name_is_known() {
    let server = Server::of_shop();
    for (given, meant) in [
        ("server_port", "port"),
        ("dst_port", "port"),
        ("dst_filter", "server_svc"),
    ] {
        let body = json!({"name": "list_l4_flows", "arguments": {given: "80"}}).to_string();
        let (status, answer) = server.post("/api/mcp/tools/call", &[], &body);
        let error = format!("{given}: unknown parameter, did you mean {meant}?");
        assert_eq!((status, answer["error"].as_str()), (400, Some(&*error)));
    }
}
