//! The table of live connections.
//!
//! **Shape** connections lie in slots, in the order in which they began: those that are busy at one
//! time are neighbours, and their packets find them in a cache. A hash index of eight octets each
//! says where. Slots are never moved; those that are left are taken again. The hash has a fixed
//! seed that the caller chooses: the engine has no randomness. Nothing that leaves the table
//! depends on its order: connections that end are folded, and folding only adds.

use std::hash::{BuildHasher, Hash, Hasher};
use std::hint;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::connection::{Connection, ConnectionKey};
use crate::time::Timestamp;

/// Slots that are allocated together.
const BLOCK: usize = 1 << 12;
/// Spreads 32 bits of a hash over the 64 that the index looks at (2^64 over the golden ratio).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The connections that have not ended.
#[derive(Clone)]
pub struct ConnectionTable {
    hasher: FixedState,
    index: HashTable<Place>,
    /// All blocks but the last are full.
    blocks: Vec<Vec<Option<Connection>>>,
    /// Slots that were left, the next one to be taken last.
    vacant: Vec<Slot>,
}

/// The hash of a connection's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash(u32);

/// Where a connection lies, until it is removed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Slot(u32);

/// An entry of the index. The hash spares a look at connections of other keys.
#[derive(Clone, Copy)]
struct Place {
    hash: KeyHash,
    slot: Slot,
}

impl ConnectionTable {
    /// An empty table whose hashes start from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            index: HashTable::new(),
            blocks: Vec::new(),
            vacant: Vec::new(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The hash of `key` in this table.
    #[inline]
    #[must_use]
    pub fn hash(&self, key: &ConnectionKey) -> KeyHash {
        let mut state = self.hasher.build_hasher();
        key.low.hash(&mut state);
        key.high.hash(&mut state);
        state.write_u64(u64::from(key.hop.number()) << 8 | u64::from(key.protocol as u8));
        KeyHash(u32::try_from(state.finish() >> 32).unwrap_or_default())
    }

    /// Where a connection of this hash lies. It may be another one's, now and then: nothing here
    /// waits for what is fetched.
    #[inline]
    #[must_use]
    pub fn likely(&self, hash: KeyHash) -> Option<Slot> {
        let place = self.index.find(hash.spread(), |place| place.hash == hash);
        place.map(|place| place.slot)
    }

    /// Looks a connection up only to have its memory at hand a little later: looked up one after
    /// the other, the connections of several packets are fetched at the same time.
    #[inline]
    pub fn touch(&self, slot: Slot) {
        hint::black_box(self.get(slot).map(Connection::touch));
    }

    /// Whether there is a connection of `key`, whose hash is `hash`.
    #[must_use]
    pub fn contains(&self, hash: KeyHash, key: &ConnectionKey) -> bool {
        self.find(hash, key).is_some()
    }

    /// The connection of `key`, whose hash is `hash` and whose slot is likely known, made when
    /// there is none.
    #[inline]
    pub fn get_or_insert(
        &mut self,
        hash: KeyHash,
        likely: Option<Slot>,
        key: ConnectionKey,
        time: Timestamp,
    ) -> &mut Connection {
        let slot = match likely {
            Some(slot) if self.holds(slot, &key) => slot,
            Some(_) | None => match self.find(hash, &key) {
                Some(slot) => slot,
                None => self.take(hash),
            },
        };
        self.slot(slot)
            .get_or_insert_with(|| Connection::new(key, time))
    }

    /// Where the connections lie for which `wanted` holds.
    pub fn select(&self, wanted: impl Fn(&Connection) -> bool) -> Vec<Slot> {
        let slots = (0..).map(Slot).zip(self.blocks.iter().flatten());
        slots
            .filter(|(_, held)| held.as_ref().is_some_and(&wanted))
            .map(|(slot, _)| slot)
            .collect()
    }

    /// The connections in these slots.
    pub fn at(&self, slots: &[Slot]) -> impl Iterator<Item = &Connection> {
        slots.iter().filter_map(|slot| self.get(*slot))
    }

    /// Every connection, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.blocks.iter().flatten().flatten()
    }

    /// Forgets the connections in these slots.
    pub fn remove(&mut self, slots: &[Slot]) {
        for slot in slots {
            let Some(hash) = self.get(*slot).map(|connection| self.hash(&connection.key)) else {
                continue;
            };
            let is_it = |place: &Place| place.slot == *slot;
            if let Ok(place) = self.index.find_entry(hash.spread(), is_it) {
                place.remove();
            }
            *self.slot(*slot) = None;
        }
        // What began first is taken again first.
        self.vacant.extend(slots.iter().rev());
    }

    /// The last of those connections, one in `share` of all, that were silent longest; equal ones
    /// are told apart by their keys.
    #[must_use]
    pub fn oldest(&self, share: usize) -> Option<(Timestamp, ConnectionKey)> {
        let mut ages: Vec<_> = self.iter().map(|c| (c.last(), c.key)).collect();
        let rank = ages.len() / share.max(1);
        (rank < ages.len()).then(|| *ages.select_nth_unstable(rank).1)
    }

    fn find(&self, hash: KeyHash, key: &ConnectionKey) -> Option<Slot> {
        let is_it = |place: &Place| place.hash == hash && self.holds(place.slot, key);
        let place = self.index.find(hash.spread(), is_it);
        place.map(|place| place.slot)
    }

    #[inline]
    fn get(&self, slot: Slot) -> Option<&Connection> {
        let (block, within) = slot.split();
        self.blocks.get(block)?.get(within)?.as_ref()
    }

    #[inline]
    fn holds(&self, slot: Slot, key: &ConnectionKey) -> bool {
        self.get(slot).is_some_and(|held| held.key == *key)
    }

    /// An empty slot, in the index from now on.
    fn take(&mut self, hash: KeyHash) -> Slot {
        let slot = self.vacant.pop().unwrap_or_else(|| self.grow());
        let place = Place { hash, slot };
        let spread = |place: &Place| place.hash.spread();
        self.index.insert_unique(hash.spread(), place, spread);
        slot
    }

    fn grow(&mut self) -> Slot {
        let full = self.blocks.last().is_none_or(|last| last.len() == BLOCK);
        if full {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let before = (self.blocks.len() - 1) * BLOCK;
        let within = self.blocks.last_mut().map_or(0, |last| {
            last.push(None);
            last.len() - 1
        });
        Slot(u32::try_from(before + within).unwrap_or(u32::MAX))
    }

    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "slots are made here and blocks never shrink"
    )]
    fn slot(&mut self, slot: Slot) -> &mut Option<Connection> {
        let (block, within) = slot.split();
        &mut self.blocks[block][within]
    }
}

impl KeyHash {
    #[inline]
    fn spread(self) -> u64 {
        u64::from(self.0).wrapping_mul(SPREAD)
    }
}

impl Slot {
    #[inline]
    const fn split(self) -> (usize, usize) {
        (self.0 as usize / BLOCK, self.0 as usize % BLOCK)
    }
}
