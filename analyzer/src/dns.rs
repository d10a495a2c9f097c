//! Names of addresses, as name resolution gave them.
//!
//! In: the name resolution blocks of captures. Out: the sorted names of an address.
//! **Shape** limited in names; what does not fit is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// The most names of one address; a capture has no honest use for more.
const NAMES_PER_ADDRESS: usize = 64;
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
        let of = self.names.get(&address).map_or(&[][..], Vec::as_slice);
        let Err(at) = of.binary_search_by(|known| (**known).cmp(name)) else {
            return;
        };
        let fits = !name.is_empty() && name.len() <= NAME_MAX;
        if !fits || of.len() >= NAMES_PER_ADDRESS || self.count >= self.limit {
            self.refused += 1;
            return;
        }
        let name = self.share(name);
        self.names.entry(address).or_default().insert(at, name);
        self.count += 1;
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

    /// Many addresses have one name: it is kept once.
    fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.taken.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.taken.insert(Arc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn names_are_sorted_and_each_is_there_once() {
        let mut names = NameRecords::new(10);
        for name in ["b.example", "a.example", "b.example"] {
            names.insert(address(1), name);
        }
        let of: Vec<&str> = names.of(address(1)).iter().map(|name| &**name).collect();
        assert_eq!(of, ["a.example", "b.example"]);
        assert_eq!((names.of(address(2)).len(), names.refused()), (0, 0));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut names = NameRecords::new(100);
        names.insert(address(1), "");
        names.insert(address(1), &"x".repeat(256));
        for n in 0..70 {
            names.insert(address(2), &format!("name-{n}"));
        }
        assert_eq!((names.of(address(2)).len(), names.refused()), (64, 8));
        let mut few = NameRecords::new(1);
        few.insert(address(1), "a");
        few.insert(address(2), "b");
        assert_eq!((few.of(address(2)).len(), few.refused()), (0, 1));
    }
}
