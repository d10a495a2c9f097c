//! `pilotfish replay`, and the other commands with `--url`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::files;
use crate::run::{assert_accepted, command, command_in, outcome, wait};

/// A running server.
pub(crate) struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// Its address and port.
    pub(crate) address: String,
}

impl Server {
    /// A server with `input` piped into it, whose pipe stays open.
    pub(crate) fn start(arguments: &str, input: &[u8]) -> Self {
        let mut child = command(&format!("replay {arguments} --listen 127.0.0.1:0"))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.as_mut().unwrap().write_all(input).unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line
            .strip_prefix("pilotfish: serving on http")
            .and_then(|rest| rest.split(';').next()?.split("://").nth(1))
            .unwrap_or_else(|| panic!("it says where it serves, not {line:?}"))
            .to_owned();
        assert!(
            line.contains("; try: curl ") && line.contains(&format!("{address}/mcp/flows")),
            "{line}"
        );
        Self {
            child,
            stderr,
            address,
        }
    }

    /// A server that has read the shop; what it said then.
    fn of_shop() -> (Self, String) {
        let mut server = Self::start("captures/shop", b"");
        let mut line = String::new();
        server.stderr.read_line(&mut line).unwrap();
        (server, line)
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The body of an answer, by no client of ours.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        body.to_owned()
    }

    fn end(mut self, signal: &str) -> ExitStatus {
        let kill = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        wait(&mut self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn it_says_what_it_read_and_ends_when_asked() {
    for signal in ["-INT", "-TERM"] {
        let (server, said) = Server::of_shop();
        assert_accepted("replay__read", &said);
        assert_eq!(server.end(signal).code(), Some(0), "{signal}");
    }
}

#[test]
fn the_body_is_the_same_over_http_and_from_both_kinds_of_command() {
    let (server, _) = Server::of_shop();
    let url = server.url();
    for (command_line, path) in [
        ("flows", "/mcp/flows"),
        (
            "flows --ns payments --l4proto tcp --limit 100",
            "/mcp/flows?ns=payments&l4proto=tcp&limit=100",
        ),
        (
            "flows --format full --aggregate service",
            "/mcp/flows?format=full&aggregate=service",
        ),
        (
            "summary --client-ns shop",
            "/mcp/flows/summary?client_ns=shop",
        ),
        ("connections --sort rtt", "/mcp/connections?sort=rtt"),
        (
            "workloads --level service --format full",
            "/mcp/workloads?level=service&format=full",
        ),
        (
            "dependencies --of cart --direction both",
            "/mcp/dependencies?of=cart&direction=both",
        ),
    ] {
        let body = server.get(path);
        assert!(
            body.starts_with('{') && body.ends_with("}\n"),
            "{path}: {body}"
        );
        let read = outcome(command(&format!("{command_line} captures/shop -o json")));
        let asked = outcome(command(&format!("{command_line} --url {url} -o json")));
        assert!(
            read.stdout == body,
            "{command_line} captures/shop: {}",
            read.stderr
        );
        assert!(
            asked.stdout == body,
            "{command_line} --url: {}",
            asked.stderr
        );
    }
}

#[test]
fn a_server_s_answer_looks_as_that_of_a_capture_in_every_form() {
    let (server, _) = Server::of_shop();
    let url = server.url();
    let forms = ["table", "wide", "json", "jsonl", "csv"];
    let all =
        ["flows", "summary", "connections", "workloads"].map(|operation| (operation, &forms[..]));
    let graphs = (
        "dependencies",
        &["table", "json", "csv", "mermaid", "dot"][..],
    );
    for (operation, outputs) in all.into_iter().chain([graphs]) {
        for output in outputs {
            let read = outcome(command(&format!("{operation} captures/shop -o {output}")));
            let asked = outcome(command(&format!("{operation} --url {url}/ -o {output}")));
            assert!(read.stdout.len() > 500, "{operation} {output}");
            assert!(
                asked.stdout == read.stdout,
                "{operation} {output}: {}",
                asked.stderr
            );
            assert_eq!(asked.stderr, read.stderr, "{operation} {output}");
        }
    }
}

#[test]
fn more_rows_than_a_server_gives_at_once_come_page_by_page() {
    let folder = files::folder("many");
    let capture = folder.join("many.pcap");
    std::fs::write(&capture, files::many_flows(10_050)).unwrap();
    let mut server = Server::start(capture.to_str().unwrap(), b"");
    let mut line = String::new();
    server.stderr.read_line(&mut line).unwrap();
    let url = server.url();
    for (parameters, rows) in [
        ("-o csv", 10_051),
        ("-o jsonl --offset 20", 10_030),
        ("--limit all --sort first_seen", 10_053),
        ("-o csv --limit 7 --offset 10000", 8),
        ("-o csv --limit 10040", 10_041),
        ("--limit 20000", 10_053),
        ("-o json --limit all", 1),
    ] {
        let read = outcome(command_in(
            &folder,
            &format!("flows many.pcap {parameters}"),
        ));
        let asked = outcome(command(&format!("flows --url {url} {parameters}")));
        assert_eq!(read.stdout.lines().count(), rows, "{parameters}");
        assert!(
            asked.stdout == read.stdout,
            "{parameters}: {}",
            asked.stderr
        );
    }
}

#[test]
fn more_differences_than_a_server_gives_at_once_come_page_by_page() {
    let folder = files::folder("different");
    let capture = folder.join("many.pcap");
    // All but fifty are in the first half alone, and those in the second.
    std::fs::write(&capture, files::many_flows(10_050)).unwrap();
    let mut server = Server::start(capture.to_str().unwrap(), b"");
    let mut line = String::new();
    server.stderr.read_line(&mut line).unwrap();
    let url = server.url();
    let read = outcome(command_in(&folder, "diff many.pcap"));
    let asked = outcome(command(&format!("diff --url {url}")));
    assert!(read.stdout.contains("different: 10050, the same: 0"));
    assert!(asked.stdout == read.stdout, "{}", asked.stderr);
    let same = outcome(command_in(&folder, &format!("diff many.pcap --url {url}")));
    assert_eq!(same.stdout, "nothing differs; the same: 10050\n");
}

#[test]
fn failed_connections_are_not_compared_where_they_cannot_be_had() {
    let folder = files::folder("unfinished");
    let capture = files::many_flows(10_050);
    std::fs::write(folder.join("many.pcap"), &capture).unwrap();
    let server = Server::start("-", &capture);
    await_body(&server, "/mcp/flows?limit=1", |body| {
        number(body, "frames") == 10_050
    });
    let url = server.url();
    let arguments = format!("diff many.pcap --url {url} --level namespace");
    let told = outcome(command_in(&folder, &arguments)).transcript(&arguments);
    let told = told.replace(&url, "http://127.0.0.1:PORT");
    assert_accepted("diff__unfinished_server", &told);
}

#[test]
fn what_a_pipe_brought_is_answered_while_it_stays_open() {
    let shop = files::shop();
    let (first, rest) = shop.split_at(shop.len() / 2);
    let mut server = Server::start("-", first);
    let flows = "/mcp/flows?limit=1";
    let shown = await_body(&server, flows, |body| number(body, "frames") > 1_000);
    assert!(shown.contains("\"complete\":false"), "{shown}");
    let mut stdin = server.child.stdin.take().unwrap();
    stdin.write_all(rest).unwrap();
    let shown = await_body(&server, flows, |body| number(body, "frames") == 3_370);
    assert!(shown.contains("\"complete\":false"), "{shown}");
    drop(stdin);
    let mut line = String::new();
    server.stderr.read_line(&mut line).unwrap();
    assert!(line.contains("3,370 frames read"), "{line}");
    let read = server.get(flows);
    assert!(read.contains("\"complete\":true"), "{read}");
    assert_eq!(server.end("-INT").code(), Some(0));
}

#[test]
fn pages_are_not_asked_of_a_server_that_still_reads() {
    let server = Server::start("-", &files::many_flows(10_050));
    await_body(&server, "/mcp/flows?limit=1", |body| {
        number(body, "frames") == 10_050
    });
    let url = server.url();
    let arguments = format!("flows --url {url} --limit all");
    let text = outcome(command(&arguments)).transcript(&arguments);
    assert_accepted(
        "replay__still_reading",
        &text.replace(&url, "http://127.0.0.1:PORT"),
    );
    let one_page = outcome(command(&format!("flows --url {url} --limit 10000 -o csv")));
    assert_eq!(one_page.stdout.lines().count(), 10_001);
}

/// Asks until the body is as wanted, for some seconds.
fn await_body(server: &Server, path: &str, wanted: impl Fn(&str) -> bool) -> String {
    for _ in 0..300 {
        let body = server.get(path);
        if wanted(&body) {
            return body;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it never showed what it read: {}", server.get(path));
}

/// The number of that name in a body's coverage.
fn number(body: &str, name: &str) -> u64 {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["coverage"][name].as_u64().unwrap()
}

#[test]
fn a_capture_is_compared_with_a_server_and_a_server_with_itself() {
    let (server, _) = Server::of_shop();
    let url = server.url();
    let same = outcome(command(&format!("diff captures/shop --url {url}")));
    assert!(same.status.success(), "{}{}", same.stdout, same.stderr);
    assert!(
        same.stdout.starts_with("nothing differs"),
        "{}",
        same.stdout
    );
    let windows = "--a-window 0s/20s --b-window -20s/ --format json";
    let body = server.get("/mcp/diff?a_window=0s/20s&b_window=-20s/");
    let read = outcome(command(&format!("diff captures/shop {windows}")));
    let asked = outcome(command(&format!("diff --url {url} {windows}")));
    assert!(body.starts_with("{\"edges\":[{"), "{body}");
    assert_eq!(read.stdout, body, "{}", read.stderr);
    assert_eq!(asked.stdout, body, "{}", asked.stderr);
    assert_eq!(asked.status.code(), Some(1));
}
