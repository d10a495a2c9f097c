//! The cluster over time: who owned an address when a packet passed.
//!
//! In: [`Change`]s of Kubernetes objects, in any order. Out: [`Directory`], which names an address
//! at a time.
//!
//! **Time** is that of the changes and of the objects themselves: a pod has its address from its
//! start, however late its change arrived, so names are attributed when a snapshot is made.
//! **Errors** none: what exceeds [`ClusterLimits`] is refused and counted.

pub mod annotation;
pub mod boundary;
pub mod change;
pub mod directory;
pub mod identity;
pub mod names;
pub mod object;
pub mod roster;

mod build;
mod called;
mod claims;
mod endpoint;
mod life;
mod naming;
mod selector;
mod span;
mod table;
mod version;
mod workload;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::cluster::change::{Entry, leave_out};
use crate::cluster::names::PrefixTable;
use crate::cluster::object::ObjectKey;
use crate::cluster::table::Tables;
use crate::time::Timestamp;

pub use crate::cluster::boundary::Boundaries;
pub use crate::cluster::called::Call;
pub use crate::cluster::change::{Change, ChangeKind};
pub use crate::cluster::directory::Directory;
pub use crate::cluster::identity::{
    EndKind, EndOwner, Identity, IdentityBasis, IdentityId, OwnerId, ServiceBasis, Workload,
};
pub use crate::cluster::names::Names;
pub use crate::cluster::object::{Object, ObjectKind};

/// How much a cluster may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClusterLimits {
    /// States of objects, each with the addresses and ports it lays claim to; and how many
    /// moments of ports a directory looks at.
    pub records: usize,
}

impl Default for ClusterLimits {
    /// About a gigabyte: fifty thousand pods that change some fifteen times each.
    fn default() -> Self {
        Self { records: 4_000_000 }
    }
}

/// What is known of a cluster, with its past.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    histories: BTreeMap<ObjectKey, Vec<Entry>>,
    names: Names,
    ranges: BTreeSet<IpNet>,
    limits: ClusterLimits,
    records: usize,
    refused: u64,
}

impl Cluster {
    /// A cluster of which nothing is known.
    #[must_use]
    pub fn new(limits: ClusterLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Takes note of a change. The order of calls does not matter, while nothing is refused and no
    /// change comes after so many later ones that repeat a state that one of them was left out.
    pub fn apply(&mut self, mut change: Change) {
        let key = change.object.key();
        let last = self
            .histories
            .get(&key)
            .and_then(|history| history.last())
            .map(|last| &last.object);
        let known = last.filter(|known| ***known == change.object).cloned();
        let records = known
            .as_ref()
            .map_or_else(|| change.object.records(), |_| 1);
        if self.limits.records.saturating_sub(self.records) < records {
            self.refused += 1;
            return;
        }
        if let Some(last) = last {
            change.object.share(last);
        }
        let entry = Entry {
            time: change.time,
            resource_version: change.resource_version,
            kind: change.kind,
            line: change.line,
            object: known.unwrap_or_else(|| Arc::new(change.object)),
        };
        let history = self.histories.entry(key).or_default();
        history.push(entry);
        self.records += records;
        self.records -= leave_out(history);
    }

    /// How many records it has, as [`ClusterLimits`] counts them.
    #[must_use]
    pub const fn records(&self) -> usize {
        self.records
    }

    /// Forgets the states of objects that others had replaced at `before`, and the objects that
    /// were deleted by then; whether there were any. Whoever looks back no further misses nothing.
    pub fn forget(&mut self, before: Timestamp) -> bool {
        let records = self.records;
        for history in self.histories.values_mut() {
            self.records -= change::forget(history, before);
        }
        self.histories.retain(|_, history| !history.is_empty());
        self.records < records
    }

    /// Declares a range of addresses as the cluster's, beside those of its objects.
    pub fn add_range(&mut self, range: IpNet) {
        self.ranges.insert(range);
    }

    /// Gives names to addresses that no object explains.
    pub fn set_names(&mut self, names: Names) {
        self.names = names;
    }

    /// Changes that were refused because the limit was reached.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// How many objects of each kind are or were known.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<ObjectKind, usize> {
        let mut objects = BTreeMap::new();
        for key in self.histories.keys() {
            *objects.entry(key.kind).or_default() += 1;
        }
        objects
    }

    /// The index of all addresses, as far as is known now.
    #[must_use]
    pub fn directory(&self) -> Directory {
        let tables = Tables::new(&self.histories);
        let mut ranges = PrefixTable::default();
        for range in never_outside() {
            ranges.insert(range, IdentityBasis::LinkRange);
        }
        for range in self.ranges.iter().chain(&tables.ranges) {
            ranges.insert(*range, IdentityBasis::ClusterRange);
        }
        build::directory(&tables, &self.names, &ranges, self.limits.records)
    }
}

/// Loopback, link-local, multicast and broadcast: no way out of the cluster, or of a machine.
fn never_outside() -> [IpNet; 7] {
    let v4 = |a, b, length| IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), length));
    let v6 = |first, length| {
        IpNet::V6(Ipv6Net::new_assert(
            Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0),
            length,
        ))
    };
    [
        v4(127, 0, 8),
        v4(169, 254, 16),
        v4(224, 0, 4),
        IpNet::from(std::net::IpAddr::V4(Ipv4Addr::BROADCAST)),
        IpNet::from(std::net::IpAddr::V6(Ipv6Addr::LOCALHOST)),
        v6(0xfe80, 10),
        v6(0xff00, 8),
    ]
}

#[cfg(test)]
mod tests;
