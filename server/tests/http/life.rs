//! A server's end, and what breaks within it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use analyzer::snapshot::Snapshot;
use server::{Limits, Options, Readiness, SnapshotSource};

use crate::client::{Reply, Server, eventually, request};
use crate::traffic;

/// A source that says when it is asked, and answers when it is told to.
pub(crate) struct Gate {
    asked: Sender<()>,
    open: Mutex<Receiver<()>>,
    snapshot: Arc<Snapshot>,
}

/// The other side of a [`Gate`].
pub(crate) struct Keeper {
    asked: Receiver<()>,
    open: Sender<()>,
}

pub(crate) fn gate() -> (Arc<Gate>, Keeper) {
    let ((asked, is_asked), (open, is_open)) = (channel(), channel());
    let gate = Gate {
        asked,
        open: Mutex::new(is_open),
        snapshot: Arc::new(traffic::whole()),
    };
    let keeper = Keeper {
        asked: is_asked,
        open,
    };
    (Arc::new(gate), keeper)
}

impl Keeper {
    /// Waits until a query asks for a snapshot.
    pub(crate) fn wait(&self) {
        self.asked.recv().unwrap();
    }

    /// Lets one query go on.
    pub(crate) fn open(&self) {
        self.open.send(()).unwrap();
    }
}

impl SnapshotSource for Gate {
    fn snapshot(&self) -> Arc<Snapshot> {
        let _ = self.asked.send(());
        // Without a keeper the gate stands open.
        let _ = self.open.lock().unwrap().recv();
        Arc::clone(&self.snapshot)
    }

    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }
}

pub(crate) fn with(limits: Limits) -> Options {
    Options {
        limits,
        ..Options::default()
    }
}

/// Sends a request whose answer is to be read later.
pub(crate) fn ask(server: &Server, target: &str) -> TcpStream {
    let mut stream = server.connect();
    let octets = request(&format!("GET {target} HTTP/1.1"), &["Host: localhost"]);
    stream.write_all(&octets).unwrap();
    stream
}

#[test]
fn a_stop_lets_the_answer_under_way_end() {
    let (source, keeper) = gate();
    let limits = Limits {
        stop_time: Duration::from_secs(60),
        ..Limits::default()
    };
    let mut server = Server::start(source, with(limits));
    let mut stream = ask(&server, "/mcp/flows");
    keeper.wait();
    server.stop();
    eventually("nobody listens", || {
        TcpStream::connect(server.address).is_err()
    });
    keeper.open();
    assert_eq!(Reply::read(&mut stream).status, 200);
    server.join();
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let (source, keeper) = gate();
    let limits = Limits {
        stop_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let mut server = Server::start(source, with(limits));
    let mut stream = ask(&server, "/mcp/flows");
    keeper.wait();
    server.stop();
    server.join();
    let mut octets = Vec::new();
    // Cut, which is the end of the stream or a reset.
    let _ = stream.read_to_end(&mut octets);
    assert_eq!(octets, b"");
}

#[test]
fn a_stop_closes_idle_connections_at_once() {
    let limits = Limits {
        header_time: Duration::from_secs(3_600),
        last_answer_time: Duration::from_secs(3_600),
        stop_time: Duration::from_secs(3_600),
        ..Limits::default()
    };
    let (source, keeper) = gate();
    drop(keeper);
    let mut server = Server::start(source, with(limits));
    let mut idle = server.connect();
    idle.write_all(b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut first = [0];
    idle.read_exact(&mut first).unwrap();
    server.stop();
    server.join();
    let mut rest = String::new();
    idle.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("\r\n\r\n"), "{rest}");
}

#[test]
fn a_stop_before_the_start_is_a_stop() {
    let (source, _keeper) = gate();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stop = server::Stop::default();
    stop.stop();
    server::run(listener, source, Options::default(), &stop).unwrap();
}

/// A source that breaks whenever it is asked.
struct Broken;

impl SnapshotSource for Broken {
    fn snapshot(&self) -> Arc<Snapshot> {
        panic!("the snapshot is broken, as this test wants it");
    }

    fn readiness(&self) -> Readiness {
        panic!("the readiness is broken, as this test wants it");
    }
}

#[test]
fn what_breaks_is_one_answer_and_not_the_server() {
    let server = Server::start(Arc::new(Broken), Options::default());
    for target in ["/mcp/flows", "/readyz", "/mcp/flows/summary"] {
        let reply = server.get(target);
        assert_eq!(reply.status, 500);
        assert!(
            reply
                .text()
                .starts_with(r#"{"error":"the answer could not be made"#)
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    assert_eq!(server.get("/healthz").line(), "200 ok");
}
