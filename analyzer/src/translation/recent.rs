//! The clues of the last seconds.
//!
//! **Shape** a queue in the order of arrival and an index by clue. A clue makes room for itself: it
//! takes the place of those that are too old to be its equals, so the queue is as long as the window
//! is busy, up to a limit. **Time** that of the packets.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use crate::connection::ConnectionKey;
use crate::connection::table::ConnectionTable;
use crate::index::Index;
use crate::keyed::Keyed;
use crate::prefetch::prefetch;
use crate::translation::clue::{Clue, Shown};
use crate::translation::remembered::Remembered;

/// Sightings of one clue within the window that are kept: a few five-tuples at as many hops.
const SAME: usize = 64;
/// The same with those of other moments that nothing has taken the place of: all are looked at.
const SAME_EVER: usize = 1_024;
/// How many turns before it goes the oldest one is fetched from memory, and its place in the index.
const GONE_SOON: usize = 16;

/// Numbers are of so many bits: fewer than an index has.
const NUMBERS: u32 = u32::MAX / 2;

/// Clues and where they were seen.
#[derive(Clone)]
pub(super) struct Recent<R> {
    /// How far apart equal clues may be.
    window: u64,
    limit: usize,
    hasher: Keyed,
    queue: VecDeque<R>,
    /// The number of the first in `queue`.
    first: u32,
    /// The number after the last one's.
    next: u32,
    /// Numbers, by the hash of their clue.
    index: Index,
    evicted: u64,
    refused: u64,
}

impl<R: Remembered> Recent<R> {
    /// Room for `limit` sightings of clues, of which equal ones are at most `window` nanoseconds
    /// apart.
    pub(super) fn new(window: u64, limit: usize, seed: u64) -> Self {
        Self {
            window,
            limit: limit.clamp(1, NUMBERS as usize),
            hasher: Keyed::new(seed),
            queue: VecDeque::new(),
            first: 0,
            next: 0,
            index: Index::default(),
            evicted: 0,
            refused: 0,
        }
    }

    /// Takes note of a clue that was counted in `table`. Where other five-tuples have shown the same
    /// one, it is told where, all in order of time. One that everybody shows says nothing any more.
    pub(super) fn see(&mut self, seen: Shown, table: &ConnectionTable) -> Option<Vec<Shown>> {
        let hash = self.hash(&seen.clue);
        let (mut same, mut near, mut others, mut is_known) = (0, 0, false, false);
        for other in self.equals(hash, &seen.clue, table) {
            same += 1;
            if self.is_near(&other, &seen) {
                near += 1;
                others |= !is_same(&other.key, &seen.key);
                is_known |= other.key == seen.key;
            }
        }
        if !is_known {
            if near >= SAME || same >= SAME_EVER {
                self.refused += 1;
                return None;
            }
            self.insert(hash, &seen);
        }
        others.then(|| self.sightings(hash, &seen, table))
    }

    /// All sightings of a clue within the window around `seen`.
    pub(super) fn find(&self, seen: &Shown, table: &ConnectionTable) -> Vec<Shown> {
        self.sightings(self.hash(&seen.clue), seen, table)
    }

    /// Fetches what a clue will be looked for in, without waiting for it.
    pub(super) fn expect(&self, clue: &Clue) {
        self.index.fetch(self.hash(clue));
    }

    /// Clues that had to go while an equal one could still have come.
    pub(super) const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Sightings of clues that too many had shown.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    fn sightings(&self, hash: u32, seen: &Shown, table: &ConnectionTable) -> Vec<Shown> {
        let equals = self.equals(hash, &seen.clue, table);
        let mut all: Vec<Shown> = equals.filter(|other| self.is_near(other, seen)).collect();
        all.sort_unstable_by_key(|seen| (seen.time, seen.key));
        all
    }

    fn hash(&self, clue: &Clue) -> u32 {
        u32::try_from(self.hasher.hash_one(clue) >> u32::BITS).unwrap_or_default()
    }

    fn equals(
        &self,
        hash: u32,
        clue: &Clue,
        table: &ConnectionTable,
    ) -> impl Iterator<Item = Shown> {
        let numbers = self.index.all(hash);
        numbers
            .filter_map(|number| self.queue.get(distance(self.first, number)))
            .filter_map(|other| other.shown(table))
            .filter(|other| other.clue == *clue)
    }

    const fn is_near(&self, a: &Shown, b: &Shown) -> bool {
        a.time.abs_diff(b.time) <= self.window
    }

    fn insert(&mut self, hash: u32, seen: &Shown) {
        self.make_room(seen);
        let Some(kept) = R::of(hash, seen) else {
            self.evicted += 1;
            return;
        };
        self.index.insert(hash, self.next);
        self.next = following(self.next);
        self.queue.push_back(kept);
    }

    /// Two may go for one that comes, so that a quiet time empties the queue and no single frame
    /// with a wrong clock does.
    fn make_room(&mut self, newcomer: &Shown) {
        for _ in 0..2 {
            let Some(oldest) = self.queue.front() else {
                return;
            };
            let is_old = newcomer.time.nanos_since(oldest.time()) > self.window;
            if !is_old && self.queue.len() < self.limit {
                return;
            }
            self.evicted += u64::from(!is_old);
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        let Some(gone) = self.queue.pop_front() else {
            return;
        };
        self.index.remove(gone.hash(), self.first);
        self.first = following(self.first);
        if let Some(later) = self.queue.get(2 * GONE_SOON) {
            prefetch(later);
        }
        if let Some(later) = self.queue.get(GONE_SOON) {
            self.index.fetch(later.hash());
        }
    }
}

/// The number after another; they begin again from 0, long after those were given up.
const fn following(number: u32) -> u32 {
    number.wrapping_add(1) & NUMBERS
}

/// How many numbers after `first` another one is.
const fn distance(first: u32, number: u32) -> usize {
    (number.wrapping_sub(first) & NUMBERS) as usize
}

/// Whether two sightings are of one five-tuple, at whatever hops.
pub(super) fn is_same(a: &ConnectionKey, b: &ConnectionKey) -> bool {
    (a.protocol, a.low, a.high) == (b.protocol, b.low, b.high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::IdleTimeouts;
    use crate::connection::table::Slot;
    use crate::endpoint::{Endpoint, Side};
    use crate::hop::HopId;
    use crate::protocol::Protocol;
    use crate::time::Timestamp;
    use crate::translation::clue::DataClue;
    use crate::translation::remembered::Whole;

    fn seen(time: u64, port: u16, seq: u32) -> Shown {
        let end = |last, port| Endpoint {
            address: [10, 0, 0, last].into(),
            port,
        };
        let (client, server) = (end(1, port), end(2, 80));
        let (key, from) = ConnectionKey::of(HopId::BETWEEN, Protocol::Tcp, client, server);
        let (ack, len, twin) = (7, 100, crate::connection::TwinId::NONE);
        Shown {
            time: Timestamp::from_nanos(time),
            slot: Slot::FIRST,
            key,
            from,
            clue: Clue::Data(DataClue { seq, ack, len }),
            twin,
        }
    }

    fn recent(window: u64, limit: usize, seed: u64) -> Recent<Whole> {
        Recent::new(window, limit, seed)
    }

    fn see(recent: &mut Recent<Whole>, seen: Shown) -> Option<Vec<Shown>> {
        recent.see(seen, &ConnectionTable::new(0, IdleTimeouts::default()))
    }

    fn ports(found: Option<Vec<Shown>>) -> Vec<u16> {
        let port = |seen: &Shown| match seen.from {
            Side::Low => seen.key.low.port,
            Side::High => seen.key.high.port,
        };
        found
            .into_iter()
            .flatten()
            .map(|shown| port(&shown))
            .collect()
    }

    #[test]
    fn equal_clues_of_others_within_the_window_are_found() {
        let mut recent = recent(100, 10, 0);
        assert_eq!(ports(see(&mut recent, seen(1000, 1, 5))), [0_u16; 0]);
        assert_eq!(
            ports(see(&mut recent, seen(1010, 1, 5))),
            [0_u16; 0],
            "its own"
        );
        assert_eq!(
            ports(see(&mut recent, seen(1020, 2, 6))),
            [0_u16; 0],
            "another clue"
        );
        assert_eq!(ports(see(&mut recent, seen(1100, 3, 5))), [1, 3]);
        assert_eq!(
            ports(see(&mut recent, seen(1150, 4, 5))),
            [3, 4],
            "one is too old"
        );
        assert_eq!(
            ports(see(&mut recent, seen(1120, 5, 5))),
            [3, 5, 4],
            "time may step back"
        );
    }

    #[test]
    fn old_ones_make_room_and_young_ones_are_counted() {
        let mut recent = recent(100, 4, 0);
        for n in 0..10 {
            see(&mut recent, seen(u64::from(n) * 200, 1, n));
        }
        assert_eq!((recent.queue.len(), recent.evicted()), (1, 0));
        for n in 10..20 {
            see(&mut recent, seen(2_000, 1, n));
        }
        assert_eq!((recent.queue.len(), recent.evicted()), (4, 6));
        assert_eq!(recent.index.len(), 4);
    }

    #[test]
    fn what_everybody_shows_is_not_kept_but_counted() {
        let mut recent = recent(100, 1_000, 0);
        for port in 0..500 {
            see(&mut recent, seen(1, port, 5));
        }
        assert_eq!(
            (
                recent.queue.len(),
                ports(see(&mut recent, seen(1, 999, 5))).len()
            ),
            (SAME, 0)
        );
        assert_eq!((recent.evicted(), recent.refused()), (0, 501 - SAME as u64));
    }

    #[test]
    fn what_was_shown_at_other_moments_is_no_reason_to_refuse() {
        let mut recent = recent(100, 10_000, 0);
        for port in 0..64 {
            see(&mut recent, seen(10_000, port, 5));
        }
        assert_eq!(ports(see(&mut recent, seen(1, 1_000, 5))), [0_u16; 0]);
        assert_eq!(ports(see(&mut recent, seen(2, 1_001, 5))), [1_000, 1_001]);
        assert_eq!(recent.refused(), 0);
        for n in 0..2_000_u16 {
            see(&mut recent, seen(5_000_000 - u64::from(n) * 1_000, n, 5));
        }
        assert!(recent.refused() > 0 && recent.queue.len() <= SAME_EVER);
    }
}
