//! The ledger: every leg, and the connection records somebody keeps.
//!
//! **Shape** legs lie one after the other and a hash index says where: both grow without moving
//! legs about. Limited in records (intervals of legs); at the limit an eighth of them is dropped,
//! the oldest first, and counted.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

use crate::connection::record::{ConnectionRecord, ConnectionRecords, Surplus};
use crate::connection::{Connection, EndReason, TwinId};
use crate::endpoint::{Endpoint, Side};
use crate::era::Eras;
use crate::index::Index;
use crate::leg::{Ends, Leg, LegKey, fold_connection, fold_traffic, leg_of};
use crate::prefetch::prefetch;
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;

/// The share of intervals that makes room: one in this many.
const SHARE: usize = 8;
/// Connections whose legs are fetched before the first of them is folded.
const AHEAD: usize = 16;

const _: () = assert!(size_of::<(LegKey, Leg)>() <= 176);

/// Where a connection is folded.
struct Destination {
    key: LegKey,
    /// Whose traffic is forward there.
    forward: Side,
    hash: u32,
}

/// Everything that was folded.
#[derive(Clone)]
pub struct Ledger {
    legs: Vec<(LegKey, Leg)>,
    /// Where the leg of a key is.
    index: Index,
    hasher: FixedState,
    intervals: usize,
    limit: usize,
    evicted: u64,
    records: ConnectionRecords,
}

impl Ledger {
    /// Room for `intervals` intervals of legs and `records` connection records.
    #[must_use]
    pub fn new(intervals: usize, records: (usize, Surplus), seed: u64) -> Self {
        Self {
            legs: Vec::new(),
            index: Index::default(),
            hasher: FixedState::with_seed(seed),
            intervals: 0,
            limit: intervals,
            evicted: 0,
            records: ConnectionRecords::new(records.0, records.1),
        }
    }

    /// Folds the counters of an interval that a connection leaves.
    pub fn fold_traffic(&mut self, connection: &Connection, eras: &Eras) {
        let to = self.destination(connection, eras);
        self.change(&to, |leg| fold_traffic(connection, to.forward, leg));
    }

    /// Folds a connection that ended for `end`, or is looked at while it is active.
    pub fn fold(&mut self, connection: &Connection, eras: &Eras, end: Option<EndReason>) {
        let to = self.destination(connection, eras);
        self.fold_to(&to, connection, end);
    }

    /// Folds connections, each with the end that `end` gives it. Their legs are fetched from memory
    /// several at a time.
    pub fn fold_all<'c>(
        &mut self,
        mut connections: impl Iterator<Item = &'c Connection>,
        eras: &Eras,
        end: impl Fn(&Connection) -> Option<EndReason>,
    ) {
        let mut ahead = Vec::with_capacity(AHEAD);
        loop {
            ahead.extend(connections.by_ref().take(AHEAD).map(|connection| {
                let to = self.destination(connection, eras);
                self.index.fetch(to.hash);
                (to, connection)
            }));
            if ahead.is_empty() {
                return;
            }
            for (to, _) in &ahead {
                let place = self.index.find(to.hash, |_| true);
                if let Some(leg) = place.and_then(|place| self.legs.get(place as usize)) {
                    prefetch(leg);
                }
            }
            for (to, connection) in ahead.drain(..) {
                self.fold_to(&to, connection, end(connection));
            }
        }
    }

    /// Forgets intervals and connection records that are wholly before `before`, but for what was
    /// open then, and says how many they were.
    pub fn forget(&mut self, before: Timestamp) -> u64 {
        let cutoff = IntervalIndex::of(before);
        let (intervals, legs) = (self.intervals, self.legs.len());
        for (_, leg) in &mut self.legs {
            self.intervals -= leg.forget(cutoff);
        }
        self.legs.retain(|(_, leg)| !leg.intervals().is_empty());
        if self.legs.len() < legs {
            self.index_anew();
        }
        let records = self.records.forget(before);
        (intervals - self.intervals + records) as u64
    }

    /// The numbers of forms that some leg has.
    pub fn twins(&self) -> impl Iterator<Item = TwinId> {
        let legs = self.legs.iter().map(|(key, _)| key.twin);
        legs.chain(self.records.iter().map(|record| record.twin))
    }

    /// Intervals dropped at the limit.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The legs, in no particular order, and the connection records.
    #[must_use]
    pub fn into_legs(self) -> (Vec<(LegKey, Leg)>, ConnectionRecords) {
        (self.legs, self.records)
    }

    fn destination(&self, connection: &Connection, eras: &Eras) -> Destination {
        let (key, forward) = leg_of(connection, eras.get(connection.era).from);
        let hash = hash_of(&self.hasher, &key);
        Destination { key, forward, hash }
    }

    fn fold_to(&mut self, to: &Destination, connection: &Connection, end: Option<EndReason>) {
        self.change(to, |leg| fold_connection(connection, to.forward, end, leg));
        self.records
            .push(|| ConnectionRecord::of(connection, to.key.era, end));
    }

    fn change(&mut self, to: &Destination, change: impl FnOnce(&mut Leg)) {
        let at = self.place(to);
        let Some((_, leg)) = self.legs.get_mut(at) else {
            return;
        };
        let before = leg.intervals().len();
        change(leg);
        self.intervals += leg.intervals().len() - before;
        if self.intervals > self.limit {
            self.make_room();
        }
    }

    /// Where a leg is, made when there is none.
    fn place(&mut self, to: &Destination) -> usize {
        let legs = &mut self.legs;
        let is_it = |at: u32| {
            let leg = legs.get(at as usize);
            leg.is_some_and(|(other, _)| *other == to.key)
        };
        match self.index.find(to.hash, is_it) {
            Some(at) => at as usize,
            None => {
                let at = legs.len();
                legs.push((to.key, Leg::default()));
                self.index.insert(to.hash, number(at));
                at
            }
        }
    }

    /// Drops an eighth: the oldest intervals, but never the newest; where there is but one, legs.
    fn make_room(&mut self) {
        let wanted = self.intervals / SHARE + 1;
        let before = self.intervals;
        if let Some(cutoff) = self.oldest_but(wanted) {
            for (_, leg) in &mut self.legs {
                self.intervals -= leg.drop_before(cutoff);
            }
            self.legs.retain(|(_, leg)| !leg.intervals().is_empty());
        }
        let dropped = before - self.intervals;
        if dropped < wanted {
            self.drop_legs(wanted - dropped);
        }
        self.evicted += (before - self.intervals) as u64;
        self.index_anew();
    }

    /// The first index before which at least `wanted` intervals lie, or the newest one if there
    /// are fewer.
    fn oldest_but(&self, wanted: usize) -> Option<IntervalIndex> {
        let mut counts: BTreeMap<IntervalIndex, usize> = BTreeMap::new();
        for interval in self.legs.iter().flat_map(|(_, leg)| leg.intervals().iter()) {
            *counts.entry(interval.index).or_default() += 1;
        }
        let mut before = 0;
        let enough = counts.iter().find_map(|(index, count)| {
            let found = (before >= wanted).then_some(*index);
            before += count;
            found
        });
        enough.or_else(|| counts.last_key_value().map(|(newest, _)| *newest))
    }

    /// Drops the legs that were silent longest, `wanted` of them; equal ones by their keys.
    fn drop_legs(&mut self, wanted: usize) {
        let mut ages: Vec<(Timestamp, LegKey)> = self
            .legs
            .iter()
            .map(|(key, leg)| (last_packet(leg), *key))
            .collect();
        let rank = wanted.min(ages.len()).saturating_sub(1);
        if rank >= ages.len() {
            return;
        }
        let cutoff = *ages.select_nth_unstable(rank).1;
        let intervals = &mut self.intervals;
        self.legs.retain(|(key, leg)| {
            let keep = (last_packet(leg), *key) > cutoff;
            if !keep {
                *intervals -= leg.intervals().len();
            }
            keep
        });
    }

    fn index_anew(&mut self) {
        self.index = Index::default();
        for (at, (key, _)) in self.legs.iter().enumerate() {
            self.index.insert(hash_of(&self.hasher, key), number(at));
        }
    }
}

/// A leg's number in the index. There are fewer: each has an interval, and those are limited.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn hash_of(hasher: &FixedState, key: &LegKey) -> u32 {
    let mut state = hasher.build_hasher();
    match key.ends {
        Ends::Roles { client, server } => {
            let client = Endpoint {
                address: client,
                port: 0,
            };
            (client, server).hash(&mut state);
        }
        Ends::Ports { low, high } => (low, high).hash(&mut state),
    }
    let hop = u64::from(key.hop.number()) << 8 | u64::from(key.protocol as u8);
    state.write_u64(hop ^ u64::from(key.twin.number()) << 32);
    state.write_u64(key.era.as_nanos());
    u32::try_from(state.finish() >> 32).unwrap_or_default()
}

fn last_packet(leg: &Leg) -> Timestamp {
    let last = |interval: &crate::leg::Interval| interval.forward.last.max(interval.backward.last);
    leg.intervals().last().map_or(Timestamp::MIN, last)
}
