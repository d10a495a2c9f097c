//! Slow and greedy clients: everything is limited in number and in time.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
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

#[test]
fn who_is_idle_gives_way_to_who_comes() {
    let server = published(Limits {
        connections: 4,
        ..Limits::default()
    });
    let mut idle: Vec<TcpStream> = (0..4).map(|_| server.connect()).collect();
    // One has begun a request, which makes it no busier.
    idle[0].write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    assert_eq!(server.get("/healthz").line(), "200 ok");
    eventually("the first one gives way", || !waits(&mut idle[0]));
    assert!(waits(&mut idle[3]), "the last one did not have to");
}

#[test]
fn requests_beyond_those_at_once_are_refused_at_once() {
    let (source, keeper) = gate();
    let server = Server::start(
        source,
        with(Limits {
            requests: 1,
            ..Limits::default()
        }),
    );
    let mut first = ask(&server, "/mcp/flows");
    keeper.wait();
    let refused = server.get("/mcp/flows");
    insta::assert_snapshot!(refused.line(), @r#"503 {"error":"busy: 1 requests are being answered, expected fewer; ask again in a second"}"#);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(server.get("/healthz").status, 200, "probes need no place");
    keeper.open();
    assert_eq!(Reply::read(&mut first).status, 200);
    keeper.open();
    eventually("the place is free", || server.get("/").status == 200);
}

#[test]
fn a_client_has_a_pace() {
    let server = published(Limits {
        requests_per_second: NonZeroU32::new(2),
        ..Limits::default()
    });
    let replies: Vec<Reply> = (0..8).map(|_| server.get("/")).collect();
    let refused = replies.iter().find(|reply| reply.status != 200).unwrap();
    insta::assert_snapshot!(refused.line(), @r#"429 {"error":"too many requests of one client, expected at most 2 a second; ask again in a second, for more at once (limit, aggregate), or raise --max-rps"}"#);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(server.get("/healthz").status, 200, "probes have none");
    eventually("it goes on at the pace", || server.get("/").status == 200);
}

/// Sends the head of a call and some of its body.
fn post(server: &Server, headers: &str, body: &[u8]) -> TcpStream {
    let mut stream = server.connect();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Connection: close\r\n{headers}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A server that has refused it already may be gone.
    let _ = stream.write_all(body);
    stream
}

#[test]
fn bodies_are_bounded_in_length_and_in_time() {
    let server = published(Limits::default());
    let long = vec![b' '; 300 * 1024];
    let chunked = "Transfer-Encoding: chunked";
    let mut chunks = format!("{:x}\r\n", long.len()).into_bytes();
    chunks.extend_from_slice(&long);
    for (headers, body) in [
        ("Content-Length: 307200", &b"{"[..]),
        ("Content-Length: 99999999999", &b"{"[..]),
        (chunked, &chunks),
    ] {
        let refused = Reply::read(&mut post(&server, headers, body));
        insta::allow_duplicates!(
            insta::assert_snapshot!(refused.line(), @r#"413 {"jsonrpc":"2.0","error":{"code":-32600,"message":"body: more than 262144 octets, expected a short call"}}"#)
        );
    }
    let broken = Reply::read(&mut post(&server, chunked, b"no number\r\n"));
    insta::assert_snapshot!(broken.line(), @r#"400 {"jsonrpc":"2.0","error":{"code":-32600,"message":"body: broken off or malformed, expected as many octets as were announced"}}"#);
    let hurried = published(Limits {
        body_time: SHORT,
        ..Limits::default()
    });
    let slow = Reply::read(&mut post(&hurried, "Content-Length: 9", b"{"));
    insta::assert_snapshot!(slow.line(), @r#"408 {"jsonrpc":"2.0","error":{"code":-32600,"message":"body: not whole after 0.15 s, expected it at once; send it again"}}"#);
}

#[test]
fn who_takes_nothing_of_an_answer_is_cut() {
    let server = LargeThenSmall::start(Limits {
        answers: 1,
        write_time: SHORT,
        ..Limits::default()
    });
    let _slow = ask(&server, LARGEST);
    eventually("the place is free", || {
        Reply::try_read(&mut ask(&server, "/mcp/flows")).is_some_and(|reply| reply.status == 200)
    });
}
