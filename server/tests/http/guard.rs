//! Who may call: names and origins.

use std::sync::Arc;

use server::{AllowedHosts, Options, Published, TokenFile};

use crate::client::{Server, eventually};
use crate::traffic;

fn statuses(server: &Server, line: &str, requests: &[&[&str]]) -> String {
    let line = |headers: &&[&str]| {
        let reply = server.send(line, headers);
        format!("{headers:?}\n  {}\n", reply.line())
    };
    requests.iter().map(line).collect()
}

/// Gets past the guard, and is refused by what comes after.
const ASK: &str = "GET /mcp/flows?limit=0 HTTP/1.1";

#[test]
fn names_that_others_can_point_here_are_refused_on_every_path_but_the_probes() {
    let server = Server::ready();
    let evil = ["Host: evil.example:8898"];
    let paths = paths(&server);
    assert!(paths.len() > 15, "{paths:?}");
    for path in &paths {
        for method in ["GET", "POST", "HEAD", "OPTIONS", "DELETE"] {
            let reply = server.send(&format!("{method} {path} HTTP/1.1"), &evil);
            let is_probe = ["/healthz", "/readyz"].contains(&path.as_str());
            assert_eq!(
                reply.status == 403,
                !is_probe,
                "{method} {path}: {}",
                reply.status
            );
            for allowed in ["access-control-allow-origin", "set-cookie"] {
                assert_eq!(reply.header(allowed), None, "{method} {path}");
            }
        }
    }
}

/// Every path that the server says it has, those below `/api`, and one that it does not have.
fn paths(server: &Server) -> Vec<String> {
    let index: serde_json::Value = serde_json::from_slice(&server.get("/").body).unwrap();
    let endpoints = index["endpoints"].as_array().unwrap().iter();
    let listed = endpoints.map(|endpoint| endpoint["path"].as_str().unwrap().to_owned());
    let mut paths: Vec<String> = listed.collect();
    let below = paths.iter().filter(|path| path.starts_with("/mcp/"));
    let below: Vec<String> = below.map(|path| format!("/api{path}")).collect();
    paths.extend(below);
    paths.push("/nowhere".to_owned());
    paths
}

fn with_token(token: &str) -> (Server, std::path::PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, token).unwrap();
    let options = Options {
        token: Some(TokenFile::open(&path).unwrap()),
        ..Options::default()
    };
    let server = Server::start(Arc::new(Published::new(traffic::whole())), options);
    (server, path, folder)
}

#[test]
fn who_does_not_show_the_token_is_told_so_on_every_path_but_the_probes() {
    let open = Server::ready();
    let (server, _, _folder) = with_token("0123456789abcdef");
    for path in paths(&open) {
        for method in ["GET", "POST"] {
            let line = format!("{method} {path} HTTP/1.1");
            let reply = server.send(&line, &["Host: localhost"]);
            let is_probe = ["/healthz", "/readyz"].contains(&path.as_str());
            assert_eq!(reply.status == 401, !is_probe, "{line}: {}", reply.status);
            let challenge = reply.header("www-authenticate");
            assert_eq!(challenge, (!is_probe).then_some("Bearer"), "{line}");
        }
    }
}

#[test]
fn tokens() {
    let (server, _, _folder) = with_token("0123456789abcdef");
    insta::assert_snapshot!(statuses(
        &server,
        ASK,
        &[
            &["Host: localhost"],
            &["Host: localhost", "Authorization: Bearer 0123456789abcdef"],
            &["Host: localhost", "authorization: bearer 0123456789abcdef"],
            &["Host: localhost", "Authorization: Bearer 0123456789abcdeF"],
            &["Host: localhost", "Authorization: Bearer "],
            &["Host: localhost", "Authorization: Basic 0123456789abcdef"],
            &["Host: localhost", "Authorization: 0123456789abcdef"],
            &[
                "Host: localhost",
                "Authorization: Bearer wrong",
                "Authorization: Bearer 0123456789abcdef"
            ],
            &[
                "Host: evil.example",
                "Authorization: Bearer 0123456789abcdef"
            ],
        ]
    ));
}

#[test]
fn a_token_that_is_replaced_counts_soon() {
    let (server, path, _folder) = with_token("0123456789abcdef");
    let status = |token: &str| {
        let bearer = format!("Authorization: Bearer {token}");
        server
            .send("GET / HTTP/1.1", &["Host: localhost", &bearer])
            .status
    };
    assert_eq!(status("0123456789abcdef"), 200);
    std::fs::write(&path, "fedcba9876543210\n").unwrap();
    eventually("the new token counts", || status("fedcba9876543210") == 200);
    assert_eq!(status("0123456789abcdef"), 401);
}

#[test]
fn hosts() {
    insta::assert_snapshot!(statuses(
        &Server::ready(),
        ASK,
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
        ASK,
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
    let line = "GET http://evil.example/ HTTP/1.1";
    assert_eq!(server.send(line, &["Host: localhost"]).status, 403);
    let line = "GET http://localhost/ HTTP/1.1";
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
        ASK,
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
