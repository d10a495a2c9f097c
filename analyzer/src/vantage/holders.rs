//! Holders: pods and nodes by number, so that ends and interfaces are compared by whose they are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::cluster::{Directory, EndKind, Identity, IdentityId};
use crate::hop::declaration::PodName;
use crate::time::Timestamp;

/// Number of a pod.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct PodNo(u32);

/// Number of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct NodeNo(u32);

/// Who holds an end: a pod on a node, a node, or neither.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Holder {
    pub(super) pod: Option<PodNo>,
    pub(super) node: Option<NodeNo>,
}

/// Every pod and node of a directory.
pub(super) struct Holders {
    by_identity: Vec<Holder>,
    pods: BTreeMap<PodKey, PodNo>,
    nodes: BTreeMap<Arc<str>, NodeNo>,
    node_of: BTreeMap<PodNo, NodeNo>,
}

/// Namespace, name and UID.
type PodKey = (Arc<str>, Arc<str>, Option<Arc<str>>);

impl Holders {
    pub(super) fn of(directory: &Directory) -> Self {
        let mut holders = Self {
            by_identity: Vec::new(),
            pods: BTreeMap::new(),
            nodes: BTreeMap::new(),
            node_of: BTreeMap::new(),
        };
        for identity in directory.identities() {
            let holder = holders.number(identity);
            holders.by_identity.push(holder);
        }
        holders
    }

    pub(super) fn of_end(
        &self,
        identity: IdentityId,
        address: IpAddr,
        at: Timestamp,
        directory: &Directory,
    ) -> Holder {
        let holder = self.by_identity.get(identity.index());
        let holder = holder.copied().unwrap_or_default();
        if holder.pod.is_some() && directory.is_node_address(address, at) {
            Holder {
                pod: None,
                ..holder
            }
        } else {
            holder
        }
    }

    /// Every pod that ever had this name.
    pub(super) fn pods(&self, name: &PodName) -> impl Iterator<Item = PodNo> {
        let from = (Arc::clone(&name.namespace), Arc::clone(&name.name), None);
        self.pods
            .range(from..)
            .take_while(|((namespace, pod, _), _)| {
                *namespace == name.namespace && *pod == name.name
            })
            .map(|(_, number)| *number)
    }

    pub(super) fn node(&self, name: &str) -> Option<NodeNo> {
        self.nodes.get(name).copied()
    }

    pub(super) fn node_of(&self, pod: PodNo) -> Option<NodeNo> {
        self.node_of.get(&pod).copied()
    }

    pub(super) fn nodes_with_pods(&self) -> BTreeSet<NodeNo> {
        self.node_of.values().copied().collect()
    }

    fn number(&mut self, identity: &Identity) -> Holder {
        let nodes = &mut self.nodes;
        let mut node_no = |name: &Arc<str>| {
            let next = NodeNo(u32::try_from(nodes.len()).unwrap_or(u32::MAX));
            *nodes.entry(Arc::clone(name)).or_insert(next)
        };
        let node = match identity.kind {
            EndKind::Pod | EndKind::Node => identity.node.as_ref().map(&mut node_no),
            EndKind::Service | EndKind::External | EndKind::Unresolved => None,
        };
        let (EndKind::Pod, Some(pod)) = (identity.kind, &identity.pod) else {
            return Holder { pod: None, node };
        };
        let namespace = identity.namespace.clone().unwrap_or_default();
        let key = (namespace, Arc::clone(pod), identity.pod_uid.clone());
        let next = PodNo(u32::try_from(self.pods.len()).unwrap_or(u32::MAX));
        let pod = *self.pods.entry(key).or_insert(next);
        if let Some(node) = node {
            self.node_of.insert(pod, node);
        }
        Holder {
            pod: Some(pod),
            node,
        }
    }
}
