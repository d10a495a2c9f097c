//! When addresses change their owners: where connections end, whatever their packets say.
//!
//! In: a [`Directory`]. Out: [`Boundaries`], which know the era around a moment.
//! **Shape** only changes from one owner to another count, or to none; a pod whose services or
//! readiness change stays who it is. Most addresses have no change that matters, and are not here.

use std::hash::Hash;
use std::net::IpAddr;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use crate::cluster::directory::Directory;
use crate::cluster::identity::IdentityId;
use crate::cluster::span::Span;
use crate::endpoint::Endpoint;
use crate::era::Era;
use crate::protocol::Protocol;
use crate::time::Timestamp;

/// The moments at which some address or port changes its owner.
#[derive(Clone, Debug, Default)]
pub struct Boundaries {
    addresses: Moments<IpAddr>,
    /// Of ports whose owners change at other moments than their address's.
    ports: Moments<(IpAddr, Protocol, u16)>,
    /// Of node ports, at the address of any node.
    node_ports: Moments<(Protocol, u16)>,
    nodes: HashSet<IpAddr, FixedState>,
}

/// Moments in order, for those that have any.
type Moments<K> = HashMap<K, Box<[Timestamp]>, FixedState>;

impl Boundaries {
    /// The changes of owner that a directory knows after `since`.
    #[must_use]
    pub fn of(directory: &Directory, since: Timestamp) -> Self {
        let mut boundaries = Self::default();
        for (address, held) in &directory.addresses {
            let ends = [&held.client, &held.server];
            let changes = ends
                .into_iter()
                .flat_map(|held| changes(held.iter(), directory));
            note(&mut boundaries.addresses, *address, changes, since);
        }
        for (port, held) in &directory.ports {
            let held = held.iter().map(|(span, held)| (span, held.identity));
            let own = moments(&boundaries.addresses, &port.0);
            let changes = changes(held, directory).filter(|at| own.binary_search(at).is_err());
            note(&mut boundaries.ports, *port, changes, since);
        }
        for (port, called) in &directory.node_ports {
            let changes = changes(called.iter(), directory);
            note(&mut boundaries.node_ports, *port, changes, since);
        }
        if !boundaries.node_ports.is_empty() {
            let nodes = directory.addresses.iter();
            let nodes = nodes.filter(|(_, held)| held.nodes.edges().next().is_some());
            boundaries.nodes = nodes.map(|(address, _)| *address).collect();
        }
        boundaries
    }

    /// Whether nothing ever changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.ports.is_empty() && self.node_ports.is_empty()
    }

    /// The era around a moment, for a connection between two ends.
    #[must_use]
    pub fn around(&self, protocol: Protocol, ends: [Endpoint; 2], at: Timestamp) -> Era {
        ends.into_iter().fold(Era::ALL, |era, end| {
            era.meet(self.around_end(protocol, end, at))
        })
    }

    fn around_end(&self, protocol: Protocol, end: Endpoint, at: Timestamp) -> Era {
        let Endpoint { address, port } = end;
        let mut era = around(moments(&self.addresses, &address), at);
        if !self.ports.is_empty() {
            era = era.meet(around(moments(&self.ports, &(address, protocol, port)), at));
        }
        if self.nodes.contains(&address) {
            era = era.meet(around(moments(&self.node_ports, &(protocol, port)), at));
        }
        era
    }
}

fn moments<'m, K: Hash + Eq>(moments: &'m Moments<K>, key: &K) -> &'m [Timestamp] {
    moments.get(key).map_or(&[], |moments| moments)
}

/// The era between the moments before and after another.
fn around(moments: &[Timestamp], at: Timestamp) -> Era {
    let after = moments.partition_point(|moment| *moment <= at);
    let before = after.checked_sub(1).and_then(|last| moments.get(last));
    Era {
        from: before.copied().unwrap_or(Era::ALL.from),
        until: moments.get(after).copied().unwrap_or(Era::ALL.until),
    }
}

fn note<K: Hash + Eq>(
    noted: &mut Moments<K>,
    key: K,
    changes: impl Iterator<Item = Timestamp>,
    since: Timestamp,
) {
    let mut moments: Vec<Timestamp> = changes
        .filter(|at| *at > since && *at < Timestamp::MAX)
        .collect();
    if !moments.is_empty() {
        moments.sort_unstable();
        moments.dedup();
        noted.insert(key, moments.into_boxed_slice());
    }
}

/// The moments at which another owner begins, or none.
fn changes(
    held: impl Iterator<Item = (Span, IdentityId)>,
    directory: &Directory,
) -> impl Iterator<Item = Timestamp> {
    let mut moments = Vec::new();
    let (mut owner, mut until) = (None, Timestamp::MIN);
    for (span, identity) in held {
        if until < span.from && owner.take().is_some() {
            moments.push(until);
        }
        let next = Some(directory.owner(identity));
        if owner != next {
            moments.push(span.from);
        }
        (owner, until) = (next, span.until);
    }
    moments.extend(owner.map(|_| until));
    moments.into_iter()
}
