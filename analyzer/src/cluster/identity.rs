//! Who an end is: the words of the answer, shared by all flows of that end.
//!
//! **Shape** an [`Identity`] holds no address, so a cluster has few of them; an [`IdentityId`]
//! stands for one within a directory, and ids order as the identities do.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Number of an identity within its [`crate::cluster::Directory`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdentityId(pub(super) u32);

impl IdentityId {
    /// Its index among [`crate::cluster::Directory::identities`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The identity at an index among [`crate::cluster::Directory::identities`].
    #[must_use]
    pub fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// Number of an owner within its [`crate::cluster::Directory`]; numbers order as owners do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OwnerId(u32);

/// What an end is.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// A pod.
    Pod,
    /// A service's own address, seen before it was translated.
    Service,
    /// A node, or a machine or network that `--names` names.
    Node,
    /// Outside the cluster.
    External,
    /// Inside the cluster's ranges, with no owner known at that time.
    Unresolved,
}

impl EndKind {
    /// Its name in answers and parameters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Service => "service",
            Self::Node => "node",
            Self::External => "external",
            Self::Unresolved => "unresolved",
        }
    }
}

/// How it is known whose address an end's is.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum IdentityBasis {
    /// The pod's status had it at that time.
    PodIp,
    /// It is the node's, and the pod declares this port of it.
    HostPort,
    /// It is the service's own: a cluster IP, an external IP or a load balancer's address.
    ServiceIp,
    /// It is a node's, and the port is the service's node port.
    NodePort,
    /// The node's object has it, network plugins' annotations included.
    NodeAddress,
    /// A pod says that its node has it.
    HostIp,
    /// It is the first of the node's pod range, where bridges and tunnels are.
    PodCidr,
    /// A names file has it.
    NamesFile,
    /// An object of the cluster had it at another time, or names a pod there that is not known.
    ClusterAddress,
    /// It is in one of the cluster's ranges.
    ClusterRange,
    /// Loopback, link-local, multicast or broadcast: it is of no cluster, and leaves none.
    LinkRange,
    /// Nothing that is known has it.
    Nothing,
}

impl IdentityBasis {
    /// Every one, in order.
    pub const ALL: [Self; 12] = [
        Self::PodIp,
        Self::HostPort,
        Self::ServiceIp,
        Self::NodePort,
        Self::NodeAddress,
        Self::HostIp,
        Self::PodCidr,
        Self::NamesFile,
        Self::ClusterAddress,
        Self::ClusterRange,
        Self::LinkRange,
        Self::Nothing,
    ];

    /// What an end is that is known so.
    #[must_use]
    pub const fn kind(self) -> EndKind {
        match self {
            Self::PodIp | Self::HostPort => EndKind::Pod,
            Self::ServiceIp | Self::NodePort => EndKind::Service,
            Self::NodeAddress | Self::HostIp | Self::PodCidr | Self::NamesFile => EndKind::Node,
            Self::ClusterAddress | Self::ClusterRange | Self::LinkRange => EndKind::Unresolved,
            Self::Nothing => EndKind::External,
        }
    }

    /// Its name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PodIp => "pod_ip",
            Self::HostPort => "host_port",
            Self::ServiceIp => "service_ip",
            Self::NodePort => "node_port",
            Self::NodeAddress => "node_address",
            Self::HostIp => "host_ip",
            Self::PodCidr => "pod_cidr",
            Self::NamesFile => "names_file",
            Self::ClusterAddress => "cluster_address",
            Self::ClusterRange => "cluster_range",
            Self::LinkRange => "link_range",
            Self::Nothing => "nothing",
        }
    }
}

/// How the service of an end is known.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ServiceBasis {
    /// The service's address was the one called.
    Called,
    /// The service's endpoints hold the end's address.
    Endpoint,
}

impl ServiceBasis {
    /// Its name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Called => "called",
            Self::Endpoint => "endpoint",
        }
    }
}

/// The top owner of a pod.
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
pub struct Workload {
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `CronJob`, …; `Pod` for a pod of its own.
    pub kind: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// Who an end is; what is unknown is `None`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Identity {
    /// What it is.
    pub kind: EndKind,
    /// How that is known.
    pub basis: IdentityBasis,
    /// The pod's namespace; without a pod, the service's.
    pub namespace: Option<Arc<str>>,
    /// The pod's name.
    pub pod: Option<Arc<str>>,
    /// Tells pods of one name apart.
    pub pod_uid: Option<Arc<str>>,
    /// The pod's top owner.
    pub workload: Option<Workload>,
    /// The pod's node, the node itself, or the name that stands for the address.
    pub node: Option<Arc<str>>,
    /// The pod's container, when it has exactly one and never had another.
    pub container_id: Option<Arc<str>>,
    /// The service.
    pub service: Option<Arc<str>>,
    /// How the service is known; set with `service`.
    pub service_basis: Option<ServiceBasis>,
    /// The service's port, for a service called at a port it has.
    pub service_port: Option<u16>,
}

impl OwnerId {
    /// The owner of what no directory knows.
    pub(super) const NOBODY: Self = Self(u32::MAX);
}

impl Identity {
    /// An identity of which only this is known.
    #[must_use]
    pub const fn of(basis: IdentityBasis) -> Self {
        Self {
            kind: basis.kind(),
            basis,
            namespace: None,
            pod: None,
            pod_uid: None,
            workload: None,
            node: None,
            container_id: None,
            service: None,
            service_basis: None,
            service_port: None,
        }
    }

    /// The same end, reached through a service.
    #[must_use]
    pub fn called(&self, service: &Self) -> Self {
        if self.kind == EndKind::Service {
            return self.clone();
        }
        let own = self.namespace.clone().filter(|_| self.pod.is_some());
        Self {
            namespace: own.or_else(|| service.namespace.clone()),
            service: service.service.clone(),
            service_basis: Some(ServiceBasis::Called),
            service_port: service.service_port,
            ..self.clone()
        }
    }

    /// What owns the address, whichever service it serves at the time.
    ///
    /// Two identities of one pod differ when its endpoints change; their owners do not.
    #[must_use]
    pub fn owner(&self) -> EndOwner<'_> {
        let called = self.service_basis == Some(ServiceBasis::Called);
        EndOwner {
            kind: self.kind,
            namespace: self
                .namespace
                .as_deref()
                .filter(|_| self.pod.is_some() || called),
            pod: self.pod.as_deref(),
            pod_uid: self.pod_uid.as_deref(),
            node: self.node.as_deref(),
            service_called: self.service.as_deref().filter(|_| called),
        }
    }
}

/// The part of an [`Identity`] that says whose address it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EndOwner<'a> {
    /// What it is.
    pub kind: EndKind,
    /// The pod's namespace, or that of the service called.
    pub namespace: Option<&'a str>,
    /// The pod's name.
    pub pod: Option<&'a str>,
    /// Tells pods of one name apart.
    pub pod_uid: Option<&'a str>,
    /// The node.
    pub node: Option<&'a str>,
    /// The service whose own address it is.
    pub service_called: Option<&'a str>,
}

/// The number of each identity's owner.
pub(super) fn owners(identities: &[Identity]) -> Vec<OwnerId> {
    let mut in_order: Vec<(EndOwner<'_>, usize)> =
        identities.iter().map(Identity::owner).zip(0..).collect();
    // Identities come in nearly this order.
    in_order.sort();
    let mut owners = vec![OwnerId::NOBODY; identities.len()];
    let same = in_order.chunk_by(|(one, _), (other, _)| one == other);
    for (number, same) in (0..).map(OwnerId).zip(same) {
        for (_, place) in same {
            if let Some(owner) = owners.get_mut(*place) {
                *owner = number;
            }
        }
    }
    owners
}

/// Gives equal identities one number, in the order of their first use.
///
/// They are boxed: the map moves its keys about, and an identity is large.
#[derive(Default)]
pub(super) struct Interner(BTreeMap<Box<Identity>, u32>);

impl Interner {
    /// The number of an identity; at most `u32::MAX` of them are told apart.
    pub(super) fn intern(&mut self, identity: Identity) -> IdentityId {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        IdentityId(*self.0.entry(Box::new(identity)).or_insert(next))
    }

    /// The identities in order, and for each number given out the place in that order.
    pub(super) fn finish(self) -> (Vec<Identity>, Vec<IdentityId>) {
        let mut places = vec![IdentityId(0); self.0.len()];
        let mut identities = Vec::with_capacity(self.0.len());
        for (place, (identity, given)) in (0_u32..).zip(self.0) {
            if let Some(slot) = places.get_mut(given as usize) {
                *slot = IdentityId(place);
            }
            identities.push(*identity);
        }
        (identities, places)
    }
}
