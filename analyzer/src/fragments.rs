//! Which connection the later fragments of an IP packet belong to.
//!
//! **Time** a first fragment is remembered for 30 s of packet time. **Source** RFC 791 §3.2,
//! RFC 8200 §4.5 (60 s at most for reassembly).
//! **Errors** none: a fragment whose first one is not known has no owner.

use std::collections::VecDeque;
use std::iter;

use hashbrown::HashMap;

use crate::connection::ConnectionKey;
use crate::endpoint::Side;
use crate::hop::HopId;
use crate::keyed::Keyed;
use crate::packet::FragmentKey;
use crate::time::{NANOS_PER_SECOND, Timestamp};

/// How long a first fragment waits for the others.
const LIFETIME: u64 = 30 * NANOS_PER_SECOND;

/// Whose fragments they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FragmentOwner {
    /// A connection's, sent by one side.
    Connection(ConnectionKey, Side),
    /// A tunnel's: its inner packet was counted with the first fragment.
    Tunnel,
}

/// The first fragments of the last 30 seconds.
#[derive(Clone)]
pub struct Fragments {
    limit: usize,
    firsts: HashMap<Place, (Timestamp, FragmentOwner), Keyed>,
    /// In the order in which they were seen; what was seen again stands in it again.
    queue: VecDeque<(Timestamp, Place)>,
    evicted: u64,
}

/// A packet's fragments at a hop.
type Place = (HopId, FragmentKey);

impl Fragments {
    /// Room for `limit` first fragments.
    #[must_use]
    pub fn new(limit: usize, seed: u64) -> Self {
        Self {
            limit,
            firsts: HashMap::with_hasher(Keyed::new(seed)),
            queue: VecDeque::new(),
            evicted: 0,
        }
    }

    /// Remembers a first fragment.
    pub fn insert(&mut self, hop: HopId, key: FragmentKey, time: Timestamp, owner: FragmentOwner) {
        self.forget(time);
        self.firsts.insert((hop, key), (time, owner));
        self.queue.push_back((time, (hop, key)));
    }

    /// Whose fragment this is, if its first one was seen at this hop at most 30 s ago.
    #[must_use]
    pub fn owner(&self, hop: HopId, key: FragmentKey, time: Timestamp) -> Option<FragmentOwner> {
        let (first, owner) = self.firsts.get(&(hop, key))?;
        (time.abs_diff(*first) <= LIFETIME).then_some(*owner)
    }

    /// The hops of first fragments.
    pub fn hops(&self) -> impl Iterator<Item = HopId> {
        self.firsts.iter().flat_map(|((hop, _), (_, owner))| {
            let counted = match owner {
                FragmentOwner::Connection(key, _) => Some(key.hop),
                FragmentOwner::Tunnel => None,
            };
            iter::once(*hop).chain(counted)
        })
    }

    /// First fragments forgotten for want of room while others could still have come.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Forgets those that were seen first: what is too old, and at the limit one more.
    fn forget(&mut self, now: Timestamp) {
        while let Some(&(seen, place)) = self.queue.front() {
            let is_old = now.abs_diff(seen) > LIFETIME;
            if !is_old && self.queue.len() < self.limit {
                break;
            }
            self.queue.pop_front();
            // Unless it was seen again since.
            if self
                .firsts
                .get(&place)
                .is_some_and(|(first, _)| *first == seen)
            {
                self.firsts.remove(&place);
                self.evicted += u64::from(!is_old);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOP: HopId = HopId::BETWEEN;

    fn key(id: u32) -> FragmentKey {
        let (source, destination) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        FragmentKey {
            source,
            destination,
            id,
            protocol: 17,
        }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * NANOS_PER_SECOND)
    }

    #[test]
    fn a_first_fragment_is_remembered_for_thirty_seconds() {
        let mut fragments = Fragments::new(10, 0);
        fragments.insert(HOP, key(1), at(100), FragmentOwner::Tunnel);
        assert_eq!(
            fragments.owner(HOP, key(1), at(130)),
            Some(FragmentOwner::Tunnel)
        );
        assert_eq!(fragments.owner(HOP, key(1), at(131)), None);
        assert_eq!(fragments.owner(HOP, key(2), at(100)), None);
    }

    #[test]
    fn at_the_limit_the_oldest_makes_room_and_is_counted() {
        let mut fragments = Fragments::new(3, 0);
        for id in 1..=5 {
            fragments.insert(HOP, key(id), at(u64::from(id)), FragmentOwner::Tunnel);
        }
        let known = (1..=5).filter(|id| fragments.owner(HOP, key(*id), at(5)).is_some());
        assert_eq!(known.collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(fragments.evicted(), 2);
        fragments.insert(HOP, key(6), at(60), FragmentOwner::Tunnel);
        assert_eq!(
            (fragments.firsts.len(), fragments.evicted()),
            (1, 2),
            "old ones are no loss"
        );
    }

    #[test]
    fn what_is_seen_again_stays() {
        let mut fragments = Fragments::new(3, 0);
        for (id, time) in [(1, 1), (1, 20), (2, 40)] {
            fragments.insert(HOP, key(id), at(time), FragmentOwner::Tunnel);
        }
        assert!(fragments.owner(HOP, key(1), at(45)).is_some());
    }
}
