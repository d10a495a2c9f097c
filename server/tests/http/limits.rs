//! Slow and greedy clients: everything is limited in number and in time.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Operation, Query};
use analyzer::snapshot::Snapshot;
use server::{Limits, Published};

use crate::client::{Reply, Server, eventually, request};
use crate::life::{ask, gate, with};
use crate::traffic;

const SHORT: Duration = Duration::from_millis(150);

fn published(limits: Limits) -> Server {
    Server::start(Arc::new(Published::new(traffic::whole())), with(limits))
}

#[test]
fn a_silent_connection_is_cut() {
    let server = published(Limits {
        header_time: SHORT,
        ..Limits::default()
    });
    let mut octets = Vec::new();
    server.connect().read_to_end(&mut octets).unwrap();
    assert_eq!(octets, b"");
}

#[test]
fn a_request_that_drips_in_is_cut() {
    let server = published(Limits {
        header_time: SHORT,
        ..Limits::default()
    });
    let mut stream = server.connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
    // A header now and then keeps nothing alive: the time is for all of them.
    eventually("the connection is cut", || {
        stream.write_all(b"X-Drip: 1\r\n").is_err()
    });
}

#[test]
fn a_connection_ends_at_its_age_however_busy() {
    let server = published(Limits {
        connection_time: SHORT,
        ..Limits::default()
    });
    let mut stream = server.connect();
    let ask = b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut octets = [0; 1024];
    eventually("the connection ends", || {
        stream.write_all(ask).is_err() || matches!(stream.read(&mut octets), Ok(0) | Err(_))
    });
}

#[test]
fn further_connections_wait_for_their_turn() {
    let (source, keeper) = gate();
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let server = Server::start(source, with(limits));
    let mut first = ask(&server);
    keeper.wait();
    let mut second = ask(&server);
    second.set_read_timeout(Some(SHORT)).unwrap();
    let waiting = second.read(&mut [0]).unwrap_err().kind();
    assert!(matches!(
        waiting,
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
    keeper.open();
    keeper.open();
    assert_eq!(Reply::read(&mut first).status, 200);
    second.set_read_timeout(None).unwrap();
    assert_eq!(Reply::read(&mut second).status, 200);
}

#[test]
fn queries_that_take_too_long_are_refused_and_keep_their_place() {
    let (source, keeper) = gate();
    let limits = Limits {
        answers: 1,
        answer_time: SHORT,
        ..Limits::default()
    };
    let server = Server::start(source, with(limits));
    let slow = Reply::read(&mut ask(&server));
    keeper.wait();
    insta::assert_snapshot!(slow.line(), @r#"503 {"error":"busy: the query took more than 0.15 s, expected less; try again, or ask for less by filters or a window"}"#);
    let busy = Reply::read(&mut ask(&server));
    insta::assert_snapshot!(busy.line(), @r#"503 {"error":"busy: all places for answers (1) were taken for 0.15 s, expected a free one; try again"}"#);
    assert_eq!(busy.header("retry-after"), Some("1"));
    assert_eq!(server.get("/healthz").status, 200, "probes need no place");
    drop(keeper);
    eventually("the place is free", || {
        server.get("/mcp/flows").status == 200
    });
}

#[test]
fn who_does_not_take_an_answer_gives_its_place_up_in_the_end() {
    let limits = Limits {
        answers: 1,
        answer_time: Duration::from_secs(1),
        connection_time: SHORT,
        last_answer_time: Duration::from_secs(3),
        ..Limits::default()
    };
    let snapshot = traffic::many();
    let whole = largest(&snapshot);
    let server = Server::start(Arc::new(Published::new(snapshot)), with(limits));
    let line = "GET /mcp/flows?limit=10000&format=full HTTP/1.1";
    let mut slow = server.connect();
    slow.write_all(&request(line, &["Host: localhost"]))
        .unwrap();
    // The place is taken, and free once the slow one was cut.
    eventually("the place is free", || {
        server.get("/mcp/flows?limit=1").status == 200
    });
    let mut taken = Vec::new();
    let cut = slow.read_to_end(&mut taken);
    assert!(cut.is_err() || taken.len() < whole, "{}", taken.len());
}

/// Octets of the largest answer there is.
fn largest(snapshot: &Snapshot) -> usize {
    let pairs = [("limit", "10000"), ("format", "full")];
    let query = Query::parse(Operation::Flows, pairs, RowLimit::Bounded).unwrap();
    let mut body = Vec::new();
    server::write_body(&mut body, &query::run(snapshot, Operation::Flows, &query)).unwrap();
    body.len()
}
