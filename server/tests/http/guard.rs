//! Who may call: names and origins.

use std::sync::Arc;

use server::{AllowedHosts, Options, Published};

use crate::client::Server;
use crate::traffic;

fn statuses(server: &Server, line: &str, requests: &[&[&str]]) -> String {
    let line = |headers: &&[&str]| {
        let reply = server.send(line, headers);
        format!("{headers:?}\n  {}\n", reply.line())
    };
    requests.iter().map(line).collect()
}

#[test]
fn names_that_others_can_point_here_are_refused_on_every_path() {
    let server = Server::ready();
    let evil = ["Host: evil.example:8898"];
    for path in ["/", "/healthz", "/readyz", "/mcp/flows", "/nowhere"] {
        assert_eq!(
            server.send(&format!("GET {path} HTTP/1.1"), &evil).status,
            403
        );
        assert_eq!(
            server.send(&format!("POST {path} HTTP/1.1"), &evil).status,
            403
        );
    }
}

#[test]
fn hosts() {
    insta::assert_snapshot!(statuses(
        &Server::ready(),
        "GET /healthz HTTP/1.1",
        &[
            &["Host: localhost"],
            &["Host: LOCALHOST:8898"],
            &["Host: 127.0.0.1:8898"],
            &["Host: [::1]:8898"],
            &["Host: 10.0.0.7:8898"],
            &["Host: evil.example"],
            &["Host: localhost.evil.example"],
            &["Host: "],
            &[],
            &["Host: localhost", "Host: evil.example"],
        ]
    ));
}

#[test]
fn origins() {
    insta::assert_snapshot!(statuses(
        &Server::ready(),
        "GET /healthz HTTP/1.1",
        &[
            &["Host: localhost:8898", "Origin: http://localhost:8898"],
            &["Host: localhost:8898", "Origin: http://localhost:3000"],
            &["Host: localhost:8898", "Origin: http://evil.example"],
            &["Host: localhost:8898", "Origin: null"],
            &[
                "Host: localhost:8898",
                "Origin: http://localhost:8898",
                "Origin: null"
            ],
        ]
    ));
}

#[test]
fn an_absolute_target_does_not_get_past_the_host() {
    let server = Server::ready();
    let line = "GET http://evil.example/healthz HTTP/1.1";
    assert_eq!(server.send(line, &["Host: localhost"]).status, 403);
    let line = "GET http://localhost/healthz HTTP/1.1";
    assert_eq!(server.send(line, &["Host: localhost"]).status, 200);
    assert_eq!(server.send(line, &["Host: evil.example"]).status, 403);
}

#[test]
fn an_allowed_name_is_a_host_and_an_origin() {
    let options = Options {
        allowed_hosts: AllowedHosts::parse(["pilotfish.tools.svc"]).unwrap(),
        ..Options::default()
    };
    let server = Server::start(Arc::new(Published::new(traffic::whole())), options);
    insta::assert_snapshot!(statuses(
        &server,
        "GET /healthz HTTP/1.1",
        &[
            &["Host: pilotfish.tools.svc:8898"],
            &[
                "Host: pilotfish.tools.svc",
                "Origin: https://pilotfish.tools.svc"
            ],
            &[
                "Host: localhost:8898",
                "Origin: https://pilotfish.tools.svc"
            ],
            &["Host: pilotfish.tools"],
        ]
    ));
}
