//! The table of live connections.
//!
//! **Shape** an open-addressing table keyed by five-tuple and hop. Its hash has a fixed seed that
//! the caller chooses: the engine has no randomness. Nothing that leaves it depends on its order:
//! connections that end are folded, and folding only adds.

use std::hash::{BuildHasher, Hash, Hasher};
use std::hint;

use foldhash::fast::FixedState;
use hashbrown::{HashTable, hash_table};

use crate::connection::{Connection, ConnectionKey};
use crate::time::Timestamp;

/// The connections that have not ended.
#[derive(Clone)]
pub struct ConnectionTable {
    hasher: FixedState,
    table: HashTable<Connection>,
}

impl ConnectionTable {
    /// An empty table whose hashes start from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            table: HashTable::new(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The hash of `key` in this table.
    #[inline]
    #[must_use]
    pub fn hash(&self, key: &ConnectionKey) -> u64 {
        hash_of(&self.hasher, key)
    }

    /// Looks a connection up only to have its memory at hand a little later: looked up one after
    /// the other, the connections of several packets are fetched at the same time. It may be
    /// another one's, now and then: nothing here waits for what is fetched.
    #[inline]
    pub fn touch(&self, hash: u64) {
        hint::black_box(self.table.find(hash, |_| true).map(Connection::touch));
    }

    /// Whether there is a connection of `key`, whose hash is `hash`.
    #[must_use]
    pub fn contains(&self, hash: u64, key: &ConnectionKey) -> bool {
        self.table
            .find(hash, |connection| connection.key == *key)
            .is_some()
    }

    /// The connection of `key`.
    #[must_use]
    pub fn get(&self, key: &ConnectionKey) -> Option<&Connection> {
        self.table
            .find(self.hash(key), |connection| connection.key == *key)
    }

    /// The connection of `key`, to change.
    pub fn get_mut(&mut self, key: &ConnectionKey) -> Option<&mut Connection> {
        self.table
            .find_mut(self.hash(key), |connection| connection.key == *key)
    }

    /// The connection of `key`, whose hash is `hash`, made when there is none.
    #[inline]
    pub fn get_or_insert(
        &mut self,
        hash: u64,
        key: ConnectionKey,
        time: Timestamp,
    ) -> &mut Connection {
        let Self { hasher, table } = self;
        table
            .entry(
                hash,
                |connection| connection.key == key,
                |connection| hash_of(hasher, &connection.key),
            )
            .or_insert_with(|| Connection::new(key, time))
            .into_mut()
    }

    /// Takes out the connections for which `over` holds.
    pub fn extract(
        &mut self,
        over: impl Fn(&Connection) -> bool,
    ) -> impl Iterator<Item = Connection> {
        self.table.extract_if(move |connection| over(connection))
    }

    /// Every connection, in no particular order; their keys stay.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.table.iter_mut()
    }

    /// The last of those connections, one in `share` of all, that were silent longest; equal ones
    /// are told apart by their keys.
    #[must_use]
    pub fn oldest(&self, share: usize) -> Option<(Timestamp, ConnectionKey)> {
        let mut ages: Vec<_> = self.table.iter().map(|c| (c.last(), c.key)).collect();
        let rank = ages.len() / share.max(1);
        (rank < ages.len()).then(|| *ages.select_nth_unstable(rank).1)
    }
}

impl IntoIterator for ConnectionTable {
    type Item = Connection;
    type IntoIter = hash_table::IntoIter<Connection>;

    /// Every connection, in no particular order.
    fn into_iter(self) -> Self::IntoIter {
        self.table.into_iter()
    }
}

#[inline]
fn hash_of(hasher: &FixedState, key: &ConnectionKey) -> u64 {
    let mut state = hasher.build_hasher();
    key.low.hash(&mut state);
    key.high.hash(&mut state);
    state.write_u64(u64::from(key.hop.number()) << 8 | u64::from(key.protocol as u8));
    state.finish()
}
