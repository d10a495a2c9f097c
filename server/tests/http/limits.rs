//! Slow and greedy clients: everything is limited in number and in time.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use analyzer::snapshot::Snapshot;
use server::{Limits, Published, Readiness, SnapshotSource};

use crate::client::{Reply, Server, eventually};
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
    let mut first = ask(&server, "/mcp/flows");
    keeper.wait();
    let mut second = ask(&server, "/healthz");
    assert!(waits(&mut second));
    keeper.open();
    assert_eq!(Reply::read(&mut first).status, 200);
    assert_eq!(Reply::read(&mut second).status, 200);
}

/// Whether nothing comes for a while.
fn waits(stream: &mut TcpStream) -> bool {
    let usual = stream.read_timeout().unwrap();
    stream.set_read_timeout(Some(SHORT)).unwrap();
    let came = stream.peek(&mut [0]).map_err(|error| error.kind());
    stream.set_read_timeout(usual).unwrap();
    matches!(came, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
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
    let slow = Reply::read(&mut ask(&server, "/mcp/flows"));
    keeper.wait();
    insta::assert_snapshot!(slow.line(), @r#"503 {"error":"busy: the query took more than 0.15 s, expected less; try again, or ask for less by filters or a window"}"#);
    let busy = Reply::read(&mut ask(&server, "/mcp/flows"));
    insta::assert_snapshot!(busy.line(), @r#"503 {"error":"busy: all places for answers (1) were taken for 0.15 s, expected a free one; try again"}"#);
    assert_eq!(busy.header("retry-after"), Some("1"));
    assert_eq!(server.get("/healthz").status, 200, "probes need no place");
    drop(keeper);
    eventually("the place is free", || {
        server.get("/mcp/flows").status == 200
    });
}

/// The largest answer to the first query, a small one to all others.
struct LargeThenSmall {
    large: Mutex<Option<Snapshot>>,
    small: Arc<Snapshot>,
}

impl LargeThenSmall {
    fn start(limits: Limits) -> Server {
        let source = Self {
            large: Mutex::new(Some(traffic::many())),
            small: Arc::new(traffic::whole()),
        };
        Server::start(Arc::new(source), with(limits))
    }
}

impl SnapshotSource for LargeThenSmall {
    fn snapshot(&self) -> Arc<Snapshot> {
        let large = self.large.lock().unwrap().take();
        large.map_or_else(|| Arc::clone(&self.small), Arc::new)
    }

    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }
}

/// More octets than sockets take for a client that does not read.
const LARGEST: &str = "/mcp/flows?limit=10000&format=full";

#[test]
fn an_answer_keeps_its_place_until_its_client_took_it() {
    let server = LargeThenSmall::start(Limits {
        answers: 1,
        ..Limits::default()
    });
    let mut slow = ask(&server, LARGEST);
    slow.read_exact(&mut [0]).unwrap();
    let mut next = ask(&server, "/mcp/flows");
    assert!(waits(&mut next));
    drop(slow);
    assert_eq!(Reply::read(&mut next).status, 200);
}

#[test]
fn who_does_not_take_an_answer_is_cut() {
    let server = LargeThenSmall::start(Limits {
        answers: 1,
        connection_time: SHORT,
        last_answer_time: Duration::from_secs(2),
        ..Limits::default()
    });
    let _slow = ask(&server, LARGEST);
    // Those that wait for the place meanwhile are cut too.
    eventually("the place is free", || {
        Reply::try_read(&mut ask(&server, "/mcp/flows")).is_some_and(|reply| reply.status == 200)
    });
}
