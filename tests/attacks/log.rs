//! What requests leave in the log: a line each that no request can forge, and never a token.

use analyzer::name::seen;
use serde_json::Value;

use crate::server::{Server, TOKEN, allowed};

#[test]
fn a_line_of_the_log_is_no_one_s_to_forge_and_holds_no_token() {
    let server = Server::of_shop("log");
    let wrong = TOKEN.to_uppercase();
    server.get(&format!("/mcp/flows?limit=2&token={TOKEN}&ns=shop"));
    server.get("/mcp/flows?limit=2&ns=%0a%7b%22forged%22%3atrue%7d%1b%5b2J%e2%80%ae");
    server.get(&format!("/{TOKEN}"));
    server.send(
        "GET",
        "/",
        &format!("Host: localhost\r\nAuthorization: Bearer {wrong}"),
        "",
    );
    server.send(
        "GET",
        "/",
        &format!("{}\r\nOrigin: http://a\u{1b}[2J", allowed()),
        "",
    );
    let call = "{\"name\":\"list_l4_flows\",\"arguments\":{\"ns\":\"shop\",\"limit\":3}}";
    server.send("POST", "/api/mcp/tools/call", &allowed(), call);
    server.get("/mcp/flows/summary");
    let said = server.said_with("\"/mcp/flows/summary\"");
    for line in &said {
        let parsed: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(parsed["forged"], Value::Null, "{line}");
        assert_eq!(seen(line), line.as_str());
        assert!(
            !line.contains(&TOKEN[..16]) && !line.contains(&wrong[..16]),
            "{line}"
        );
    }
    let line = |part: &str| {
        let found = said.iter().find(|line| line.contains(part));
        serde_json::from_str::<Value>(found.unwrap()).unwrap()
    };
    let call = line("\"list_l4_flows\"");
    assert_eq!(call["parameters"], "limit=3&ns=\"shop\"");
    assert_eq!(
        (&call["outcome"], &call["rows"]),
        (&"answered".into(), &3.into())
    );
    let asked = line("\"/mcp/flows/summary\"");
    assert_eq!(
        (&asked["status"], &asked["rows"], &asked["method"]),
        (&200.into(), &1.into(), &"GET".into())
    );
    assert!(asked["ms"].as_f64().unwrap() > 0.0);
    let refused = line("another token");
    assert_eq!(refused["status"], 401);
}
