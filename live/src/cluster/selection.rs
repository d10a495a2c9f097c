//! Pods by namespace and labels, and the addresses that are theirs now.
//!
//! In: `--namespace`, a label selector, and the cluster's changes. Out: whether an address belongs
//! to a selected pod. The cluster is watched whole all the same: the other ends have names too.
//! **Time** an address is that of the pod that started last; one whose pod is gone stays selected
//! until it is another's, or many others have gone since, for its last packets come later.
//! **Shape** the address of a node is not that of a pod on its network.

mod labels;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use analyzer::cluster::change::{Change, ChangeKind};
use analyzer::cluster::object::{Object, Phase, Pod, PodNetwork};
use analyzer::time::Timestamp;

pub use crate::cluster::selection::labels::{LabelSelector, LabelSelectorError};

/// How many addresses of pods that are gone are remembered.
const GONE: usize = 4096;

/// Which pods are meant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Their namespaces; all when empty.
    pub namespaces: BTreeSet<String>,
    /// What their labels must be.
    pub labels: LabelSelector,
}

/// The addresses of the selected pods.
#[derive(Clone, Debug, Default)]
pub struct SelectedAddresses {
    selection: Selection,
    owners: BTreeMap<IpAddr, Owner>,
    gone: VecDeque<IpAddr>,
}

/// Whose an address is.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Owner {
    started: Option<Timestamp>,
    pod: (String, String),
    is_selected: bool,
    is_gone: bool,
}

impl Selection {
    /// Whether every pod is meant.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.namespaces.is_empty() && self.labels.is_everything()
    }

    /// Whether a pod is meant.
    #[must_use]
    pub fn selects(&self, pod: &Pod) -> bool {
        let in_namespace = self.namespaces.is_empty() || self.namespaces.contains(&*pod.namespace);
        in_namespace && self.labels.selects(&pod.labels)
    }
}

impl SelectedAddresses {
    /// No address yet, of the pods that are meant.
    #[must_use]
    pub fn new(selection: Selection) -> Self {
        Self {
            selection,
            ..Self::default()
        }
    }

    /// Whether an address is a selected pod's.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.owners
            .get(&address)
            .is_some_and(|owner| owner.is_selected)
    }

    /// Takes note of a change.
    pub fn apply(&mut self, change: &Change) {
        let Object::Pod(pod) = &change.object else {
            return;
        };
        let ends = change.kind == ChangeKind::Deleted || pod.phase != Phase::Alive;
        for address in &pod.addresses {
            match (ends, pod.network) {
                (_, PodNetwork::Host) => {}
                (true, PodNetwork::Own) => self.leaves(*address, pod),
                (false, PodNetwork::Own) => self.has(*address, pod),
            }
        }
    }

    fn has(&mut self, address: IpAddr, pod: &Pod) {
        let started = pod.started.or(pod.created);
        let known = self.owners.get(&address);
        if known.is_some_and(|owner| owner.started > started) {
            return;
        }
        let owner = Owner {
            started,
            pod: (pod.namespace.to_string(), pod.name.to_string()),
            is_selected: self.selection.selects(pod),
            is_gone: false,
        };
        self.owners.insert(address, owner);
    }

    fn leaves(&mut self, address: IpAddr, pod: &Pod) {
        let Some(owner) = self.owners.get_mut(&address) else {
            return;
        };
        let name = (owner.pod.0.as_str(), owner.pod.1.as_str());
        if name != (&*pod.namespace, &*pod.name) || owner.is_gone {
            return;
        }
        owner.is_gone = true;
        self.gone.push_back(address);
        if self.gone.len() > GONE
            && let Some(oldest) = self.gone.pop_front()
            && self.owners.get(&oldest).is_some_and(|owner| owner.is_gone)
        {
            self.owners.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
