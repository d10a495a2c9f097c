//! Which connection the later fragments of an IP packet belong to.
//!
//! **Time** a first fragment is remembered for 30 s of packet time. **Source** RFC 791 §3.2,
//! RFC 8200 §4.5 (60 s at most for reassembly).
//! **Errors** none: a fragment whose first one is not known has no owner.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::connection::ConnectionKey;
use crate::endpoint::Side;
use crate::hop::HopId;
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
    firsts: HashMap<(HopId, FragmentKey), (Timestamp, FragmentOwner), FixedState>,
    evicted: u64,
}

impl Fragments {
    /// Room for `limit` first fragments.
    #[must_use]
    pub fn new(limit: usize, seed: u64) -> Self {
        Self {
            limit,
            firsts: HashMap::with_hasher(FixedState::with_seed(seed)),
            evicted: 0,
        }
    }

    /// Remembers a first fragment.
    pub fn insert(&mut self, hop: HopId, key: FragmentKey, time: Timestamp, owner: FragmentOwner) {
        if self.firsts.len() >= self.limit {
            self.make_room(time);
        }
        self.firsts.insert((hop, key), (time, owner));
    }

    /// Whose fragment this is, if its first one was seen at this hop at most 30 s ago.
    #[must_use]
    pub fn owner(&self, hop: HopId, key: FragmentKey, time: Timestamp) -> Option<FragmentOwner> {
        let (first, owner) = self.firsts.get(&(hop, key))?;
        (time.abs_diff(*first) <= LIFETIME).then_some(*owner)
    }

    /// First fragments forgotten for want of room while others could still have come.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Forgets what is too old, and if nothing is, everything: at the limit within 30 s, no
    /// single one is worth a search.
    fn make_room(&mut self, now: Timestamp) {
        self.firsts
            .retain(|_, (first, _)| now.abs_diff(*first) <= LIFETIME);
        if self.firsts.len() >= self.limit {
            self.evicted += self.firsts.len() as u64;
            self.firsts.clear();
        }
    }
}
