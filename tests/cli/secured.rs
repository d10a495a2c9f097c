//! A server with a token and a certificate, and the commands that ask it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::files;
use crate::run::{Outcome, command, outcome};
use crate::server::Server;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const NEXT: &str = "fedcba9876543210fedcba9876543210";

/// A folder with a token and a certificate, as a Secret is mounted: names that lead to a folder
/// that is replaced as a whole.
struct Secret(PathBuf);

impl Secret {
    fn new(name: &str) -> Self {
        let secret = Self(files::folder(name));
        for file in ["token", "tls.crt", "tls.key"] {
            link(&Path::new("..data").join(file), &secret.file(file));
        }
        secret.put("..1", TOKEN, "first");
        secret
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Replaces everything at once.
    fn put(&self, version: &str, token: &str, certificate: &str) {
        let folder = self.file(version);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("token"), token).unwrap();
        for kind in ["crt", "key"] {
            let from = files::root().join(format!("tests/certificates/{certificate}.{kind}"));
            fs::copy(from, folder.join(format!("tls.{kind}"))).unwrap();
        }
        link(Path::new(version), &self.file("..new"));
        fs::rename(self.file("..new"), self.file("..data")).unwrap();
    }

    /// A server of the shop with all of it.
    fn serve(&self) -> Server {
        let folder = self.0.display();
        Server::start(
            &format!(
                "captures/shop --token-file {folder}/token --tls-cert {folder}/tls.crt --tls-key \
                 {folder}/tls.key"
            ),
            b"",
        )
    }
}

fn link(to: &Path, at: &Path) {
    drop(fs::remove_file(at));
    std::os::unix::fs::symlink(to, at).unwrap();
}

fn asked(server: &Server, arguments: &str, token: &str, ca: &Path) -> Outcome {
    let url = format!("https://{}", server.address);
    let mut command = command(&format!("{arguments} --url {url} --ca {}", ca.display()));
    command.env("PILOTFISH_TOKEN", token);
    outcome(command)
}

#[test]
fn every_command_that_asks_a_server_shows_a_token_and_trusts_who_it_is_told_to() {
    let secret = Secret::new("secured");
    let server = secret.serve();
    let url = format!("https://{}", server.address);
    let trusted = secret.file("tls.crt");
    let (ca, token) = (trusted.display(), secret.file("token"));
    for asks in [
        "flows --limit 3",
        "summary",
        "connections --limit 3",
        "workloads",
        "dependencies",
        "flows --limit 20000 -o csv",
    ] {
        let read = outcome(command(&format!("{asks} captures/shop")));
        let by_variable = asked(&server, asks, TOKEN, &trusted);
        assert_eq!(
            by_variable.stdout, read.stdout,
            "{asks}: {}",
            by_variable.stderr
        );
        let options = format!("--url {url} --ca {ca} --token-file {}", token.display());
        let by_file = outcome(command(&format!("{asks} {options}")));
        assert_eq!(by_file.stdout, read.stdout, "{asks}: {}", by_file.stderr);
        let refused = asked(&server, asks, NEXT, &trusted);
        assert_eq!(refused.status.code(), Some(2), "{asks}");
        assert!(
            refused
                .stderr
                .contains("error: authorization: another token"),
            "{asks}"
        );
    }
    let same = asked(&server, "diff captures/shop", TOKEN, &trusted);
    assert!(
        same.stdout.starts_with("nothing differs"),
        "{}",
        same.stderr
    );
    let other = files::root().join("tests/certificates/second.crt");
    let refused = asked(&server, "flows", TOKEN, &other);
    assert!(
        refused
            .stderr
            .contains("UnknownIssuer; expected a certificate"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_secret_that_is_replaced_counts_soon_and_the_one_before_no_longer() {
    let secret = Secret::new("replaced");
    let server = secret.serve();
    let first = files::root().join("tests/certificates/first.crt");
    let second = files::root().join("tests/certificates/second.crt");
    let asks = |token, ca| asked(&server, "summary", token, ca).status.success();
    assert!(asks(TOKEN, &first));
    secret.put("..2", NEXT, "second");
    let is_replaced = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(50));
        asks(NEXT, &second)
    });
    assert!(is_replaced);
    assert!(!asks(TOKEN, &second) && !asks(NEXT, &first));
}

#[test]
fn no_token_is_written_into_settings() {
    let mut plain = command("mcp --url https://pilotfish.tools:8898 --print-config");
    let direct = outcome(command(
        "mcp --url https://pilotfish.tools:8898 --print-config",
    ));
    assert!(
        direct
            .stdout
            .contains("\"url\": \"https://pilotfish.tools:8898/mcp\"")
    );
    plain.env("PILOTFISH_TOKEN", TOKEN);
    let printed = outcome(plain);
    assert!(!printed.stdout.contains(TOKEN), "{}", printed.stdout);
    assert!(
        printed.stdout.contains("\"command\": "),
        "{}",
        printed.stdout
    );
}
