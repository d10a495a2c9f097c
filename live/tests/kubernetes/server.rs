//! A Kubernetes API server with its etcd, on loopback, for as long as a test needs them.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use kube::Client;
use kube::api::GetParams;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The token of whoever may do anything.
const ADMIN: &str = "all-is-allowed";

/// One at a time: each takes a third of a gigabyte and some seconds of a processor.
static ONE: Mutex<()> = Mutex::new(());

/// Which lists a server can give.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// As streams, and in pages.
    Streamed,
    /// In pages alone.
    InPages,
}

/// A running API server, as an administrator sees it.
pub(crate) struct ApiServer {
    folder: TempDir,
    binary: PathBuf,
    etcd: Child,
    server: Option<Child>,
    etcd_port: u16,
    port: u16,
    /// Runs what the test asks of the server.
    pub(crate) runtime: Runtime,
    _turn: MutexGuard<'static, ()>,
}

/// Where an executable of the tests is: `KUBEBUILDER_ASSETS`, else where `apiserver/build` puts it.
pub(crate) fn asset(name: &str) -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let cache = || Some(variable("HOME")?.join(".cache/pilotfish/assets"));
    let folders = [
        variable("KUBEBUILDER_ASSETS"),
        variable("PILOTFISH_ASSETS").or_else(cache),
    ];
    let files = folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join(name));
    files.into_iter().find(|file| file.is_file())
}

/// Says that something was not built, unless it has to be there.
pub(crate) fn steps_aside(what: &str) {
    let word = format!("SKIPPED: no {what} for the tests; live/tests/apiserver/build makes them");
    let needed = std::env::var_os("PILOTFISH_NEEDS_ASSETS").is_some();
    assert!(!needed, "{word}");
    // Not by a macro, whose words the harness keeps to itself when a test passes.
    writeln!(io::stderr(), "{word}").unwrap();
}

impl ApiServer {
    /// Starts both; `None`, and a word about it, where they were not built.
    pub(crate) fn start() -> Option<Self> {
        let (Some(etcd), Some(binary)) = (asset("etcd"), asset("kube-apiserver")) else {
            steps_aside("etcd and kube-apiserver");
            return None;
        };
        let turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        key_pair(folder.path());
        let tokens = format!("{ADMIN},admin,1,system:masters\n");
        fs::write(folder.path().join("tokens.csv"), tokens).unwrap();
        let (etcd_port, peer_port, port) = (free_port(), free_port(), free_port());
        let etcd = start_etcd(&etcd, folder.path(), etcd_port, peer_port);
        let mut server = Self {
            folder,
            binary,
            etcd,
            server: None,
            etcd_port,
            port,
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            _turn: turn,
        };
        server.start_again(server.port, Lists::Streamed);
        Some(server)
    }

    /// The port that clients know.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Stops the API server; what it knows stays.
    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Starts the API server again, at any port, and waits until it is ready.
    pub(crate) fn start_again(&mut self, port: u16, lists: Lists) {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let mut command = Command::new(&self.binary);
        command
            .arg(format!(
                "--etcd-servers=http://127.0.0.1:{}",
                self.etcd_port
            ))
            .arg(format!("--secure-port={port}"))
            .arg(format!("--cert-dir={}", file("certificates")))
            .arg(format!("--token-auth-file={}", file("tokens.csv")))
            .arg(format!(
                "--service-account-key-file={}",
                file("accounts.public")
            ))
            .arg(format!(
                "--service-account-signing-key-file={}",
                file("accounts.key")
            ))
            .args([
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--endpoint-reconciler-type=none",
                "--allow-privileged=true",
                // No controller makes the account that this would put into every pod.
                "--disable-admission-plugins=ServiceAccount",
            ]);
        if lists == Lists::InPages {
            command.arg("--feature-gates=WatchList=false");
        }
        self.server = Some(start(&mut command, &self.folder.path().join("server.log")));
        self.wait(port);
    }

    /// A file for a client that bears a token; without one, the administrator's.
    pub(crate) fn kubeconfig(&self, token: Option<&str>) -> PathBuf {
        self.kubeconfig_at(self.port, token)
    }

    /// A client of the administrator.
    pub(crate) fn client(&self) -> Client {
        self.client_at(self.port)
    }

    /// A client of the administrator, of a server at another port.
    pub(crate) fn client_at(&self, port: u16) -> Client {
        let file = Kubeconfig::read_from(self.kubeconfig_at(port, None)).unwrap();
        let options = KubeConfigOptions::default();
        self.runtime.block_on(async {
            let config = Config::from_custom_kubeconfig(file, &options).await;
            Client::try_from(config.unwrap()).unwrap()
        })
    }

    /// Makes etcd forget all versions but the last.
    pub(crate) fn compact(&self) {
        let answer = self.ask_etcd("/v3/kv/range", r#"{"key":"AA=="}"#);
        let revision = answer.split("\"revision\":\"").nth(1).unwrap();
        let revision = revision.split('"').next().unwrap();
        let request = format!(r#"{{"revision":"{revision}","physical":true}}"#);
        let answer = self.ask_etcd("/v3/kv/compaction", &request);
        assert!(answer.contains("200 OK"), "{answer}");
    }

    fn ask_etcd(&self, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.etcd_port)).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn kubeconfig_at(&self, port: u16, token: Option<&str>) -> PathBuf {
        let authority = self.folder.path().join("certificates/apiserver.crt");
        let name = format!("kubeconfig-{port}-{}", token.map_or(0, str::len));
        let path = self.folder.path().join(name);
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             clusters: [{{name: test, cluster: {{server: \"https://127.0.0.1:{port}\", \
             certificate-authority: \"{}\"}}}}]\n\
             contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n\
             users: [{{name: test, user: {{token: \"{}\"}}}}]\n",
            authority.display(),
            token.unwrap_or(ADMIN)
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn wait(&mut self, port: u16) {
        let log = self.folder.path().join("server.log");
        for _ in 0..600 {
            sleep(Duration::from_millis(200));
            let server = self.server.as_mut().unwrap();
            if let Some(status) = server.try_wait().unwrap() {
                let text = fs::read_to_string(&log).unwrap();
                let last: Vec<&str> = text.lines().rev().take(10).collect();
                panic!("the API server ended with {status}: {last:#?}");
            }
            if self
                .folder
                .path()
                .join("certificates/apiserver.crt")
                .exists()
                && self.is_ready(port)
            {
                return;
            }
        }
        panic!("the API server is not ready after two minutes");
    }

    fn is_ready(&self, port: u16) -> bool {
        let client = self.client_at(port);
        let request = kube::core::Request::new("").get("readyz", &GetParams::default());
        let mut request = request.unwrap();
        *request.uri_mut() = "/readyz".parse().unwrap();
        let answer = self.runtime.block_on(client.request_text(request));
        answer.is_ok_and(|text| text == "ok")
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        for process in [self.server.as_mut(), Some(&mut self.etcd)]
            .into_iter()
            .flatten()
        {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn start_etcd(binary: &Path, folder: &Path, port: u16, peer_port: u16) -> Child {
    let (url, peer_url) = (
        format!("http://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{peer_port}"),
    );
    let mut command = Command::new(binary);
    command
        .arg("--data-dir")
        .arg(folder.join("etcd"))
        .args([
            "--listen-client-urls",
            &url,
            "--advertise-client-urls",
            &url,
        ])
        .args(["--listen-peer-urls", &peer_url])
        .args(["--initial-advertise-peer-urls", &peer_url])
        .args(["--initial-cluster", &format!("default={peer_url}")])
        .args(["--unsafe-no-fsync", "--log-level", "error"]);
    start(&mut command, &folder.join("etcd.log"))
}

fn start(command: &mut Command, log: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log).unwrap();
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(log).spawn().unwrap()
}

/// What comes before the point of a public key on the curve P-256 (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The keys that service accounts' tokens are signed with, and checked.
fn key_pair(folder: &Path) {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let private = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref(), &random).unwrap();
    let public = [&P256, pair.public_key().as_ref()].concat();
    for (name, kind, key) in [
        ("accounts.key", "PRIVATE KEY", private.as_ref()),
        ("accounts.public", "PUBLIC KEY", &public),
    ] {
        let text = pem::encode(&pem::Pem::new(kind, key));
        fs::write(folder.join(name), text).unwrap();
    }
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
