//! `pilotfish live`, the binary, following a cluster.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;

use crate::sending::INTERFACES;

/// A running node.
pub(crate) struct Node {
    binary: PathBuf,
    child: Child,
    address: String,
    /// It writes there until it ends.
    _stderr: BufReader<ChildStderr>,
}

impl Node {
    /// Where the binary is: `PILOTFISH`, else where cargo builds it beside this test. `None`, said
    /// aloud, where it was not built, unless it has to be there.
    pub(crate) fn binary() -> Option<PathBuf> {
        let built = env::current_exe().unwrap();
        let beside = built.parent().unwrap().with_file_name("pilotfish");
        let binary = env::var_os("PILOTFISH").map_or(beside, PathBuf::from);
        if binary.is_file() {
            return Some(binary);
        }
        let word = format!("SKIPPED: no {}; cargo build makes it", binary.display());
        assert!(env::var_os("PILOTFISH_NEEDS_ASSETS").is_none(), "{word}");
        writeln!(io::stderr(), "{word}").unwrap();
        None
    }

    /// Starts it on the interfaces of the tests' pods.
    pub(crate) fn start(binary: &Path, kubeconfig: &Path) -> Self {
        let mut child = Command::new(binary)
            .args(["live", "--listen", "127.0.0.1:0", "--node", "node-1"])
            .args(["--interface", INTERFACES, "--kubeconfig"])
            .arg(kubeconfig)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let before = said.len();
            assert!(stderr.read_line(&mut said).unwrap() > 0, "it ended: {said}");
            if let Some(rest) = said[before..].strip_prefix("pilotfish: serving on http://") {
                break rest.split(';').next().unwrap().to_owned();
            }
        };
        Self {
            binary: binary.to_owned(),
            child,
            address,
            _stderr: stderr,
        }
    }

    /// The flows from an address.
    pub(crate) fn flows(&self, client: &str) -> Value {
        let output = Command::new(&self.binary)
            .args(["flows", "--format", "full", "-o", "json", "--window", "1h"])
            .args(["--client-ip", client])
            .args(["--url", &format!("http://{}", self.address)])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The clients' pods of these flows, each in a word; one that is not known is empty.
    pub(crate) fn pods_of(&self, client: &str) -> Vec<String> {
        let answer = self.flows(client);
        let flows = answer["flows"].as_array().unwrap().iter();
        let pod = |flow: &Value| {
            flow["client"]["pod"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        flows.map(pod).collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
