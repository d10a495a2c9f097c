//! The ledger: every leg, and the connection records somebody keeps.
//!
//! **Shape** legs lie one after the other and a hash index says where: both grow without moving
//! legs about. Limited in records (intervals of legs): near the limit old intervals are merged to
//! coarser ones, which loses no count; at the limit, when no more can be merged, an eighth of them
//! is dropped, the oldest first. Both are counted.

use std::hash::{BuildHasher, Hash, Hasher};

use crate::connection::record::{ConnectionRecord, ConnectionRecords, Surplus};
use crate::connection::table::ConnectionTable;
use crate::connection::{Connection, EndReason, TwinId};
use crate::endpoint::{BySide, Endpoint, Side};
use crate::era::Eras;
use crate::hop::HopId;
use crate::hop::set::PlaceSet;
use crate::index::Index;
use crate::keyed::Keyed;
use crate::ledger::coarsening::Coarsening;
use crate::ledger::leaving::Leaving;
use crate::leg::{Beside, Ends, Leg, LegKey, fold_connection, fold_traffic, leg_of};
use crate::prefetch::prefetch;
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;
use crate::traffic::period::Grid;

mod coarsening;
mod leaving;

/// The share of intervals that makes room: one in this many. As far from the limit it begins.
const SHARE: usize = 8;
/// The share of the limit by which intervals grow before room is made again: each time all of them
/// are looked at.
const PAUSE: usize = 16;
/// Connections whose legs are fetched before the first of them is folded.
const AHEAD: usize = 16;
/// The same of those that leave an interval.
const LEAVING: usize = 32;

const _: () = assert!(size_of::<(LegKey, Leg)>() <= 168);

/// Where a connection is folded.
#[derive(Clone, Copy)]
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
    hasher: Keyed,
    intervals: usize,
    limit: usize,
    /// Room is made when there are more intervals than these.
    room: usize,
    grid: Grid,
    /// Intervals that were merged to others.
    coarsened: u64,
    evicted: u64,
    records: ConnectionRecords,
    /// What is not in the legs yet.
    leaving: Vec<Leaving>,
}

impl Ledger {
    /// Room for `intervals` intervals of legs and `records` connection records.
    #[must_use]
    pub fn new(intervals: usize, records: (usize, Surplus), seed: u64) -> Self {
        Self {
            legs: Vec::new(),
            index: Index::default(),
            hasher: Keyed::new(seed),
            intervals: 0,
            limit: intervals,
            room: near(intervals),
            grid: Grid::default(),
            coarsened: 0,
            evicted: 0,
            records: ConnectionRecords::new(records.0, records.1),
            leaving: Vec::with_capacity(LEAVING),
        }
    }

    /// Folds the counters of an interval that a connection leaves.
    pub fn fold_traffic(&mut self, connection: &Connection, eras: &Eras) {
        let to = self.destination(connection, eras);
        if !connection.held().is_empty() {
            return self.change(&to, |leg| fold_traffic(connection, to.forward, leg));
        }
        self.index.fetch(to.hash);
        self.leaving.push(Leaving::of(connection, to));
        if self.leaving.len() >= LEAVING {
            self.settle();
        }
    }

    /// Adds to the legs what is still on its way there.
    pub fn settle(&mut self) {
        let mut leaving = std::mem::take(&mut self.leaving);
        self.fetch_legs(|| leaving.iter().map(|leaving| leaving.to.hash));
        for leaving in leaving.drain(..) {
            self.change(&leaving.to, |leg| leaving.add_to(leg));
        }
        self.leaving = leaving;
    }

    /// Folds a connection that ended for `end`, or is looked at while it is active.
    /// Where else its packets were seen is `beside`.
    pub fn fold(
        &mut self,
        connection: &Connection,
        beside: BySide<PlaceSet>,
        eras: &Eras,
        end: Option<EndReason>,
    ) {
        let to = self.destination(connection, eras);
        self.fold_to(&to, connection, beside, end);
    }

    /// Folds connections of a table, each with the end that `end` gives it. Their legs are fetched
    /// from memory several at a time.
    pub fn fold_all<'c>(
        &mut self,
        table: &ConnectionTable,
        mut connections: impl Iterator<Item = &'c Connection>,
        eras: &Eras,
        end: impl Fn(&Connection) -> Option<EndReason>,
    ) {
        self.settle();
        let mut ahead = Vec::with_capacity(AHEAD);
        loop {
            ahead.extend(connections.by_ref().take(AHEAD).map(|connection| {
                let to = self.destination(connection, eras);
                self.index.fetch(to.hash);
                (to, table.expect_beside(connection), connection)
            }));
            if ahead.is_empty() {
                return;
            }
            self.fetch_legs(|| ahead.iter().map(|(to, ..)| to.hash));
            for (to, hash, connection) in ahead.drain(..) {
                self.fold_to(
                    &to,
                    connection,
                    table.beside(hash, connection),
                    end(connection),
                );
            }
        }
    }

    /// Forgets intervals and connection records that are wholly before `before`, but for what was
    /// open then, and says how many they were.
    pub fn forget(&mut self, before: Timestamp) -> u64 {
        self.settle();
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

    /// The hops at which something was counted.
    pub fn hops(&self) -> impl Iterator<Item = HopId> {
        let legs = self.legs.iter().map(|(key, _)| key.hop);
        let leaving = self.leaving.iter().map(|leaving| leaving.to.key.hop);
        let records = self.records.iter().map(|record| record.key.hop);
        legs.chain(leaving).chain(records)
    }

    /// The numbers of forms that some leg has.
    pub fn twins(&self) -> impl Iterator<Item = TwinId> {
        let legs = self.legs.iter().map(|(key, _)| key.twin);
        let leaving = self.leaving.iter().map(|leaving| leaving.to.key.twin);
        let records = self.records.iter().map(|record| record.twin);
        legs.chain(leaving).chain(records)
    }

    /// Intervals dropped at the limit.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// By how many intervals there are fewer because they were merged.
    #[must_use]
    pub const fn coarsened(&self) -> u64 {
        self.coarsened
    }

    /// Which intervals were merged.
    #[must_use]
    pub const fn grid(&self) -> Grid {
        self.grid
    }

    /// The legs, in no particular order, all of them on one grid, and the connection records.
    #[must_use]
    pub fn into_legs(mut self) -> (Vec<(LegKey, Leg)>, ConnectionRecords) {
        self.settle();
        if !self.grid.is_fine() {
            // What came late is as fine as it came.
            self.coarsen_to(self.grid);
        }
        (self.legs, self.records)
    }

    /// Fetches the legs of these hashes, and of each the latest interval.
    fn fetch_legs<I: Iterator<Item = u32>>(&self, hashes: impl Fn() -> I) {
        let likely = |hash| {
            let place = self.index.find(hash, |_| true)?;
            self.legs.get(place as usize)
        };
        hashes().filter_map(likely).for_each(prefetch);
        for (_, leg) in hashes().filter_map(likely) {
            leg.intervals().fetch_last();
        }
    }

    fn destination(&self, connection: &Connection, eras: &Eras) -> Destination {
        let (key, forward) = leg_of(connection, eras.get(connection.era).from);
        let hash = hash_of(&self.hasher, &key);
        Destination { key, forward, hash }
    }

    fn fold_to(
        &mut self,
        to: &Destination,
        connection: &Connection,
        beside: BySide<PlaceSet>,
        end: Option<EndReason>,
    ) {
        self.change(to, |leg| {
            leg.beside.merge(Beside::of(beside, to.forward));
            fold_connection(connection, to.forward, end, leg);
        });
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
        if self.intervals > self.room {
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

    /// Merges old intervals so that there are an eighth fewer, if that can be; at the limit as many
    /// as can be, and where that is too little the oldest are dropped.
    fn make_room(&mut self) {
        let wanted = self.intervals / SHARE + 1;
        let is_full = self.intervals > self.limit;
        let before = self.intervals;
        let coarsening = Coarsening::of(self.legs.iter().map(|(_, leg)| leg.intervals()));
        if let Some(grid) = coarsening.grid(self.grid, wanted, is_full) {
            self.coarsen_to(grid);
        }
        let merged = before - self.intervals;
        if is_full && merged < wanted.div_ceil(2) {
            self.drop_oldest(wanted - merged);
        }
        let pause = self.intervals.saturating_add(self.limit / PAUSE);
        self.room = pause.clamp(near(self.limit), self.limit);
    }

    fn coarsen_to(&mut self, grid: Grid) {
        let merged = self.legs.iter_mut().map(|(_, leg)| leg.coarsen(&grid));
        let merged: usize = merged.sum();
        self.grid = grid;
        self.intervals -= merged;
        self.coarsened += merged as u64;
    }

    /// Drops the oldest intervals, but never the newest; where there is but one, legs.
    fn drop_oldest(&mut self, wanted: usize) {
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
        let all = self.legs.iter().flat_map(|(_, leg)| leg.intervals().iter());
        let mut all: Vec<IntervalIndex> = all.map(|interval| interval.period.first()).collect();
        let rank = wanted.min(all.len()).checked_sub(1)?;
        let (_, &mut oldest, later) = all.select_nth_unstable(rank);
        let after = later.iter().filter(|index| **index > oldest).min();
        after
            .or_else(|| later.iter().max())
            .copied()
            .or(Some(oldest))
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

/// How many intervals are near a limit.
const fn near(limit: usize) -> usize {
    limit - limit / SHARE
}

/// A leg's number in the index. There are fewer: each has an interval, and those are limited.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn hash_of(hasher: &Keyed, key: &LegKey) -> u32 {
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
