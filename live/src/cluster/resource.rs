//! The resources that are watched, and how much of each.
//!
//! **Shape** the verbs asked for are `list` and `watch`, on these and on nothing else: the
//! `ClusterRole` of `deploy/kubernetes` has the same table. `Endpoints` are not watched: the cluster
//! mirrors them into endpoint slices.

/// A resource of the API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resource {
    /// Its API group; empty for the core.
    pub group: &'static str,
    /// The version asked for.
    pub version: &'static str,
    /// Its name in paths and rules.
    pub plural: &'static str,
    /// The kind of its objects.
    pub kind: &'static str,
    /// How much of an object is asked for.
    pub detail: Detail,
    /// Whether every cluster has it.
    pub presence: Presence,
}

/// How much of an object is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// All of it.
    Whole,
    /// Its metadata: names and owners.
    Metadata,
}

/// Whether every cluster has a resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// Each that is supported.
    Always,
    /// Newer ones, or those with a certain network plugin.
    Sometimes,
}

impl Resource {
    /// Group and version, as objects say it.
    #[must_use]
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }
}

/// What is watched.
pub const RESOURCES: [Resource; 10] = [
    core("pods", "Pod", Detail::Whole),
    core("services", "Service", Detail::Whole),
    core("nodes", "Node", Detail::Whole),
    core("namespaces", "Namespace", Detail::Metadata),
    Resource {
        group: "discovery.k8s.io",
        ..core("endpointslices", "EndpointSlice", Detail::Whole)
    },
    Resource {
        group: "apps",
        ..core("replicasets", "ReplicaSet", Detail::Metadata)
    },
    Resource {
        group: "batch",
        ..core("jobs", "Job", Detail::Metadata)
    },
    Resource {
        group: "networking.k8s.io",
        presence: Presence::Sometimes,
        ..core("servicecidrs", "ServiceCIDR", Detail::Whole)
    },
    Resource {
        group: "crd.projectcalico.org",
        presence: Presence::Sometimes,
        ..core("ippools", "IPPool", Detail::Whole)
    },
    Resource {
        group: "cilium.io",
        version: "v2",
        presence: Presence::Sometimes,
        ..core("ciliumnodes", "CiliumNode", Detail::Whole)
    },
];

const fn core(plural: &'static str, kind: &'static str, detail: Detail) -> Resource {
    Resource {
        group: "",
        version: "v1",
        plural,
        kind,
        detail,
        presence: Presence::Always,
    }
}
