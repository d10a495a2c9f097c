//! Whose the interfaces are, as the cluster's pods and the kernel's tables change.
//!
//! In: changes of the cluster, and the kernel's news. Out: names and owners of interfaces, and
//! those that belong to the pods that were asked for.
//! **Errors** of the kernel are told while they last; it is asked again each second, and what is
//! known stays known meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use analyzer::cluster::object::{Node, Object, Phase, Pod, PodNetwork};
use analyzer::cluster::{Change, ChangeKind};
use analyzer::hop::declaration::{InterfaceOwner, PodName, SourceDeclaration};
use analyzer::query::pattern::Glob;
use analyzer::time::Timestamp;
use analyzer::vantage::is_scoped;

use crate::clock::Stopwatch;
use crate::interfaces::{Changed, Interfaces, InterfacesError};

/// How long the kernel is left alone after it failed to answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Pods whose interfaces are captured: all, when nothing is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodChoice {
    /// Their namespaces.
    pub namespaces: Vec<Glob>,
    /// Their names.
    pub pods: Vec<Glob>,
}

impl PodChoice {
    /// Whether nothing is asked for.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.namespaces.is_empty() && self.pods.is_empty()
    }

    /// Whether a pod is one of those that are asked for.
    pub(super) fn holds(&self, pod: &PodName) -> bool {
        let is_one = |globs: &[Glob], name: &str| {
            globs.is_empty() || globs.iter().any(|glob| glob.matches(name))
        };
        is_one(&self.namespaces, &pod.namespace) && is_one(&self.pods, &pod.name)
    }
}

/// What is known of interfaces and of the node's pods.
pub(super) struct Ownership {
    interfaces: Interfaces,
    node: Arc<str>,
    pods: BTreeMap<IpAddr, PodName>,
    /// The machine's addresses, as last told.
    machine: Option<Vec<IpAddr>>,
    /// Whether the pods are others than when owners were last asked for.
    stale: bool,
    /// Why the kernel did not answer, and since when it is left alone.
    failed: Option<(InterfacesError, Stopwatch)>,
}

impl Ownership {
    pub(super) const fn new(interfaces: Interfaces, node: Arc<str>) -> Self {
        Self {
            interfaces,
            node,
            pods: BTreeMap::new(),
            machine: None,
            stale: true,
            failed: None,
        }
    }

    /// This machine as a node, for where no cluster says whose its addresses are: at the beginning,
    /// and whenever it has others than before.
    pub(super) fn machine(&mut self, now: Timestamp) -> Option<Change> {
        // Those that are left out mean this machine on this machine only, which is known where it is
        // known that frames were taken here.
        let addresses = self.interfaces.addresses().into_iter();
        let addresses: Vec<IpAddr> = addresses.filter(|own| !is_scoped(*own)).collect();
        let is_first = self.machine.is_none();
        if self.machine.as_ref() == Some(&addresses) {
            return None;
        }
        self.machine = Some(addresses.clone());
        let (time, kind) = if is_first {
            (None, ChangeKind::Added)
        } else {
            (Some(now), ChangeKind::Modified)
        };
        Some(Change {
            time,
            kind,
            resource_version: None,
            line: 0,
            object: Object::Node(Node {
                name: Arc::clone(&self.node),
                created: None,
                addresses,
                pod_cidrs: Vec::new(),
            }),
        })
    }

    /// Whether this machine was told of as a node.
    pub(super) const fn tells_machine(&self) -> bool {
        self.machine.is_some()
    }

    /// Takes note of a pod of this node.
    pub(super) fn note(&mut self, change: &Change) {
        let Object::Pod(pod) = &change.object else {
            return;
        };
        let is_here = pod.node.as_ref().is_none_or(|node| *node == self.node);
        if is_here && pod.network == PodNetwork::Own {
            self.stale |= note(&mut self.pods, change.kind, pod);
        }
    }

    /// The pod of this node that has the most of these addresses; `None` where none has any, or two
    /// have as many.
    pub(super) fn pod_at(&self, addresses: &BTreeSet<IpAddr>) -> Option<&PodName> {
        let mut votes: BTreeMap<&PodName, usize> = BTreeMap::new();
        for pod in addresses
            .iter()
            .filter_map(|address| self.pods.get(address))
        {
            *votes.entry(pod).or_default() += 1;
        }
        let most = votes.values().copied().max()?;
        let mut pods = votes.iter().filter(|(_, votes)| **votes == most);
        match (pods.next(), pods.next()) {
            (Some((pod, _)), None) => Some(pod),
            _ => None,
        }
    }

    /// Whether a pod of this node is known that has a network of its own.
    pub(super) fn has_pods(&self) -> bool {
        !self.pods.is_empty()
    }

    /// What the interfaces are called that are there.
    pub(super) fn present(&self) -> Vec<&str> {
        self.interfaces.present().collect()
    }

    /// What to know while the kernel does not answer.
    pub(super) fn warning(&self) -> Option<String> {
        let (error, _) = self.failed.as_ref()?;
        Some(format!(
            "{error}; asking again each second: whose interfaces are is as it was known before, or \
             learned from traffic"
        ))
    }

    /// Tells a declaration what changed since; whether anything did.
    pub(super) fn refresh(&mut self, declaration: &mut SourceDeclaration) -> bool {
        if !self.may_ask() {
            return false;
        }
        let answer = self.interfaces.refresh();
        self.note_answer(answer);
        if self.failed.is_some() || !self.stale {
            return false;
        }
        self.stale = false;
        let (names, owners) = (self.interfaces.names(), self.interfaces.owners(&self.pods));
        let is_new = declaration.names != names || declaration.numbered != owners;
        declaration.names = names;
        declaration.numbered = owners;
        is_new
    }

    /// Whether the kernel answered last, or was left alone for long enough.
    fn may_ask(&self) -> bool {
        let failed = self.failed.as_ref();
        failed.is_none_or(|(_, since)| since.elapsed() >= PAUSE)
    }

    fn note_answer(&mut self, answer: Result<Changed, InterfacesError>) {
        match answer {
            Ok(changed) => {
                self.failed = None;
                self.stale |= changed == Changed::Something;
            }
            Err(error) => {
                self.failed = Some((error, Stopwatch::start()));
                self.stale = true;
            }
        }
    }
}

/// The interfaces of the pods that are chosen.
pub(super) fn chosen(declaration: &SourceDeclaration, choice: &PodChoice) -> BTreeSet<u32> {
    let owners = declaration.numbered.iter();
    let of_chosen = owners.filter(|(_, owner)| match owner {
        InterfaceOwner::Pod(pod) => choice.holds(pod),
        InterfaceOwner::Uplink | InterfaceOwner::Ignore => false,
    });
    of_chosen.map(|(number, _)| *number).collect()
}

fn note(pods: &mut BTreeMap<IpAddr, PodName>, kind: ChangeKind, pod: &Pod) -> bool {
    let name = PodName {
        namespace: Arc::clone(&pod.namespace),
        name: Arc::clone(&pod.name),
    };
    let is_alive = kind != ChangeKind::Deleted && pod.phase == Phase::Alive;
    let mut is_new = false;
    for address in &pod.addresses {
        let is_its = pods.get(address) == Some(&name);
        if is_alive && !is_its {
            pods.insert(*address, name.clone());
            is_new = true;
        } else if !is_alive && is_its {
            pods.remove(address);
            is_new = true;
        }
    }
    is_new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, phase: Phase) -> Pod {
        Pod {
            namespace: "shop".into(),
            name: name.into(),
            uid: None,
            created: None,
            started: None,
            phase,
            node: None,
            network: PodNetwork::Own,
            addresses: vec![[10, 244, 0, 5].into()],
            host_addresses: Vec::new(),
            host_ports: Vec::new(),
            owner: None,
            labels: analyzer::cluster::object::Labels::default(),
            named_ports: Vec::new(),
            template_hash: None,
            container_id: None,
        }
    }

    #[test]
    fn an_address_is_the_pods_that_took_it_last_until_that_one_ends() {
        let mut pods = BTreeMap::new();
        let mut seen = Vec::new();
        for (kind, name, phase) in [
            (ChangeKind::Added, "a", Phase::Alive),
            (ChangeKind::Modified, "a", Phase::Alive),
            (ChangeKind::Added, "b", Phase::Alive),
            (ChangeKind::Deleted, "a", Phase::Alive),
            (
                ChangeKind::Modified,
                "b",
                Phase::Terminal { finished: None },
            ),
        ] {
            let is_new = note(&mut pods, kind, &pod(name, phase));
            seen.push((
                is_new,
                pods.values().map(|pod| pod.name.to_string()).collect(),
            ));
        }
        let expected: [(bool, Vec<String>); 5] = [
            (true, vec!["a".to_owned()]),
            (false, vec!["a".to_owned()]),
            (true, vec!["b".to_owned()]),
            (false, vec!["b".to_owned()]),
            (true, Vec::new()),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_kernel_that_does_not_answer_is_told_of_and_asked_again() {
        let Ok(interfaces) = Interfaces::open() else {
            println!("skipped: there is no netlink here");
            return;
        };
        let mut ownership = Ownership::new(interfaces, "node-1".into());
        let mut declaration = SourceDeclaration::default();
        ownership.note_answer(Err(InterfacesError::System {
            doing: "reading a list",
            source: std::io::Error::other("busy"),
        }));
        assert!(!ownership.refresh(&mut declaration), "it is left alone");
        insta::assert_snapshot!(ownership.warning().unwrap(), @"netlink: reading a list failed: busy; asking again each second: whose interfaces are is as it was known before, or learned from traffic");
        std::thread::sleep(PAUSE);
        assert!(ownership.refresh(&mut declaration), "there is a loopback");
        assert_eq!(ownership.warning(), None);
    }

    #[test]
    fn interfaces_are_chosen_by_the_pods_whose_they_are() {
        let owner = |namespace: &str, name: &str| {
            InterfaceOwner::Pod(PodName {
                namespace: namespace.into(),
                name: name.into(),
            })
        };
        let declaration = SourceDeclaration {
            numbered: BTreeMap::from([
                (2, InterfaceOwner::Uplink),
                (5, owner("shop", "cart-1")),
                (6, owner("shop", "front-1")),
                (7, owner("dns", "cart-1")),
            ]),
            ..SourceDeclaration::default()
        };
        let choice = |namespaces: &[&str], pods: &[&str]| {
            let globs = |names: &[&str]| names.iter().map(|name| Glob::new(name)).collect();
            let choice = PodChoice {
                namespaces: globs(namespaces),
                pods: globs(pods),
            };
            Vec::from_iter(chosen(&declaration, &choice))
        };
        assert_eq!(choice(&["shop"], &[]), [5, 6]);
        assert_eq!(choice(&[], &["cart-*"]), [5, 7]);
        assert_eq!(choice(&["shop"], &["cart-*"]), [5]);
    }
}
