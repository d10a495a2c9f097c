//! A running server, and a client that sends exactly the octets it is told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use server::{Options, Published, Readiness, SnapshotSource, Stop};

use crate::traffic;

/// Longer than any limit in these tests, and shorter than any default: what takes longer hangs.
const HANGS: Duration = Duration::from_secs(20);

/// A server on a port of its own, stopped when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(source: Arc<dyn SnapshotSource>, options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Stop::default();
        let handle = stop.clone();
        let thread =
            thread::spawn(move || server::run(listener, source, options, &handle).unwrap());
        Self {
            address,
            stop,
            thread: Some(thread),
        }
    }

    /// Everything was read, and nothing is out of the ordinary.
    pub(crate) fn ready() -> Self {
        let source = Published::new(traffic::whole());
        source.set_readiness(Readiness::Ready);
        Self::start(Arc::new(source), Options::default())
    }

    /// Tells it to stop; it may take a while.
    pub(crate) fn stop(&self) {
        self.stop.stop();
    }

    /// Waits until it has stopped.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            eventually("the server has stopped", || thread.is_finished());
            thread.join().unwrap();
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(HANGS)).unwrap();
        stream
    }

    /// Sends a request's line and further headers, and reads all there is.
    pub(crate) fn send(&self, line: &str, headers: &[&str]) -> Reply {
        let mut stream = self.connect();
        stream.write_all(&request(line, headers)).unwrap();
        Reply::read(&mut stream)
    }

    pub(crate) fn get(&self, target: &str) -> Reply {
        self.send(&format!("GET {target} HTTP/1.1"), &["Host: localhost"])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        // A test that fails already has said why.
        if !thread::panicking() {
            self.join();
        }
    }
}

/// Waits until `done`, as long as [`HANGS`].
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("not in time: {what}");
}

/// The octets of a request after which the server is to close the connection.
pub(crate) fn request(line: &str, headers: &[&str]) -> Vec<u8> {
    let close = ["Connection: close", "", ""];
    let lines = [&[line], headers, &close].concat();
    lines.join("\r\n").into_bytes()
}

/// What a server sent back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Reads until the server closes the connection.
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        Self::try_read(stream).expect("a whole reply")
    }

    /// The same; `None` when the server cut the connection.
    pub(crate) fn try_read(stream: &mut TcpStream) -> Option<Self> {
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).ok()?;
        Self::parse(&octets)
    }

    fn parse(octets: &[u8]) -> Option<Self> {
        let end = octets.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(octets[..end].to_vec()).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let body = octets[end + 4..].to_vec();
        Some(Self {
            status,
            headers,
            body,
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The status and the body, as a line.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.status, self.text().trim_end())
    }
}
