//! Names for addresses that no cluster explains: a prefix and a name, the longest prefix wins.
//!
//! In: the lines of a names file. Out: the name of an address. **Time** a name is for all time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ipnet::IpNet;

/// Names of prefixes.
#[derive(Clone, Debug, Default)]
pub struct Names(PrefixTable<Arc<str>>);

impl Names {
    /// Names a prefix; of two names for one prefix the smaller stays, and `false` is returned.
    pub fn insert(&mut self, prefix: IpNet, name: Arc<str>) -> bool {
        match self.0.slot(prefix) {
            Some(known) if *known == name => true,
            Some(known) => {
                let smaller = name.min(Arc::clone(known));
                *known = smaller;
                false
            }
            None => {
                self.0.insert(prefix, name);
                true
            }
        }
    }

    /// Adds the names of another list; of two names for one prefix the smaller stays.
    pub fn extend(&mut self, other: Self) {
        let Self(PrefixTable { v4, v6 }) = other;
        for (prefix, name) in v4.into_values().chain(v6.into_values()).flatten() {
            self.insert(prefix, name);
        }
    }

    /// The name of the longest prefix that holds an address.
    #[must_use]
    pub fn get(&self, address: IpAddr) -> Option<&Arc<str>> {
        self.0.get(address)
    }

    pub(super) const fn table(&self) -> &PrefixTable<Arc<str>> {
        &self.0
    }
}

/// Prefixes of one length that are looked at one by one: that costs less than a hash.
const FEW: usize = 4;

/// Values of prefixes, one hash table for each length in use.
#[derive(Clone, Debug)]
pub(super) struct PrefixTable<T> {
    v4: BTreeMap<u8, HashMap<IpNet, T, FixedState>>,
    v6: BTreeMap<u8, HashMap<IpNet, T, FixedState>>,
}

impl<T> Default for PrefixTable<T> {
    fn default() -> Self {
        Self {
            v4: BTreeMap::new(),
            v6: BTreeMap::new(),
        }
    }
}

impl<T> PrefixTable<T> {
    /// Sets the value of a prefix.
    pub(super) fn insert(&mut self, prefix: IpNet, value: T) {
        let lengths = match prefix {
            IpNet::V4(_) => &mut self.v4,
            IpNet::V6(_) => &mut self.v6,
        };
        lengths
            .entry(prefix.prefix_len())
            .or_default()
            .insert(prefix.trunc(), value);
    }

    /// The value of exactly this prefix.
    pub(super) fn slot(&mut self, prefix: IpNet) -> Option<&mut T> {
        let lengths = match prefix {
            IpNet::V4(_) => &mut self.v4,
            IpNet::V6(_) => &mut self.v6,
        };
        lengths
            .get_mut(&prefix.prefix_len())?
            .get_mut(&prefix.trunc())
    }

    /// The value of the longest prefix that holds an address.
    pub(super) fn get(&self, address: IpAddr) -> Option<&T> {
        let lengths = match address {
            IpAddr::V4(_) => &self.v4,
            IpAddr::V6(_) => &self.v6,
        };
        lengths.iter().rev().find_map(|(length, table)| {
            if table.len() <= FEW {
                let held = table.iter().find(|(prefix, _)| prefix.contains(&address));
                return held.map(|(_, value)| value);
            }
            let prefix = IpNet::new(address, *length).ok()?;
            table.get(&prefix.trunc())
        })
    }

    /// The same prefixes with other values.
    pub(super) fn map<U>(&self, mut value: impl FnMut(&T) -> U) -> PrefixTable<U> {
        let mut mapped = PrefixTable::default();
        for table in self.v4.values().chain(self.v6.values()) {
            for (prefix, old) in table {
                mapped.insert(*prefix, value(old));
            }
        }
        mapped
    }

    /// Every value, to be changed.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.v4
            .values_mut()
            .chain(self.v6.values_mut())
            .flat_map(HashMap::values_mut)
    }
}
