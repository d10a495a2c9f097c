//! A running server, and what it is sent.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// What is answered at all is answered within this.
const PATIENCE: Duration = Duration::from_secs(30);
/// Sooner than a silent client is cut off: who has to wait for that is kept out.
const SOON: Duration = Duration::from_secs(8);

/// An empty folder for the test of that name.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("attacks")
        .join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The binary, in the repository's root.
pub(crate) fn pilotfish(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilotfish"));
    let root = env!("CARGO_MANIFEST_DIR");
    command.args(arguments).current_dir(root).env_clear();
    command.stdin(Stdio::null());
    command
}

/// A server that wants a token.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    said: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves the shop.
    pub(crate) fn of_shop(name: &str) -> Self {
        Self::start(name, &["captures/shop", "--log", "json"])
    }

    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        let token = folder(name).join("token");
        fs::write(&token, TOKEN).unwrap();
        let always = ["replay", "--listen", "127.0.0.1:0", "--token-file"];
        let mut command = pilotfish(&[&always[..], &[token.to_str().unwrap()], arguments].concat());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let (mut first, mut second) = (String::new(), String::new());
        stderr.read_line(&mut first).unwrap();
        stderr.read_line(&mut second).unwrap();
        assert!(second.contains("frames read"), "{second}");
        let address = first.split_once("http://").unwrap().1;
        let address = address.split(';').next().unwrap().parse().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&said);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                lines.lock().unwrap().push(line);
            }
        });
        Self {
            child,
            address,
            said,
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect_timeout(&self.address, SOON).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends octets, and reads until the server closes. It may do so before it has them all.
    pub(crate) fn exchange(&self, octets: &[u8]) -> String {
        let mut stream = self.connect();
        drop(stream.write_all(octets));
        read(stream)
    }

    /// The same, and says that nothing more comes: of what is no request it is not waited for.
    pub(crate) fn exchange_all(&self, octets: &[u8]) -> String {
        let mut stream = self.connect();
        let sent = stream.write_all(octets);
        drop(sent.and_then(|()| stream.shutdown(Shutdown::Write)));
        read(stream)
    }

    /// Sends a request that is as it should be, but for further headers.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            )
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nConnection: close\r\n{length}{headers}\r\n\r\n{body}"
        );
        Answer::parse(&self.exchange(request.as_bytes()))
    }

    /// Gets a path as one may.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &allowed(), "")
    }

    /// Every path that it says it has, with those below `/api`.
    pub(crate) fn paths(&self) -> Vec<String> {
        let index: serde_json::Value = serde_json::from_str(&self.get("/").body).unwrap();
        let endpoints = index["endpoints"].as_array().unwrap().iter();
        let paths = endpoints.map(|endpoint| endpoint["path"].as_str().unwrap().to_owned());
        let mut paths: Vec<String> = paths.collect();
        let below = paths.iter().filter(|path| path.starts_with("/mcp/"));
        let below: Vec<String> = below.map(|path| format!("/api{path}")).collect();
        paths.extend(below);
        paths
    }

    /// What it said so far, once a line has this in it.
    pub(crate) fn said_with(&self, part: &str) -> Vec<String> {
        for _ in 0..500 {
            let said = self.said.lock().unwrap().clone();
            if said.iter().any(|line| line.contains(part)) {
                return said;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it never said {part}: {:?}", self.said.lock().unwrap());
    }

    /// Octets in memory.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kib.parse::<u64>().unwrap() * 1024
    }

    /// Holds that it answers, and soon.
    pub(crate) fn assert_answers(&self) {
        for (path, headers) in [("/mcp/flows?limit=1", &*allowed()), ("/healthz", "Host: x")] {
            let mut stream = self.connect();
            stream.set_read_timeout(Some(SOON)).unwrap();
            let ask = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n\r\n");
            stream.write_all(ask.as_bytes()).unwrap();
            let answer = Answer::parse(&read(stream));
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn read(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// The headers of a request that may be answered.
pub(crate) fn allowed() -> String {
    format!("Host: localhost\r\nAuthorization: Bearer {TOKEN}")
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// 0 where nothing did.
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Self {
            status: status.unwrap_or(0),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    /// Whether it is an error as all are.
    pub(crate) fn is_error(&self) -> bool {
        let body: Result<serde_json::Value, _> = serde_json::from_str(&self.body);
        self.head.contains("content-type: application/json")
            && body.is_ok_and(|body| body["error"].is_string() || body["error"].is_object())
    }
}
