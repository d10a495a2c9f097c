//! Names of addresses, as name resolution gave them.
//!
//! In: the name resolution blocks of captures. Out: the sorted names of an address.
//! **Shape** limited in names; what does not fit is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Longest name that is taken: the limit of DNS (RFC 1035 §2.3.4).
const NAME_MAX: usize = 255;

/// Names by address.
#[derive(Clone, Debug)]
pub struct NameRecords {
    limit: usize,
    names: BTreeMap<IpAddr, Vec<Arc<str>>>,
    taken: BTreeSet<Arc<str>>,
    count: usize,
    refused: u64,
}

impl NameRecords {
    /// Room for `limit` names.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            names: BTreeMap::new(),
            taken: BTreeSet::new(),
            count: 0,
            refused: 0,
        }
    }

    /// Adds a name of an address.
    pub fn insert(&mut self, address: IpAddr, name: &str) {
        if name.is_empty() || name.len() > NAME_MAX || self.count >= self.limit {
            self.refused += 1;
            return;
        }
        let name = self.share(name);
        let names = self.names.entry(address).or_default();
        if let Err(at) = names.binary_search(&name) {
            names.insert(at, name);
            self.count += 1;
        }
    }

    /// The names of an address, sorted.
    #[must_use]
    pub fn of(&self, address: IpAddr) -> &[Arc<str>] {
        self.names.get(&address).map_or(&[], Vec::as_slice)
    }

    /// Names that were empty, too long or too many.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.taken.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.taken.insert(Arc::clone(&name));
        name
    }
}
