//! The table of live connections.
//!
//! **Shape** connections lie in slots, in the order in which they began: those that are busy at one
//! time are neighbours, and their packets find them in a cache. A hash index of eight octets each
//! says where. Slots are never moved; those that are left are taken again. The hash has a fixed
//! seed that the caller chooses: the engine has no randomness. Nothing that leaves the table
//! depends on its order: connections that end are folded, and folding only adds.
//! A five-tuple lies at one place of the index for each group of places, so that where else it was
//! seen is found by the hash that is known.
//! **Time** beside each slot stands before when its connection cannot be over, so that those that
//! wait for their timeout are not read each time somebody looks for what is over.

use std::time::Duration;

use crate::connection::table::hash::{KeyHash, KeyHasher};
use crate::connection::{Connection, ConnectionKey, IdleTimeouts};
use crate::hop::{PlaceGroup, PlaceId};
use crate::index::Index;
use crate::keyed::Keyed;
use crate::prefetch::prefetch;
use crate::protocol::Protocol;
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;

pub mod hash;

mod beside;

/// Slots that are allocated together.
const BLOCK: usize = 1 << 12;
/// Connections that are removed together: their places in the index are fetched before.
const AHEAD: usize = 32;
/// Slots that are at hand already where connections are looked at one after the other.
const OVER_SOON: u32 = 8;
/// Vacant slots that are at hand already.
const TAKEN_SOON: usize = 8;

/// The connections that have not ended.
#[derive(Clone)]
pub struct ConnectionTable {
    hasher: KeyHasher,
    index: Index,
    /// All blocks but the last are full.
    blocks: Vec<Vec<Option<Connection>>>,
    /// By slot, the interval before which its connection is not over. It may be too late where
    /// packets step back in time; then the connection goes later.
    due: Vec<IntervalIndex>,
    idle: IdleTimeouts,
    /// Slots that were left, the next one to be taken last.
    vacant: Vec<Slot>,
    /// The place of all connections so far, while it is one.
    only: Option<PlaceId>,
    has_several_places: bool,
    /// The last group of places so far.
    last_group: PlaceGroup,
}

/// Where a connection lies, until it is removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot(u32);

impl ConnectionTable {
    /// An empty table whose hashes start from `seed`, of connections that may be silent so long.
    #[must_use]
    pub fn new(seed: u64, idle: IdleTimeouts) -> Self {
        Self {
            hasher: KeyHasher(Keyed::new(seed)),
            index: Index::default(),
            blocks: Vec::new(),
            due: Vec::new(),
            idle,
            vacant: Vec::new(),
            only: None,
            has_several_places: false,
            last_group: PlaceGroup::FIRST,
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

    /// How keys are hashed in this table.
    #[must_use]
    pub const fn hasher(&self) -> KeyHasher {
        self.hasher
    }

    /// The hash of `key` in this table.
    #[inline]
    #[must_use]
    pub fn hash(&self, key: &ConnectionKey) -> KeyHash {
        self.hasher.hash(key)
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
        self.prefetch(slot);
        Some(slot)
    }

    /// Fetches what a connection keeps elsewhere. Of several slots in turn, none is waited for alone.
    #[inline]
    pub fn fetch_rest(&self, slot: Slot) {
        if let Some(connection) = self.at(slot) {
            connection.fetch_rest();
        }
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
    /// there is none; and where it lies.
    #[inline]
    pub fn get_or_insert(
        &mut self,
        hash: KeyHash,
        likely: Option<Slot>,
        key: &ConnectionKey,
        time: Timestamp,
    ) -> (Slot, &mut Connection) {
        let slot = match likely {
            Some(slot) if self.holds(slot, key) => slot,
            Some(_) | None => match self.find(hash, key) {
                Some(slot) => slot,
                None => {
                    self.see(key.hop.place());
                    self.take(hash, due(key.protocol, time, self.idle))
                }
            },
        };
        let held = self.slot(slot);
        (
            slot,
            held.get_or_insert_with(|| Connection::new(*key, time)),
        )
    }

    /// Every connection with its slot, those that began first mostly before others.
    pub fn slots(&self) -> impl Iterator<Item = (Slot, &Connection)> {
        let slots = (0..).map(Slot).zip(self.blocks.iter().flatten());
        slots.filter_map(|(slot, held)| Some((slot, held.as_ref()?)))
    }

    /// Up to `count` connections from a slot on that are over at `now`; `from` is where to go on.
    pub fn over(&mut self, from: &mut Slot, now: Timestamp, count: usize) -> Vec<Slot> {
        let (mut over, idle, interval) = (Vec::new(), self.idle, IntervalIndex::of(now));
        while let Some(due_at) = self.due.get(from.0 as usize).copied() {
            let slot = *from;
            *from = Slot(slot.0 + 1);
            if due_at > interval {
                continue;
            }
            self.prefetch(Slot(slot.0 + OVER_SOON));
            match self.at(slot) {
                // Nobody is there, until it is taken.
                None => self.set_due(slot, IntervalIndex::NEVER),
                Some(connection) if connection.is_over(now, idle) => over.push(slot),
                Some(connection) => {
                    let due_at = due(connection.key.protocol, connection.last(), idle);
                    self.set_due(slot, due_at);
                }
            }
            if over.len() >= count {
                break;
            }
        }
        over
    }

    /// The connection in a slot.
    #[inline]
    #[must_use]
    pub fn at(&self, slot: Slot) -> Option<&Connection> {
        let (block, within) = slot.split();
        self.blocks.get(block)?.get(within)?.as_ref()
    }

    /// The connection in a slot, to change; its key stays.
    #[inline]
    pub fn at_mut(&mut self, slot: Slot) -> Option<&mut Connection> {
        let (block, within) = slot.split();
        self.blocks.get_mut(block)?.get_mut(within)?.as_mut()
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
        // Times alone first: with keys they would be seven times as much memory.
        let mut times: Vec<Timestamp> = self.iter().map(Connection::last).collect();
        let rank = times.len() / share.max(1);
        if rank >= times.len() {
            return None;
        }
        let (before, time, _) = times.select_nth_unstable(rank);
        let time = *time;
        let earlier = before.iter().filter(|other| **other < time).count();
        let equal = self.iter().filter(|connection| connection.last() == time);
        let mut keys: Vec<ConnectionKey> = equal.map(|connection| connection.key).collect();
        Some((time, *keys.select_nth_unstable(rank - earlier).1))
    }

    #[inline]
    fn prefetch(&self, slot: Slot) {
        let (block, within) = slot.split();
        if let Some(held) = self.blocks.get(block).and_then(|block| block.get(within)) {
            prefetch(held);
        }
    }

    fn find(&self, KeyHash(hash): KeyHash, key: &ConnectionKey) -> Option<Slot> {
        let is_it = |number| self.holds(Slot(number), key);
        self.index.find(hash, is_it).map(Slot)
    }

    #[inline]
    fn holds(&self, slot: Slot, key: &ConnectionKey) -> bool {
        self.at(slot).is_some_and(|held| held.key == *key)
    }

    /// Takes note of a place.
    fn see(&mut self, place: PlaceId) {
        let only = *self.only.get_or_insert(place);
        self.has_several_places |= only != place;
        self.last_group = self.last_group.max(place.group());
    }

    /// An empty slot, in the index from now on.
    fn take(&mut self, KeyHash(hash): KeyHash, due: IntervalIndex) -> Slot {
        let slot = self.vacant.pop().unwrap_or_else(|| self.grow());
        self.index.insert(hash, slot.0);
        self.set_due(slot, due);
        // A later one's is fetched: the next few are taken before it arrives.
        if let Some(later) = self.vacant.iter().rev().nth(TAKEN_SOON) {
            self.prefetch(*later);
        }
        slot
    }

    fn set_due(&mut self, Slot(slot): Slot, due: IntervalIndex) {
        if let Some(due_at) = self.due.get_mut(slot as usize) {
            *due_at = due;
        }
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
        self.due.push(IntervalIndex::NEVER);
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

/// The interval before which a connection is not over that was not silent at `last`. Of TCP any may
/// be closed at any time.
fn due(protocol: Protocol, last: Timestamp, idle: IdleTimeouts) -> IntervalIndex {
    match protocol {
        Protocol::Tcp => IntervalIndex::default(),
        Protocol::Udp => IntervalIndex::of(last.saturating_add(Duration::from_nanos(idle.udp_ns))),
    }
}

impl Slot {
    /// The first slot there is.
    pub const FIRST: Self = Self(0);

    /// The slot of a number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    #[inline]
    const fn split(self) -> (usize, usize) {
        (self.0 as usize / BLOCK, self.0 as usize % BLOCK)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::connection::Sighting;
    use crate::endpoint::{Endpoint, Side};
    use crate::hop::HopId;
    use crate::time::NANOS_PER_SECOND;

    fn key(protocol: Protocol, port: u16) -> ConnectionKey {
        let end = |last, port| Endpoint {
            address: [10, 0, 0, last].into(),
            port,
        };
        ConnectionKey::of(HopId::BETWEEN, protocol, end(1, port), end(2, 53)).0
    }

    fn add(table: &mut ConnectionTable, key: &ConnectionKey, time: Timestamp) {
        let (from, packets, ip_bytes) = (Side::Low, 1, 40);
        let hash = table.hash(key);
        let (_, connection) = table.get_or_insert(hash, table.fetch(hash), key, time);
        connection.add(&Sighting {
            time,
            from,
            packets,
            ip_bytes,
            segment: None,
            duplicate: false,
        });
    }

    fn keys<'c>(connections: impl Iterator<Item = &'c Connection>) -> BTreeSet<ConnectionKey> {
        connections.map(|connection| connection.key).collect()
    }

    proptest! {
        // Few five-tuples and long silences, so that slots are left and taken again.
        #[test]
        fn what_is_over_is_found_whenever_somebody_looks_and_all_else_stays(
            steps in prop::collection::vec(
                (prop_oneof![Just(0), 0..50_u64], any::<bool>(), 0..40_u16, 1..5_usize), 0..200,
            ),
        ) {
            let idle = IdleTimeouts::default();
            let mut table = ConnectionTable::new(1, idle);
            let mut now = Timestamp::from_nanos(0);
            for (seconds, is_udp, port, count) in steps {
                now = Timestamp::from_nanos(now.as_nanos() + seconds * NANOS_PER_SECOND);
                let expected = keys(table.iter().filter(|c| c.is_over(now, idle)));
                let (mut found, mut from) = (BTreeSet::new(), Slot::FIRST);
                loop {
                    let slots = table.over(&mut from, now, count);
                    if slots.is_empty() {
                        break;
                    }
                    found.extend(keys(slots.iter().filter_map(|slot| table.at(*slot))));
                    table.remove(&slots);
                }
                prop_assert_eq!(&found, &expected);
                let protocol = if is_udp { Protocol::Udp } else { Protocol::Tcp };
                let before = keys(table.iter());
                prop_assert!(before.is_disjoint(&found));
                prop_assert!(before.iter().all(|key| table.get(key).is_some_and(|c| c.key == *key)));
                prop_assert!(found.iter().all(|key| table.get(key).is_none()));
                add(&mut table, &key(protocol, port), now);
                prop_assert!(before.is_subset(&keys(table.iter())));
                prop_assert_eq!(table.len(), table.iter().count());
                let mut ages: Vec<_> = table.iter().map(|c| (c.last(), c.key)).collect();
                ages.sort_unstable();
                for share in [1, 2, 8] {
                    prop_assert_eq!(table.oldest(share), ages.get(ages.len() / share).copied());
                }
            }
        }
    }
}
