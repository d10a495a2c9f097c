//! Tables: what holds now of links, routes and neighbours, as far as it tells whose links are.
//!
//! In: facts, one by one or as a whole list. Out: whose the links are that exist now.
//! **Shape** a pod's link is the one a host route leads out of to one of its addresses, or the port
//! of a bridge behind which its link address is. The uplink is where the best default route leads.
//! What says two different things of a link says nothing: it is left to learning.
//! **Errors** facts beyond a limit are counted and dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use analyzer::hop::declaration::{InterfaceOwner, PodName};

use crate::interfaces::fact::{Fact, Holds, Link, Mac, RouteKey, Target};

/// The most entries of each table.
const LIMIT: usize = 262_144;

/// The routing table that default routes are taken from.
const MAIN: u32 = 254;

/// What holds now.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    links: BTreeMap<u32, Link>,
    addresses: BTreeSet<(u32, IpAddr)>,
    routes: BTreeMap<RouteKey, Vec<u32>>,
    neighbours: BTreeMap<(IpAddr, u32), Mac>,
    forwarding: BTreeMap<(u32, Mac, u16), u32>,
    refused: u64,
}

impl Tables {
    /// Takes in a fact.
    pub(super) fn apply(&mut self, holds: Holds, fact: Fact) {
        match holds {
            Holds::Now => self.add(fact),
            Holds::NoLonger => self.remove(&fact),
        }
    }

    /// The links that exist.
    pub(super) fn links(&self) -> impl Iterator<Item = (u32, &Arc<str>)> {
        self.links.iter().map(|(index, link)| (*index, &link.name))
    }

    /// The machine's own addresses.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().map(|(_, address)| *address)
    }

    /// Facts that did not fit.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    /// Whose the links are, as far as the tables tell, when these are the node's pods.
    pub(super) fn owners(&self, pods: &BTreeMap<IpAddr, PodName>) -> BTreeMap<u32, InterfaceOwner> {
        let uplinks: BTreeSet<u32> = [Target::AllV4, Target::AllV6]
            .into_iter()
            .flat_map(|target| self.default_links(target))
            .copied()
            .collect();
        let mut of_pods: BTreeMap<u32, Option<&PodName>> = BTreeMap::new();
        let own: BTreeSet<IpAddr> = self.addresses().collect();
        for (address, pod) in pods.iter().filter(|(address, _)| !own.contains(address)) {
            let Some(link) = self
                .link_of(*address)
                .filter(|link| !uplinks.contains(link))
            else {
                continue;
            };
            let known = of_pods.entry(link).or_insert(Some(pod));
            if *known != Some(pod) {
                *known = None;
            }
        }
        let of_pods = of_pods
            .into_iter()
            .filter_map(|(link, pod)| Some((link, InterfaceOwner::Pod(pod?.clone()))));
        let uplinks = uplinks
            .into_iter()
            .map(|link| (link, InterfaceOwner::Uplink));
        uplinks.chain(of_pods).collect()
    }

    fn add(&mut self, fact: Fact) {
        let is_refused = match fact {
            Fact::Link(link) => {
                // A link that goes down loses its routes without a word.
                if !link.is_up {
                    self.forget_routes(link.index);
                }
                insert(&mut self.links, link.index, link)
            }
            Fact::Address(link, address) => self.add_address(link, address),
            Fact::Route(route) => insert(&mut self.routes, route.key, route.links),
            Fact::Neighbour(link, address, mac) => {
                insert(&mut self.neighbours, (address, link), mac)
            }
            Fact::Forwarding {
                bridge,
                mac,
                vlan,
                port,
            } => insert(&mut self.forwarding, (bridge, mac, vlan), port),
        };
        self.refused += u64::from(is_refused);
    }

    /// Whether it did not fit.
    fn add_address(&mut self, link: u32, address: IpAddr) -> bool {
        let is_full = self.addresses.len() >= LIMIT;
        if !is_full {
            self.addresses.insert((link, address));
        }
        is_full
    }

    fn remove(&mut self, fact: &Fact) {
        match fact {
            Fact::Link(link) => self.remove_link(link.index),
            Fact::Address(link, address) => {
                self.addresses.remove(&(*link, *address));
            }
            Fact::Route(route) => {
                self.routes.remove(&route.key);
            }
            Fact::Neighbour(link, address, _) => {
                self.neighbours.remove(&(*address, *link));
            }
            Fact::Forwarding {
                bridge, mac, vlan, ..
            } => {
                self.forwarding.remove(&(*bridge, *mac, *vlan));
            }
        }
    }

    fn remove_link(&mut self, index: u32) {
        self.links.remove(&index);
        self.forget_routes(index);
        self.addresses.retain(|(link, _)| *link != index);
        self.neighbours.retain(|(_, link), _| *link != index);
        self.forwarding
            .retain(|(bridge, _, _), port| *bridge != index && *port != index);
    }

    fn forget_routes(&mut self, link: u32) {
        self.routes.retain(|_, links| !links.contains(&link));
    }

    /// The links of the best default route.
    fn default_links(&self, to: Target) -> &[u32] {
        let mut routes = self.routes_to(to).filter(|(key, _)| key.table == MAIN);
        routes.next().map_or(&[], |(_, links)| links)
    }

    fn routes_to(&self, to: Target) -> impl Iterator<Item = (&RouteKey, &Vec<u32>)> {
        let first = RouteKey {
            to,
            metric: 0,
            table: 0,
            service: 0,
        };
        let from_first = self.routes.range(first..);
        from_first.take_while(move |(key, _)| key.to == to)
    }

    /// The link behind which an address is, and nothing else.
    fn link_of(&self, address: IpAddr) -> Option<u32> {
        let routed = self
            .routes_to(Target::Host(address))
            .flat_map(|(_, links)| links);
        let routed = routed.copied().find(|link| self.leads_to_one(*link));
        routed.or_else(|| self.neighbour_link(address))
    }

    fn neighbour_link(&self, address: IpAddr) -> Option<u32> {
        let first = (address, 0);
        let mut at = self
            .neighbours
            .range(first..)
            .take_while(|((neighbour, _), _)| *neighbour == address);
        at.find_map(|((_, link), mac)| {
            if self.leads_to_one(*link) {
                return Some(*link);
            }
            let mut entries = self.forwarding.range((*link, *mac, 0)..);
            let (_, port) = entries
                .next()
                .filter(|((bridge, at, _), _)| bridge == link && at == mac)?;
            self.leads_to_one(*port).then_some(*port)
        })
    }

    /// Whether a link is one of those that have a single pod at the other end.
    fn leads_to_one(&self, link: u32) -> bool {
        let kind = self.links.get(&link).and_then(|link| link.kind.as_deref());
        // A `tun` leads to a virtual machine, whose pod may have nothing else on the host.
        matches!(kind, Some("veth" | "netkit" | "tun"))
    }
}

/// Whether it did not fit.
fn insert<K: Ord, V>(table: &mut BTreeMap<K, V>, key: K, value: V) -> bool {
    let is_full = table.len() >= LIMIT && !table.contains_key(&key);
    if !is_full {
        table.insert(key, value);
    }
    is_full
}
