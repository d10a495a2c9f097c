//! Many clients at once, and slow ones: the server answers others meanwhile, and stays small.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::server::{Server, allowed};

/// What the server may take more than it had.
const MORE: u64 = 64 << 20;

/// Lets this process open as many sockets as it needs.
fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(4_096, |maximum| maximum.min(4_096));
    if current.is_some_and(|current| current < wanted) {
        let current = Some(wanted);
        setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
    }
}

#[test]
fn a_thousand_connections_at_once_keep_nobody_out() {
    let server = Server::of_shop("thousand");
    raise_limit();
    server.assert_answers();
    let memory = server.memory();
    let silent: Vec<TcpStream> = (0..1_000).map(|_| server.connect()).collect();
    server.assert_answers();
    let dripping: Vec<TcpStream> = (0..1_000)
        .map(|_| {
            let mut stream = server.connect();
            stream
                .write_all(b"GET /mcp/flows HTTP/1.1\r\nHost: loc")
                .unwrap();
            stream
        })
        .collect();
    server.assert_answers();
    assert!(server.memory() < memory + MORE, "{}", server.memory());
    drop((silent, dripping));
    server.assert_answers();
}

#[test]
fn a_thousand_requests_at_once_are_answered_or_refused() {
    let server = Server::of_shop("requests");
    raise_limit();
    let memory = server.memory();
    let request = format!(
        "GET /mcp/flows?format=full HTTP/1.1\r\nConnection: close\r\n{}\r\n\r\n",
        allowed()
    );
    let asked = (0..1_000).map(|_| {
        let mut stream = server.connect();
        stream.write_all(request.as_bytes()).map(|()| stream)
    });
    let asked: Vec<TcpStream> = asked.map_while(Result::ok).collect();
    assert_eq!(server.send("GET", "/healthz", "Host: x", "").status, 200);
    let statuses = asked.into_iter().map(|mut stream| {
        let mut answer = String::new();
        // Who had to give way before its request was read is cut.
        drop(stream.read_to_string(&mut answer));
        answer
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0)
    });
    let statuses: Vec<u16> = statuses.collect();
    let answered = statuses.iter().filter(|status| **status == 200).count();
    assert!(answered >= 200, "{answered} of {}", statuses.len());
    assert!(
        statuses.iter().all(|status| [200, 503, 0].contains(status)),
        "{statuses:?}"
    );
    assert!(server.memory() < memory + MORE, "{}", server.memory());
    server.assert_answers();
}

#[test]
fn slow_bodies_and_slow_readers_keep_nobody_out() {
    let server = Server::of_shop("slow");
    raise_limit();
    let memory = server.memory();
    let head = allowed();
    let bodies: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = server.connect();
            let start = format!("POST /mcp HTTP/1.1\r\n{head}\r\nContent-Length: 200000\r\n\r\n{{");
            stream.write_all(start.as_bytes()).unwrap();
            stream
        })
        .collect();
    // Each asks again and again, and takes nothing.
    let readers: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = server.connect();
            stream
                .set_write_timeout(Some(Duration::from_millis(50)))
                .unwrap();
            let ask = format!("GET /mcp/flows?format=full HTTP/1.1\r\n{head}\r\n\r\n");
            drop(stream.write_all(ask.repeat(100).as_bytes()));
            stream
        })
        .collect();
    server.assert_answers();
    assert!(server.memory() < memory + MORE, "{}", server.memory());
    // A body that does not come is told so, and its connection ends.
    let mut first = bodies.into_iter().next().unwrap();
    let mut answer = String::new();
    drop(first.read_to_string(&mut answer));
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    drop(readers);
    server.assert_answers();
}
