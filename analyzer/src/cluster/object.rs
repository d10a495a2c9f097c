//! Kubernetes objects, with only the fields that identity needs.
//!
//! In: what `replay` and `live` decode. Out: the content of a [`crate::cluster::Change`].
//! **Shape** absent text is `None`, absent lists are empty; a namespace is always set.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::protocol::Protocol;
use crate::time::Timestamp;

/// One object of a kind the engine knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Object {
    /// A pod.
    Pod(Pod),
    /// A service.
    Service(Service),
    /// An endpoint slice, or the older `Endpoints`.
    EndpointSlice(EndpointSlice),
    /// A node.
    Node(Node),
    /// A namespace.
    Namespace(Namespace),
    /// A replica set: between a pod and its deployment.
    ReplicaSet(Controller),
    /// A job: between a pod and its cron job.
    Job(Controller),
    /// Ranges of the cluster's addresses.
    AddressRange(AddressRange),
}

/// The kinds of [`Object`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ObjectKind {
    /// A pod.
    Pod,
    /// A service.
    Service,
    /// An endpoint slice, or the older `Endpoints`.
    EndpointSlice,
    /// A node.
    Node,
    /// A namespace.
    Namespace,
    /// A replica set.
    ReplicaSet,
    /// A job.
    Job,
    /// Ranges of the cluster's addresses.
    AddressRange,
}

/// What tells an object from all others at one time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectKey {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its namespace; empty for nodes and namespaces.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// Labels, or what a selector asks of them, by key.
pub type Labels = Arc<[(Arc<str>, Arc<str>)]>;

/// A pod.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pod {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Tells this pod from an earlier or later one of the same name.
    pub uid: Option<Arc<str>>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `status.startTime`.
    pub started: Option<Timestamp>,
    /// Whether it still runs.
    pub phase: Phase,
    /// The node it was scheduled to.
    pub node: Option<Arc<str>>,
    /// Whose network it uses.
    pub network: PodNetwork,
    /// Its addresses, of both families.
    pub addresses: Vec<IpAddr>,
    /// Addresses of its node, `status.hostIPs`.
    pub host_addresses: Vec<IpAddr>,
    /// Ports that reach it at its node's address: `hostPort`s, and on the host's network every
    /// declared port.
    pub host_ports: Vec<(Protocol, u16)>,
    /// The controller that made it.
    pub owner: Option<Owner>,
    /// Its labels, by which services select it.
    pub labels: Labels,
    /// Its ports that have a name, by which services call them.
    pub named_ports: Vec<(Arc<str>, Protocol, u16)>,
    /// The label `pod-template-hash`, by which a replica set's name ends.
    pub template_hash: Option<Arc<str>>,
    /// The container's id without its runtime's scheme, when the pod has exactly one container.
    pub container_id: Option<Arc<str>>,
}

/// Whose network a pod uses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum PodNetwork {
    /// Its own: the addresses are the pod's alone.
    #[default]
    Own,
    /// Its node's (`hostNetwork: true`): the addresses are the node's.
    Host,
}

/// How far a pod's life has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Phase {
    /// Pending, running or unknown: it keeps its address.
    #[default]
    Alive,
    /// Succeeded or failed: the address is released, though the status may still show it.
    Terminal {
        /// When the last container ended, where the status says (whole seconds).
        finished: Option<Timestamp>,
    },
}

/// The controller of an object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Owner {
    /// Its kind, such as `ReplicaSet`.
    pub kind: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// A service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Service {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// Cluster IPs of both families; none when it is headless.
    pub cluster_ips: Vec<IpAddr>,
    /// External IPs and load balancer addresses.
    pub external_ips: Vec<IpAddr>,
    /// Its ports, SCTP left out.
    pub ports: Vec<ServicePort>,
    /// The labels of its pods; none when something else says where its traffic goes.
    pub selector: Labels,
}

/// A port of a service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServicePort {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The port at the service's addresses.
    pub port: u16,
    /// The port at every node's addresses.
    pub node_port: Option<u16>,
    /// The port at its pods.
    pub target: TargetPort,
}

/// A service's port at its pods.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum TargetPort {
    /// The same as the service's.
    #[default]
    Same,
    /// This one.
    Number(u16),
    /// The one that a pod gives this name.
    Name(Arc<str>),
}

/// Where a service's traffic goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EndpointSlice {
    /// Namespace, of its service too.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// The service's name.
    pub service: Arc<str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// One in an endpoint slice, any number in the older `Endpoints`.
    pub subsets: Vec<EndpointSubset>,
}

/// Addresses that share their ports.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EndpointSubset {
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
    /// The ports at each of them, SCTP left out.
    pub ports: Vec<(Protocol, u16)>,
}

/// One endpoint's address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Endpoint {
    /// The address.
    pub address: IpAddr,
    /// The pod it stands for, by name: a later pod with the address is not the endpoint.
    pub pod: Option<Arc<str>>,
}

/// A node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Node {
    /// Name.
    pub name: Arc<str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `status.addresses`, and the network plugin's addresses of the node.
    pub addresses: Vec<IpAddr>,
    /// The ranges of its pods' addresses.
    pub pod_cidrs: Vec<IpNet>,
}

/// A namespace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Namespace {
    /// Name.
    pub name: Arc<str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
}

/// Ranges of the cluster's addresses: of its services, or of pods as a network plugin keeps them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AddressRange {
    /// Kind and name: several kinds of objects are ranges.
    pub name: Arc<str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// The ranges.
    pub cidrs: Vec<IpNet>,
}

/// A controller that may itself have one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Controller {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// The controller above.
    pub owner: Option<Owner>,
}

impl Object {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> ObjectKind {
        match self {
            Self::Pod(_) => ObjectKind::Pod,
            Self::Service(_) => ObjectKind::Service,
            Self::EndpointSlice(_) => ObjectKind::EndpointSlice,
            Self::Node(_) => ObjectKind::Node,
            Self::Namespace(_) => ObjectKind::Namespace,
            Self::ReplicaSet(_) => ObjectKind::ReplicaSet,
            Self::Job(_) => ObjectKind::Job,
            Self::AddressRange(_) => ObjectKind::AddressRange,
        }
    }

    /// What tells it from all other objects.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        let (namespace, name) = match self {
            Self::Pod(pod) => (Some(&pod.namespace), &pod.name),
            Self::Service(service) => (Some(&service.namespace), &service.name),
            Self::EndpointSlice(slice) => (Some(&slice.namespace), &slice.name),
            Self::Node(node) => (None, &node.name),
            Self::Namespace(namespace) => (None, &namespace.name),
            Self::AddressRange(range) => (None, &range.name),
            Self::ReplicaSet(controller) | Self::Job(controller) => {
                (Some(&controller.namespace), &controller.name)
            }
        };
        ObjectKey {
            kind: self.kind(),
            namespace: namespace.map_or_else(|| Arc::from(""), Arc::clone),
            name: Arc::clone(name),
        }
    }

    /// `metadata.creationTimestamp`.
    #[must_use]
    pub const fn created(&self) -> Option<Timestamp> {
        match self {
            Self::Pod(pod) => pod.created,
            Self::Service(service) => service.created,
            Self::EndpointSlice(slice) => slice.created,
            Self::Node(node) => node.created,
            Self::Namespace(namespace) => namespace.created,
            Self::AddressRange(range) => range.created,
            Self::ReplicaSet(controller) | Self::Job(controller) => controller.created,
        }
    }

    /// Takes over from an earlier state what has not changed, so that it is kept once.
    pub(super) fn share(&mut self, earlier: &Self) {
        if let (Self::Pod(pod), Self::Pod(earlier)) = (self, earlier)
            && pod.labels == earlier.labels
        {
            pod.labels = Arc::clone(&earlier.labels);
        }
    }

    /// How many records it takes: itself, and each address and port it lays claim to.
    #[must_use]
    pub fn records(&self) -> usize {
        1 + match self {
            Self::Pod(pod) => {
                let hosts = pod.host_addresses.len() + pod.addresses.len();
                let own = pod.addresses.len() + pod.named_ports.len();
                own + hosts * (1 + pod.host_ports.len())
            }
            Self::Service(service) => {
                let addresses = service.cluster_ips.len() + service.external_ips.len();
                addresses * (1 + service.ports.len()) + service.ports.len()
            }
            Self::EndpointSlice(slice) => {
                let subset =
                    |subset: &EndpointSubset| subset.endpoints.len() * (1 + subset.ports.len());
                slice.subsets.iter().map(subset).sum()
            }
            Self::Node(node) => node.addresses.len() + 2 * node.pod_cidrs.len(),
            Self::AddressRange(range) => range.cidrs.len(),
            Self::Namespace(_) | Self::ReplicaSet(_) | Self::Job(_) => 0,
        }
    }
}
