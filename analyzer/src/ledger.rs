//! The ledger: every leg, and the connection records somebody keeps.
//!
//! **Shape** limited in records (intervals of legs). At the limit the eighth of the legs that was
//! silent longest is dropped and counted.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::connection::record::{ConnectionRecord, ConnectionRecords};
use crate::connection::{Connection, EndReason};
use crate::leg::{Leg, LegKey, fold_connection, fold_traffic, leg_of};
use crate::time::Timestamp;

/// The share of legs that makes room: one in this many.
const SHARE: usize = 8;

/// Everything that was folded.
#[derive(Clone)]
pub struct Ledger {
    legs: HashMap<LegKey, Leg, FixedState>,
    intervals: usize,
    limit: usize,
    evicted: u64,
    records: ConnectionRecords,
}

impl Ledger {
    /// Room for `intervals` intervals of legs and `records` connection records.
    #[must_use]
    pub fn new(intervals: usize, records: usize, seed: u64) -> Self {
        Self {
            legs: HashMap::with_hasher(FixedState::with_seed(seed)),
            intervals: 0,
            limit: intervals,
            evicted: 0,
            records: ConnectionRecords::new(records),
        }
    }

    /// Folds the counters of an interval that a connection leaves.
    pub fn fold_traffic(&mut self, connection: &Connection) {
        let (key, forward) = leg_of(connection);
        self.change(key, |leg| fold_traffic(connection, forward, leg));
    }

    /// Folds a connection that ended for `end`, or is looked at while it is active.
    pub fn fold(&mut self, connection: &Connection, end: Option<EndReason>) {
        let (key, forward) = leg_of(connection);
        self.change(key, |leg| fold_connection(connection, forward, end, leg));
        self.records.push(ConnectionRecord::of(connection, end));
    }

    /// Intervals dropped at the limit.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The connection records.
    #[must_use]
    pub const fn records(&self) -> &ConnectionRecords {
        &self.records
    }

    /// The legs, in no particular order, and the connection records.
    #[must_use]
    pub fn into_legs(self) -> (Vec<(LegKey, Leg)>, ConnectionRecords) {
        (self.legs.into_iter().collect(), self.records)
    }

    fn change(&mut self, key: LegKey, change: impl FnOnce(&mut Leg)) {
        let leg = self.legs.entry(key).or_default();
        let before = leg.intervals().len();
        change(leg);
        self.intervals += leg.intervals().len() - before;
        if self.intervals > self.limit {
            self.make_room();
        }
    }

    fn make_room(&mut self) {
        let mut times: Vec<Timestamp> = self.legs.values().map(last_packet).collect();
        let rank = times.len() / SHARE;
        if rank >= times.len() {
            return;
        }
        let cutoff = *times.select_nth_unstable(rank).1;
        let (intervals, evicted) = (&mut self.intervals, &mut self.evicted);
        self.legs.retain(|_, leg| {
            let keep = last_packet(leg) > cutoff;
            if !keep {
                *intervals -= leg.intervals().len();
                *evicted += leg.intervals().len() as u64;
            }
            keep
        });
    }
}

fn last_packet(leg: &Leg) -> Timestamp {
    let last = |interval: &crate::leg::Interval| interval.forward.last.max(interval.backward.last);
    leg.intervals().last().map_or(Timestamp::MIN, last)
}
