//! Requests that nobody means well with: foreign names, wrong tokens, too much, too deep, no HTTP.

use crate::server::{Answer, Server, TOKEN, allowed};

const PROBES: [&str; 2] = ["/healthz", "/readyz"];

#[test]
fn a_name_that_was_pointed_here_reads_nothing_on_any_route() {
    let server = Server::of_shop("rebinding");
    let paths = server.paths();
    assert!(paths.len() > 15, "{paths:?}");
    let foreign = [
        format!("Host: evil.example\r\nAuthorization: Bearer {TOKEN}"),
        format!("{}\r\nOrigin: http://evil.example", allowed()),
        format!("{}\r\nOrigin: null", allowed()),
    ];
    for path in paths.iter().filter(|path| !PROBES.contains(&path.as_str())) {
        for headers in &foreign {
            for method in ["GET", "POST", "OPTIONS"] {
                let answer = server.send(method, path, headers, "");
                assert_eq!(answer.status, 403, "{method} {path} {headers}");
                assert!(answer.is_error(), "{}", answer.body);
                assert!(!answer.head.contains("access-control"), "{}", answer.head);
            }
        }
    }
    server.assert_answers();
}

#[test]
fn without_the_token_nothing_is_read_on_any_route() {
    let server = Server::of_shop("token");
    let wrong = [
        "Host: localhost".to_owned(),
        format!(
            "Host: localhost\r\nAuthorization: Bearer {}",
            TOKEN.to_uppercase()
        ),
        format!("Host: localhost\r\nAuthorization: Bearer {}", &TOKEN[1..]),
        format!("Host: localhost\r\nAuthorization: Bearer {TOKEN}x"),
        "Host: localhost\r\nCookie: token=x".to_owned(),
    ];
    for path in server
        .paths()
        .iter()
        .filter(|path| !PROBES.contains(&path.as_str()))
    {
        for headers in &wrong {
            let path = format!("{path}?token={TOKEN}&access_token={TOKEN}");
            let answer = server.send("GET", &path, headers, "");
            assert_eq!(answer.status, 401, "{path} {headers}");
            assert!(answer.is_error() && answer.head.contains("www-authenticate: bearer"));
            assert!(!answer.body.contains(&TOKEN[..8]), "{}", answer.body);
        }
    }
    server.assert_answers();
}

#[test]
fn what_is_too_large_is_refused() {
    let server = Server::of_shop("large");
    let memory = server.memory();
    let long = "x".repeat(300 * 1024);
    for path in ["/mcp", "/api/mcp/tools/call"] {
        let answer = server.send("POST", path, &allowed(), &long);
        assert_eq!(answer.status, 413, "{path}");
        assert!(answer.is_error(), "{}", answer.body);
    }
    let huge = format!("{}\r\nContent-Length: 9999999999", allowed());
    assert_eq!(server.send("POST", "/mcp", &huge, "").status, 413);
    for (path, headers, status) in [
        (
            format!("/mcp/flows?ns={}", "x".repeat(9_000)),
            String::new(),
            414,
        ),
        (format!("/{}", "x".repeat(200_000)), String::new(), 431),
        ("/".to_owned(), format!("\r\nX-Long: {long}"), 431),
        ("/".to_owned(), "\r\nX: y".repeat(200), 431),
    ] {
        let answer = server.send("GET", &path, &(allowed() + &headers), "");
        assert!(
            [status, 0, 414].contains(&answer.status),
            "{}",
            answer.status
        );
    }
    server.assert_answers();
    assert!(server.memory() < memory + (32 << 20), "{}", server.memory());
}

#[test]
fn json_that_is_deep_or_none_is_refused() {
    let server = Server::of_shop("deep");
    let deep = "[".repeat(200_000);
    let closed = format!("{}{}", "{\"a\":".repeat(40_000), "}".repeat(40_000));
    let call = |arguments: &str| {
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"name\":\"list_l4_flows\",\
             \"params\":{{\"name\":\"list_l4_flows\",\"arguments\":{arguments}}},\
             \"arguments\":{arguments}}}"
        )
    };
    let bodies = [
        deep.clone(),
        closed.chars().take(250_000).collect(),
        call(&format!("{}{}", "[".repeat(60_000), "]".repeat(60_000))),
        "\u{0}".repeat(1_000),
        "{\"jsonrpc\":\"2.0\"".to_owned(),
        "nonsense".to_owned(),
    ];
    for body in bodies {
        for path in ["/mcp", "/api/mcp/tools/call"] {
            let accept = allowed() + "\r\nAccept: application/json, text/event-stream";
            let answer = server.send("POST", path, &accept, &body);
            assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        }
    }
    server.assert_answers();
}

#[test]
fn what_is_no_http_ends_its_own_connection_alone() {
    let server = Server::of_shop("malformed");
    let head = format!("POST /mcp HTTP/1.1\r\n{}\r\n", allowed());
    let both = format!("{head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    let twice = format!("{head}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd");
    let noise: Vec<u8> = (0..65_536_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    let tls = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    for octets in [
        &b"\r\n\r\n\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\nHost : localhost\n\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n",
        both.as_bytes(),
        twice.as_bytes(),
        &noise,
        &tls,
    ] {
        let answer = Answer::parse(&server.exchange_all(octets));
        let is_refused = answer.status == 0 || (400..500).contains(&answer.status);
        assert!(
            is_refused,
            "{:?}: {answer:?}",
            String::from_utf8_lossy(octets)
        );
    }
    server.assert_answers();
}

#[test]
fn errors_say_nothing_of_the_machine() {
    let server = Server::of_shop("paths");
    let root = env!("CARGO_MANIFEST_DIR");
    for path in [
        "/../../etc/passwd",
        "/mcp/flows?of=/etc/passwd",
        "/%2e%2e/",
        "/token",
        "/mcp/diff?a_window=x",
    ] {
        let answer = server.get(path);
        assert!(
            (400..500).contains(&answer.status) && answer.is_error(),
            "{answer:?}"
        );
        assert!(
            !answer.body.contains(root) && !answer.body.contains("attacks"),
            "{answer:?}"
        );
    }
}
