//! A client of an API server, made before the process gives up what it does not need any more.
//!
//! In: a source. Out: a client, where its server is, and the files it will read again.
//! **Errors** [`ConnectionError`]: a configuration that can not be used. Whether the server
//! answers is not asked.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use kube::Client;
use kube::config::{Config, InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use tokio::runtime::{Builder, Runtime};

use crate::cluster::source::{ClusterSource, SERVICE_ACCOUNT};

/// A client that is ready to watch.
pub struct Connection {
    /// The server's address as its configuration has it.
    pub server: String,
    /// The host of that address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Files and folders that are read while it runs: tokens and authorities change.
    pub read_again: Vec<PathBuf>,
    /// What to know before it is relied on.
    pub warnings: Vec<String>,
    pub(super) runtime: Runtime,
    pub(super) client: Client,
    pub(super) listing: Listing,
}

/// How the objects that are there are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Listing {
    /// As streams, if the server's version has them.
    #[default]
    AsTheServerCan,
    /// As streams.
    Streams,
    /// In pages, then watched.
    Pages,
}

/// A configuration that can not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The service account of a pod.
    #[error("the pod's service account can not be used: {0}; is automountServiceAccountToken off?")]
    InCluster(#[from] InClusterError),
    /// A kubeconfig file.
    #[error("{file}: {error}; expected a kubeconfig as kubectl has it")]
    Kubeconfig {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: Box<KubeconfigError>,
    },
    /// The client.
    #[error("no client for {server}: {error}")]
    Client {
        /// The server.
        server: String,
        /// What is wrong.
        error: Box<kube::Error>,
    },
    /// The runtime.
    #[error("no runtime for the cluster's watch: {0}")]
    Runtime(#[from] io::Error),
}

impl Connection {
    /// Makes a client for an API server; `None` for a source that has none.
    ///
    /// # Errors
    /// When the configuration can not be read or used.
    pub fn open(source: &ClusterSource) -> Result<Option<Self>, ConnectionError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        match source {
            ClusterSource::InCluster => {
                let config = Config::incluster()?;
                let read_again = vec![PathBuf::from(SERVICE_ACCOUNT)];
                Self::of(runtime, config, read_again).map(Some)
            }
            ClusterSource::Kubeconfig(files) => {
                let config = runtime.block_on(kubeconfig(files))?;
                let read_again = read_again(&config, files);
                let warnings = token_warning(&config).into_iter().collect();
                let connection = Self::of(runtime, config, read_again)?;
                Ok(Some(Self {
                    warnings,
                    ..connection
                }))
            }
            ClusterSource::Files(_) | ClusterSource::None => Ok(None),
        }
    }

    /// The same, asking for lists in one way.
    #[must_use]
    pub fn with_listing(mut self, listing: Listing) -> Self {
        self.listing = listing;
        self
    }

    fn of(
        runtime: Runtime,
        config: Config,
        read_again: Vec<PathBuf>,
    ) -> Result<Self, ConnectionError> {
        let url = config.cluster_url.clone();
        let server = url.to_string().trim_end_matches('/').to_owned();
        let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = url.port_u16();
        let client = {
            let _inside = runtime.enter();
            Client::try_from(config)
        };
        let client = client.map_err(|error| ConnectionError::Client {
            server: server.clone(),
            error: Box::new(error),
        })?;
        Ok(Self {
            host: host.to_owned(),
            port: port.unwrap_or(if server.starts_with("http:") { 80 } else { 443 }),
            server,
            read_again,
            warnings: Vec::new(),
            runtime,
            client,
            listing: Listing::default(),
        })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("server", &self.server)
            .field("read_again", &self.read_again)
            .finish_non_exhaustive()
    }
}

/// Several files are one, the first to say something says it.
async fn kubeconfig(files: &[PathBuf]) -> Result<Config, ConnectionError> {
    let wrong = |file: &Path, error| ConnectionError::Kubeconfig {
        file: file.to_owned(),
        error: Box::new(error),
    };
    let mut all = Kubeconfig::default();
    let mut last = Path::new("");
    for file in files {
        last = file;
        let one = Kubeconfig::read_from(file).map_err(|error| wrong(file, error))?;
        all = all.merge(one).map_err(|error| wrong(file, error))?;
    }
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(all, &options).await;
    config.map_err(|error| wrong(last, error))
}

/// What to know where a program gives the token: it is run now, and can not be run again once the
/// process has given up what it does not need.
fn token_warning(config: &Config) -> Option<String> {
    let auth = &config.auth_info;
    let program = match (&auth.exec, &auth.auth_provider) {
        (Some(exec), _) => exec.command.as_deref().unwrap_or("exec"),
        (None, Some(provider)) => provider.name.as_str(),
        (None, None) => return None,
    };
    Some(format!(
        "the kubeconfig's token comes from a program (`{program}`), which can not be run again once \
         privileges are given up: when the token expires, names stop following the cluster until \
         pilotfish is started again; use a kubeconfig with a client certificate, a tokenFile, or a \
         service account's token (kubectl create token)"
    ))
}

/// What a client made of kubeconfig files reads while it runs.
fn read_again(config: &Config, files: &[PathBuf]) -> Vec<PathBuf> {
    let mut read: Vec<PathBuf> = files.to_vec();
    read.extend(config.auth_info.token_file.clone().map(PathBuf::from));
    let host = config.cluster_url.host().unwrap_or_default();
    if host
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>()
        .is_err()
    {
        // A name is looked up each time.
        read.extend(["/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf"].map(PathBuf::from));
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_kubeconfig_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kubeconfig");
        let source = ClusterSource::Kubeconfig(vec![file.clone()]);
        for text in [None, Some("{"), Some("apiVersion: v1\nkind: Config\n")] {
            if let Some(text) = text {
                std::fs::write(&file, text).unwrap();
            }
            let error = Connection::open(&source).unwrap_err().to_string();
            assert!(error.starts_with(&file.display().to_string()), "{error}");
        }
    }

    #[test]
    fn a_server_is_known_by_host_and_port() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kubeconfig");
        for (server, host, port, by_name) in [
            ("https://10.96.0.1", "10.96.0.1", 443, false),
            ("https://[fd00::1]:6443", "fd00::1", 6443, false),
            ("http://api.example:8080", "api.example", 8080, true),
        ] {
            let text = format!(
                "clusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\n\
                 contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
                 users: [{{name: u, user: {{token: t}}}}]\n\
                 current-context: c\n"
            );
            std::fs::write(&file, text).unwrap();
            let source = ClusterSource::Kubeconfig(vec![file.clone()]);
            let connection = Connection::open(&source).unwrap().unwrap();
            assert_eq!(connection.server, server);
            assert_eq!((connection.host.as_str(), connection.port), (host, port));
            let hosts = PathBuf::from("/etc/hosts");
            assert_eq!(connection.read_again.contains(&hosts), by_name);
        }
    }

    #[test]
    fn a_token_that_a_program_gives_is_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kubeconfig");
        let credential = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}"#;
        let exec = format!(
            "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: echo, args: ['{credential}'], interactiveMode: Never}}}}"
        );
        for (user, is_warned) in [("{token: t}", false), (exec.as_str(), true)] {
            let text = format!(
                "clusters: [{{name: c, cluster: {{server: \"https://10.96.0.1\"}}}}]\n\
                 contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
                 users: [{{name: u, user: {user}}}]\n\
                 current-context: c\n"
            );
            std::fs::write(&file, text).unwrap();
            let source = ClusterSource::Kubeconfig(vec![file.clone()]);
            let connection = Connection::open(&source).unwrap().unwrap();
            let warned: Vec<bool> = connection
                .warnings
                .iter()
                .map(|warning| warning.contains("`echo`"))
                .collect();
            assert_eq!(warned, vec![true; usize::from(is_warned)]);
        }
    }

    #[test]
    fn files_have_no_server() {
        let source = ClusterSource::Files(vec!["cluster.yaml".into()]);
        assert!(Connection::open(&source).unwrap().is_none());
    }
}
