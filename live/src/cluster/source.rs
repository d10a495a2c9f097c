//! Where the cluster's objects come from.
//!
//! In: what was asked for, and the environment. Out: one source, and a line that says which.
//! **Shape** in a pod the service account, then `--kubeconfig`, then `KUBECONFIG`, then
//! `--cluster`, then none. `~/.kube/config` is not looked at: whose packets a machine sees has
//! nothing to do with the cluster its user looked at last.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Where a pod finds its service account's token, authority and namespace.
pub const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What tells a pod the address of the API server's service.
const SERVICE_HOST: &str = "KUBERNETES_SERVICE_HOST";

/// What there is to choose from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offered {
    /// Whether a pod's service account and the address of its server are there.
    pub in_cluster: bool,
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// The files that `KUBECONFIG` names.
    pub kubeconfig_variable: Vec<PathBuf>,
    /// `--cluster`.
    pub cluster_files: Vec<PathBuf>,
}

/// Where the cluster's objects come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClusterSource {
    /// The API server, with the service account of the pod this runs in.
    InCluster,
    /// The API server that these files name.
    Kubeconfig(Vec<PathBuf>),
    /// Files of objects.
    Files(Vec<PathBuf>),
    /// Nowhere: ends but this machine are addresses.
    None,
}

/// A source, with what was asked for and is not used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The source.
    pub source: ClusterSource,
    /// What another source came before.
    pub unused: Vec<&'static str>,
}

/// The address of the API server's service, in a pod.
#[must_use]
pub fn service_address() -> Option<IpAddr> {
    std::env::var(SERVICE_HOST).ok()?.parse().ok()
}

impl Offered {
    /// What was asked for on the command line, with what the environment offers.
    #[must_use]
    pub fn here(kubeconfig: Option<PathBuf>, cluster_files: Vec<PathBuf>) -> Self {
        let variable = std::env::var_os("KUBECONFIG").unwrap_or_default();
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            in_cluster: is_set(SERVICE_HOST)
                && is_set("KUBERNETES_SERVICE_PORT")
                && Path::new(SERVICE_ACCOUNT).join("token").exists(),
            kubeconfig,
            kubeconfig_variable: std::env::split_paths(&variable)
                .filter(|path| !path.as_os_str().is_empty())
                .collect(),
            cluster_files,
        }
    }

    /// The first there is.
    #[must_use]
    pub fn choose(self) -> Choice {
        let offers = [
            (self.in_cluster, "the service account"),
            (self.kubeconfig.is_some(), "--kubeconfig"),
            (!self.kubeconfig_variable.is_empty(), "KUBECONFIG"),
            (!self.cluster_files.is_empty(), "--cluster"),
        ];
        let offered = offers.iter().filter(|(there, _)| *there);
        let unused = offered.skip(1).map(|(_, name)| *name).collect();
        let source = if self.in_cluster {
            ClusterSource::InCluster
        } else if let Some(file) = self.kubeconfig {
            ClusterSource::Kubeconfig(vec![file])
        } else if !self.kubeconfig_variable.is_empty() {
            ClusterSource::Kubeconfig(self.kubeconfig_variable)
        } else if !self.cluster_files.is_empty() {
            ClusterSource::Files(self.cluster_files)
        } else {
            ClusterSource::None
        };
        Choice { source, unused }
    }
}

/// The one line that says which.
impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            ClusterSource::InCluster => {
                f.write_str("cluster: watched with this pod's service account")?;
            }
            ClusterSource::Kubeconfig(files) => {
                write!(f, "cluster: watched with {}", Paths(files))?;
            }
            ClusterSource::Files(files) => write!(f, "cluster: as {} says", Paths(files))?,
            ClusterSource::None => f.write_str(
                "cluster: none, so all ends but this machine are addresses; name one with \
                 --kubeconfig or --cluster",
            )?,
        }
        match self.unused.as_slice() {
            [] => Ok(()),
            unused => write!(f, " ({} not used)", unused.join(", ")),
        }
    }
}

struct Paths<'a>(&'a [PathBuf]);

impl fmt::Display for Paths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, path) in self.0.iter().enumerate() {
            let before = if place == 0 { "" } else { ", " };
            write!(f, "{before}{}", path.display())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_there_is_is_used_and_said() {
        let mut offered = Offered {
            in_cluster: true,
            kubeconfig: Some("a.conf".into()),
            kubeconfig_variable: vec!["b.conf".into(), "c.conf".into()],
            cluster_files: vec!["cluster.yaml".into()],
        };
        let mut said = Vec::new();
        let mut say = |offered: &Offered| said.push(offered.clone().choose().to_string());
        say(&offered);
        offered.in_cluster = false;
        say(&offered);
        offered.kubeconfig = None;
        say(&offered);
        offered.kubeconfig_variable.clear();
        say(&offered);
        offered.cluster_files.clear();
        say(&offered);
        insta::assert_snapshot!(said.join("\n"), @r"
        cluster: watched with this pod's service account (--kubeconfig, KUBECONFIG, --cluster not used)
        cluster: watched with a.conf (KUBECONFIG, --cluster not used)
        cluster: watched with b.conf, c.conf (--cluster not used)
        cluster: as cluster.yaml says
        cluster: none, so all ends but this machine are addresses; name one with --kubeconfig or --cluster
        ");
    }
}
