//! What a monitoring system reads.

use crate::client::Server;

fn figures(server: &Server) -> String {
    let reply = server.get("/metrics");
    let kind = reply.header("content-type");
    assert_eq!(kind, Some("text/plain; version=0.0.4; charset=utf-8"));
    reply.text()
}

/// The value of a figure.
fn value(text: &str, figure: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(figure));
    let value = line.unwrap_or_else(|| panic!("{figure} is there: {text}"));
    value.trim().parse().unwrap()
}

#[test]
fn what_was_counted_is_told() {
    insta::assert_snapshot!(figures(&Server::ready()));
}

#[test]
fn outcomes_of_frames_add_up() {
    let text = figures(&Server::ready());
    let outcomes = text
        .lines()
        .filter(|line| line.starts_with("pilotfish_frames{"));
    let sum: f64 = outcomes
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum();
    assert!(
        (sum - value(&text, "pilotfish_frames_total ")).abs() < 0.5,
        "{text}"
    );
}

#[test]
fn requests_are_counted_by_route_and_never_by_what_a_client_makes_up() {
    let server = Server::ready();
    for path in ["/mcp/flows", "/mcp/flows?limit=0", "/nowhere", "/elsewhere"] {
        server.get(path);
    }
    server.send("BREW /mcp/flows HTTP/1.1", &["Host: localhost"]);
    let text = figures(&server);
    for (labels, n) in [
        (r#"route="/mcp/flows",method="GET",status="200""#, 1.0),
        (r#"route="/mcp/flows",method="GET",status="400""#, 1.0),
        (r#"route="/mcp/flows",method="other",status="405""#, 1.0),
        (r#"route="other",method="GET",status="404""#, 2.0),
    ] {
        let figure = format!("pilotfish_http_requests_total{{{labels}}} ");
        assert!((value(&text, &figure) - n).abs() < 0.5, "{labels}: {text}");
    }
    assert!(!text.contains("where") && !text.contains("BREW"), "{text}");
    let seconds = "pilotfish_http_request_duration_seconds";
    let all = format!("{seconds}_bucket{{route=\"/mcp/flows\",le=\"+Inf\"}} ");
    let count = format!("{seconds}_count{{route=\"/mcp/flows\"}} ");
    assert!((value(&text, &all) - 3.0).abs() < 0.5, "{text}");
    assert!((value(&text, &count) - 3.0).abs() < 0.5, "{text}");
}
