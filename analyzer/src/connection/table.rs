//! The table of live connections.
//!
//! **Shape** connections lie in slots, in the order in which they began: those that are busy at one
//! time are neighbours, and their packets find them in a cache. A hash index of eight octets each
//! says where. Slots are never moved; those that are left are taken again. The hash has a fixed
//! seed that the caller chooses: the engine has no randomness. Nothing that leaves the table
//! depends on its order: connections that end are folded, and folding only adds.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

use crate::connection::{Connection, ConnectionKey};
use crate::index::Index;
use crate::prefetch::prefetch;
use crate::time::Timestamp;

/// Slots that are allocated together.
const BLOCK: usize = 1 << 12;
/// Connections that are removed together: their places in the index are fetched before.
const AHEAD: usize = 32;
/// Vacant slots that are at hand already.
const TAKEN_SOON: usize = 8;

/// The connections that have not ended.
#[derive(Clone)]
pub struct ConnectionTable {
    hasher: FixedState,
    index: Index,
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

impl ConnectionTable {
    /// An empty table whose hashes start from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            index: Index::default(),
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

    /// Fetches what [`Self::fetch`] will look up, without waiting for it.
    #[inline]
    pub fn expect(&self, KeyHash(hash): KeyHash) {
        self.index.fetch(hash);
    }

    /// Where the connection of this hash lies, which is fetched, without waiting for it. It may be
    /// another one's, now and then. A new one's will be where the next slot is free.
    #[inline]
    #[must_use]
    pub fn fetch(&self, KeyHash(hash): KeyHash) -> Option<Slot> {
        let slot = self.index.find(hash, |_| true).map(Slot)?;
        let (block, within) = slot.split();
        prefetch(self.blocks.get(block)?.get(within)?);
        Some(slot)
    }

    /// Whether there is a connection of `key`, whose hash is `hash`.
    #[must_use]
    pub fn contains(&self, hash: KeyHash, key: &ConnectionKey) -> bool {
        self.find(hash, key).is_some()
    }

    /// The connection of `key`.
    #[must_use]
    pub fn get(&self, key: &ConnectionKey) -> Option<&Connection> {
        self.at(self.find(self.hash(key), key)?)
    }

    /// The connection of `key`, to change.
    pub fn get_mut(&mut self, key: &ConnectionKey) -> Option<&mut Connection> {
        let slot = self.find(self.hash(key), key)?;
        self.slot(slot).as_mut()
    }

    /// The connection of `key`, whose hash is `hash` and whose slot is likely known, made when
    /// there is none.
    #[inline]
    pub fn get_or_insert(
        &mut self,
        hash: KeyHash,
        likely: Option<Slot>,
        key: &ConnectionKey,
        time: Timestamp,
    ) -> &mut Connection {
        let slot = match likely {
            Some(slot) if self.holds(slot, key) => slot,
            Some(_) | None => match self.find(hash, key) {
                Some(slot) => slot,
                None => self.take(hash),
            },
        };
        self.slot(slot)
            .get_or_insert_with(|| Connection::new(*key, time))
    }

    /// Every connection with its slot, those that began first mostly before others.
    pub fn slots(&self) -> impl Iterator<Item = (Slot, &Connection)> {
        let slots = (0..).map(Slot).zip(self.blocks.iter().flatten());
        slots.filter_map(|(slot, held)| Some((slot, held.as_ref()?)))
    }

    /// Every connection, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.blocks.iter().flatten().flatten()
    }

    /// Every connection, in no particular order; their keys stay.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.blocks.iter_mut().flatten().flatten()
    }

    /// Forgets the connections in these slots.
    pub fn remove(&mut self, slots: &[Slot]) {
        let mut hashes = Vec::with_capacity(AHEAD);
        for slots in slots.chunks(AHEAD) {
            hashes.extend(slots.iter().filter_map(|slot| {
                let hash = self.hash(&self.at(*slot)?.key);
                self.expect(hash);
                Some((hash, *slot))
            }));
            for (KeyHash(hash), slot) in hashes.drain(..) {
                self.index.remove(hash, slot.0);
                *self.slot(slot) = None;
            }
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

    fn find(&self, KeyHash(hash): KeyHash, key: &ConnectionKey) -> Option<Slot> {
        let is_it = |number| self.holds(Slot(number), key);
        self.index.find(hash, is_it).map(Slot)
    }

    #[inline]
    fn at(&self, slot: Slot) -> Option<&Connection> {
        let (block, within) = slot.split();
        self.blocks.get(block)?.get(within)?.as_ref()
    }

    #[inline]
    fn holds(&self, slot: Slot, key: &ConnectionKey) -> bool {
        self.at(slot).is_some_and(|held| held.key == *key)
    }

    /// An empty slot, in the index from now on.
    fn take(&mut self, KeyHash(hash): KeyHash) -> Slot {
        let slot = self.vacant.pop().unwrap_or_else(|| self.grow());
        self.index.insert(hash, slot.0);
        // A later one's is fetched: the next few are taken before it arrives.
        if let Some(later) = self.vacant.iter().rev().nth(TAKEN_SOON) {
            let (block, within) = later.split();
            if let Some(slot) = self.blocks.get(block).and_then(|block| block.get(within)) {
                prefetch(slot);
            }
        }
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

impl Slot {
    #[inline]
    const fn split(self) -> (usize, usize) {
        (self.0 as usize / BLOCK, self.0 as usize % BLOCK)
    }
}
