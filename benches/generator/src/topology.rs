//! The cluster that talks: pods on nodes, ten pods a workload, and some addresses outside.
//!
//! **Shape** everything is computed from an index; nothing is stored. Pods come first, then the
//! outside addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::random::Random;

/// Pods of one workload, which one service balances.
pub(crate) const PODS_PER_WORKLOAD: u32 = 10;
/// As many pods as a node takes by default (the kubelet's `maxPods`).
pub(crate) const PODS_PER_NODE: u32 = 110;
/// A /16 of pods, a /24 a node.
pub(crate) const MAX_PODS: u32 = 256 * PODS_PER_NODE;
/// Two workloads at least, so that there is someone to talk to.
pub(crate) const MIN_PODS: u32 = 2 * PODS_PER_WORKLOAD;
/// Addresses outside of the cluster.
const OUTSIDE: u32 = 250;
/// Workloads that one pod calls.
const CALLED: u32 = 8;

/// The ports that workloads serve at, in turn.
const PORTS: [u16; 8] = [8080, 5432, 8443, 6379, 80, 9092, 443, 3306];

/// Who can talk: a pod or an address outside, by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct End(pub(crate) u32);

/// A cluster of so many pods.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Topology {
    pub(crate) pods: u32,
}

impl Topology {
    pub(crate) const fn new(pods: u32) -> Self {
        Self { pods }
    }

    /// Workloads; the last one may have fewer pods than the others. The first one serves DNS.
    pub(crate) const fn workloads(self) -> u32 {
        self.pods.div_ceil(PODS_PER_WORKLOAD)
    }

    pub(crate) const fn nodes(self) -> u32 {
        self.pods.div_ceil(PODS_PER_NODE)
    }

    /// All that have an address.
    pub(crate) const fn ends(self) -> u32 {
        self.pods + OUTSIDE
    }

    /// The port that a workload serves at.
    pub(crate) fn port(workload: u32) -> u16 {
        let index = usize::try_from(workload).unwrap_or_default() % PORTS.len();
        PORTS.get(index).copied().unwrap_or(8080)
    }

    /// Some pod.
    pub(crate) fn pod(self, random: &mut Random) -> End {
        End(random.below(self.pods))
    }

    /// Some pod of `node`.
    pub(crate) fn pod_on(self, node: u32, random: &mut Random) -> End {
        let first = node * PODS_PER_NODE;
        End(first + random.below((self.pods - first).min(PODS_PER_NODE)))
    }

    /// Some pod, but not `pod`.
    pub(crate) fn other_than(self, pod: End, random: &mut Random) -> End {
        End((pod.0 + 1 + random.below(self.pods - 1)) % self.pods)
    }

    /// The node that is looked at when one is: not the first, which has the pods that serve DNS,
    /// unless there is no other.
    pub(crate) const fn watched_node(self) -> u32 {
        if self.nodes() > 1 { 1 } else { 0 }
    }

    /// The node of a pod; none of an address outside.
    pub(crate) const fn node(self, end: End) -> Option<u32> {
        if end.0 < self.pods {
            Some(end.0 / PODS_PER_NODE)
        } else {
            None
        }
    }

    /// The workload of a pod.
    pub(crate) const fn workload(pod: End) -> u32 {
        pod.0 / PODS_PER_WORKLOAD
    }

    /// Some workload; never the first, which serves DNS.
    pub(crate) fn workload_to_call(self, random: &mut Random) -> u32 {
        1 + random.below(self.workloads() - 1)
    }

    /// Some address outside.
    pub(crate) fn outside(self, random: &mut Random) -> End {
        End(self.pods + random.below(OUTSIDE))
    }

    /// Some pod of `workload`, but not `client`.
    pub(crate) fn backend(self, workload: u32, client: End, random: &mut Random) -> End {
        let first = workload * PODS_PER_WORKLOAD;
        let pods = (self.pods - first).min(PODS_PER_WORKLOAD);
        let chosen = random.below(pods);
        let next = if first + chosen == client.0 {
            (chosen + 1) % pods
        } else {
            chosen
        };
        End(first + next)
    }

    /// One of the few workloads that `client` calls; never the first, which serves DNS.
    pub(crate) fn called(self, client: End, random: &mut Random) -> u32 {
        let edge = u64::from(client.0) * u64::from(CALLED) + u64::from(random.below(CALLED));
        self.workload_to_call(&mut Random::new(edge))
    }

    pub(crate) fn v4(self, end: End) -> Ipv4Addr {
        let [.., high, low] = self.within(end).to_be_bytes();
        if end.0 < self.pods {
            Ipv4Addr::new(10, 244, high, low)
        } else {
            Ipv4Addr::new(203, 0, 113, low)
        }
    }

    /// The address of a node itself.
    pub(crate) const fn node_v4(node: u32) -> Ipv4Addr {
        let [.., high, low] = node.to_be_bytes();
        Ipv4Addr::new(172, 18, high, low)
    }

    pub(crate) fn v6(self, end: End) -> Ipv6Addr {
        let low = self.within(end);
        if end.0 < self.pods {
            Ipv6Addr::new(0xfd00, 0x10, 0x244, 0, 0, 0, 0, low)
        } else {
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, low)
        }
    }

    /// Node and place on it of a pod (the first address of a node is its bridge's), or the place
    /// outside.
    fn within(self, end: End) -> u16 {
        let number = if end.0 < self.pods {
            (end.0 / PODS_PER_NODE) * 256 + end.0 % PODS_PER_NODE + 2
        } else {
            end.0 - self.pods + 1
        };
        u16::try_from(number).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_end_has_addresses_of_its_own() {
        for pods in [MIN_PODS, 5_001, MAX_PODS] {
            let topology = Topology::new(pods);
            let ends = || (0..topology.ends()).map(End);
            let v4: BTreeSet<_> = ends().map(|end| topology.v4(end)).collect();
            let v6: BTreeSet<_> = ends().map(|end| topology.v6(end)).collect();
            let expected = usize::try_from(topology.ends()).unwrap();
            assert_eq!((v4.len(), v6.len()), (expected, expected));
        }
    }

    #[test]
    fn pods_of_a_node_are_on_it() {
        let mut random = Random::new(1);
        for pods in [MIN_PODS, 150, 5_000] {
            let topology = Topology::new(pods);
            let node = topology.watched_node();
            for _ in 0..1_000 {
                let pod = topology.pod_on(node, &mut random);
                assert_eq!(topology.node(pod), Some(node));
                let other = topology.other_than(pod, &mut random);
                assert!(other != pod && topology.node(other).is_some());
            }
            assert_eq!(topology.node(topology.outside(&mut random)), None);
        }
    }

    #[test]
    fn nobody_calls_itself() {
        let topology = Topology::new(21);
        let mut random = Random::new(1);
        for _ in 0..10_000 {
            let client = topology.pod(&mut random);
            let workload = topology.called(client, &mut random);
            let server = topology.backend(workload, client, &mut random);
            assert!(server.0 < topology.pods);
            assert!(workload > 0 && server.0 / PODS_PER_WORKLOAD == workload);
        }
    }
}
