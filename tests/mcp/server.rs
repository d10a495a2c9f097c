//! A server that has read the shop, and its answers as octets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::{Value, json};

/// The binary in the repository's root, with nothing of the environment.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilotfish"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear();
    command
}

/// A running server, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
    /// Open, so that it can go on to write.
    _stderr: BufReader<ChildStderr>,
}

impl Server {
    /// A server that has read all of the shop.
    pub(crate) fn of_shop() -> Self {
        let mut child = command(&["replay", "captures/shop", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split(';').next());
        let address = address.unwrap().to_owned();
        // The next line says that everything was read.
        stderr.read_line(&mut line).unwrap();
        Self {
            child,
            address,
            _stderr: stderr,
        }
    }

    /// The status and the body of an answer to `POST path`.
    pub(crate) fn post(&self, path: &str, headers: &[&str], body: &str) -> (u16, Value) {
        let mut lines = vec![
            format!("POST {path} HTTP/1.1"),
            "Host: localhost".to_owned(),
        ];
        lines.extend(headers.iter().map(ToString::to_string));
        lines.push(format!("Content-Length: {}", body.len()));
        lines.extend(["Connection: close", "", body].map(str::to_owned));
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(lines.join("\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(head.contains("content-type: application/json"), "{answer}");
        (status, serde_json::from_str(body).unwrap())
    }

    /// The answer of a tool.
    pub(crate) fn call(&self, tool: &str, arguments: &Value) -> Value {
        let body = json!({"name": tool, "arguments": arguments}).to_string();
        let (status, answer) = self.post("/api/mcp/tools/call", &[], &body);
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
