//! A node: the binary, capturing until it is told to end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The binary.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_pilotfish");

/// How long anybody waits for what takes a second or two where nothing else is at work.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who waits.
pub(crate) struct Waiting(Instant);

impl Waiting {
    #[expect(
        clippy::disallowed_methods,
        reason = "the node that is waited for has the same clock"
    )]
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn so_far(&self) -> Duration {
        self.0.elapsed()
    }

    pub(crate) fn is_too_long(&self) -> bool {
        self.so_far() > PATIENCE
    }
}

/// A running `pilotfish live`.
pub(crate) struct Node {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    address: String,
    /// What runs the binary where the node can be asked.
    asker: Box<dyn Fn() -> Command>,
}

impl Node {
    pub(crate) fn start(options: &str) -> Self {
        Self::start_with(Command::new(BINARY), options)
    }

    /// Starts it by a command that runs the binary with what is added.
    pub(crate) fn start_with(mut command: Command, options: &str) -> Self {
        let mut child = command
            .args(["live", "--listen", "127.0.0.1:0"])
            .args(options.split_whitespace())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let before = said.len();
            let read = stderr.read_line(&mut said).unwrap();
            assert!(read > 0, "it ended: {said}");
            let line = &said[before..];
            if let Some(rest) = line.strip_prefix("pilotfish: serving on http://") {
                break rest.split(';').next().unwrap().to_owned();
            }
        };
        Self {
            child,
            stderr,
            said,
            address,
            asker: Box::new(|| Command::new(BINARY)),
        }
    }

    /// Has it asked by another command, such as one in its network namespace.
    pub(crate) fn asked_by(mut self, asker: impl Fn() -> Command + 'static) -> Self {
        self.asker = Box::new(asker);
        self
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    /// Asks it with a command of ours, such as `flows --port 80`.
    pub(crate) fn ask(&self, question: &str) -> Value {
        let output = (self.asker)()
            .args(question.split_whitespace())
            .args(["-o", "json", "--url", &format!("http://{}", self.address)])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{question}: {said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Asks it until the answer is as wanted, or it takes too long; the last answer.
    pub(crate) fn ask_until(&self, question: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let waiting = Waiting::begin();
        loop {
            let answer = self.ask(question);
            if wanted(&answer) || waiting.is_too_long() {
                return answer;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The flows that filters leave, once there are so many, of which nobody waits for more.
    pub(crate) fn closed_flows(&self, filters: &str, total: usize) -> Value {
        let question = format!("flows --format full {filters}");
        self.ask_until(&question, |answer| {
            let flows = answer["flows"].as_array().unwrap();
            flows.len() >= total && flows.iter().all(|flow| flow["state"] == "closed")
        })
    }

    /// Ends it by a signal: its exit code, and all it said.
    pub(crate) fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args([signal, &id]).status();
        assert!(kill.unwrap().success());
        self.stderr.read_to_string(&mut self.said).unwrap();
        (self.child.wait().unwrap().code(), self.said.clone())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whether a test can be run; says so where it cannot.
pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    let is_root = id.is_ok_and(|id| id.stdout == b"0\n");
    if !is_root {
        eprintln!("skipped: to capture needs root, expected to be started as root");
    }
    is_root
}
