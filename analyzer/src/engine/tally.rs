//! The tally: packets in, connections and legs out.

use crate::connection::table::hash::{KeyHash, KeyHasher};
use crate::connection::table::{ConnectionTable, Slot};
use crate::connection::{Connection, EndReason, Sighting};
use crate::coverage::Coverage;
use crate::engine::load::{Closed, GROUP, Load};
use crate::engine::parcel::Parcel;
use crate::engine::settings::Settings;
use crate::era::Eras;
use crate::ledger::Ledger;
use crate::tenancy::Tenancy;
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;
use crate::translation::Translations;
use crate::translation::clue::Shown;

/// Live connections below which none is looked for that is over: a small table costs nothing, and
/// in a small capture ends are decided by nothing but the connection's own packets.
const EXPIRE_ABOVE: usize = 16_384;
/// Connections that are over and are folded before the next are looked for.
const FOLDED_TOGETHER: usize = 1024;
/// The share of live connections that is folded early when the table is full: one in this many.
const EVICTED_SHARE: usize = 8;

/// What was counted.
#[derive(Clone)]
pub(super) struct Tally {
    settings: Settings,
    /// The account of what was counted.
    pub(super) coverage: Coverage,
    pub(super) table: ConnectionTable,
    pub(super) ledger: Ledger,
    pub(super) translations: Translations,
    /// The interval up to which connections were expired, and the frames counted since.
    swept: (IntervalIndex, u64),
    pub(super) evicted: u64,
    pub(super) tenancy: Tenancy,
}

impl Tally {
    /// Nothing counted yet.
    pub(super) fn new(settings: Settings) -> Self {
        let Settings { limits, seed, .. } = settings;
        Self {
            settings,
            coverage: Coverage::default(),
            table: ConnectionTable::new(seed, settings.idle),
            ledger: Ledger::new(
                limits.intervals,
                (limits.connection_records, settings.surplus),
                seed,
            ),
            translations: Translations::new(limits.translations, seed),
            swept: (IntervalIndex::default(), 0),
            evicted: 0,
            tenancy: Tenancy::new(limits.cluster),
        }
    }

    /// How the keys of connections are hashed.
    pub(super) const fn hasher(&self) -> KeyHasher {
        self.table.hasher()
    }

    /// Counts the closed groups of a load, in order.
    pub(super) fn count_load(&mut self, load: &Load) {
        self.expect(load.first_group());
        load.each_group(|group, next, closed| self.count_group(group, next, closed));
    }

    /// Fetches what a group will look up, without waiting for it.
    fn expect(&self, group: &[Parcel]) {
        for parcel in group {
            self.table.expect(parcel.hash);
        }
    }

    /// Counts a group, while what the `next` one will look up is fetched.
    fn count_group(&mut self, group: &[Parcel], next: &[Parcel], closed: &Closed) {
        let frames = closed.frames + self.coverage.frames;
        if let Some(time) = group.first().map(|parcel| parcel.sighting.time)
            && self.tenancy.is_due(time, frames, self.table.len())
        {
            self.renew_eras(time, closed.from.unwrap_or(time), frames);
        }
        let mut slots = [None; GROUP];
        for (parcel, slot) in group.iter().zip(&mut slots) {
            *slot = self.table.fetch(parcel.hash);
            if let Some(segment) = &parcel.sighting.segment {
                let source = parcel.key.endpoint(parcel.sighting.from);
                self.translations.expect(source, segment);
            }
        }
        self.expect(next);
        slots
            .iter()
            .flatten()
            .for_each(|slot| self.table.fetch_rest(*slot));
        for (parcel, slot) in group.iter().zip(slots) {
            self.count(parcel, slot);
        }
        if let Some(watermark) = closed.watermark {
            self.sweep(watermark, frames);
        }
    }

    #[inline]
    fn count(&mut self, parcel: &Parcel, likely: Option<Slot>) {
        // The parcel is read where it lies: a copy is written in wide pieces and read in others,
        // which the processor waits for.
        let Parcel {
            hash,
            key,
            sighting,
            merged,
        } = parcel;
        let hash = *hash;
        self.coverage.count(sighting.packets);
        self.coverage.merged_frames += u64::from(*merged);
        if self.table.len() >= self.settings.limits.connections && !self.table.contains(hash, key) {
            self.evict();
        }
        let time = sighting.time;
        let (slot, connection) = self.table.get_or_insert(hash, likely, key, time);
        let (eras, idle) = (self.tenancy.eras(), self.settings.idle);
        let is_new = connection.is_new();
        let ended = if is_new {
            None
        } else {
            connection.ended_before(sighting, eras.get(connection.era), idle)
        };
        let connection = if is_new || ended.is_some() {
            self.begin((hash, slot), sighting, ended);
            match self.table.at_mut(slot) {
                Some(connection) => connection,
                None => return,
            }
        } else {
            connection
        };
        let interval = IntervalIndex::of(sighting.time);
        if connection.interval != interval && !connection.hold(interval) {
            self.ledger.fold_traffic(connection, self.tenancy.eras());
            connection.begin(interval);
        }
        connection.add(sighting);
        let is_reset = sighting.resets() && connection.goes_on();
        if let Some(shown) = Shown::of(slot, connection, sighting) {
            self.translations.observe(shown, &mut self.table);
        }
        if is_reset {
            self.reset_other_half((hash, slot), sighting);
        }
    }

    /// Lets a connection begin with `sighting`, after another one of the same five-tuple where that
    /// ended.
    fn begin(
        &mut self,
        (hash, slot): (KeyHash, Slot),
        sighting: &Sighting,
        ended: Option<EndReason>,
    ) {
        let Some(before) = self.table.at(slot) else {
            return;
        };
        if ended.is_some() {
            let beside = self.table.beside(Some(hash), before);
            let eras = self.tenancy.eras();
            self.ledger.fold(before, beside, eras, ended);
        }
        let halves = self.halves((hash, slot), sighting);
        let Some(connection) = self.table.at_mut(slot) else {
            return;
        };
        if ended.is_some() {
            *connection = connection.next(sighting, self.settings.idle);
        }
        connection.era = self.tenancy.era_of(&connection.key, sighting.time);
        if !sighting.opens() {
            if !halves.is_empty() {
                connection.go_on();
            }
            return;
        }
        // What opens is never the answering half, even where that was read before.
        let mut closed = None;
        for half in halves {
            if let Some(half) = self.table.at_mut(half) {
                half.go_on();
                closed = closed.or(half.tcp.closed());
            }
        }
        if let (Some((at, _)), Some(opened)) = (closed, self.table.at_mut(slot)) {
            opened.tcp.reset(at);
        }
    }

    /// Where the other half of a connection passes, unless that half is an answering one already.
    fn halves(&self, (hash, slot): (KeyHash, Slot), sighting: &Sighting) -> Vec<Slot> {
        let Some(connection) = self.table.at(slot) else {
            return Vec::new();
        };
        let by = (sighting.from, sighting.time);
        self.table.other_halves(hash, connection, by)
    }

    /// A reset that passes where one half of a connection does ends the other one too.
    fn reset_other_half(&mut self, (hash, slot): (KeyHash, Slot), sighting: &Sighting) {
        for half in self.halves((hash, slot), sighting) {
            if let Some(half) = self.table.at_mut(half) {
                half.tcp.reset(sighting.time);
            }
        }
    }

    /// Expires, if it is worth a look at every connection: when there are many, the watermark is in
    /// another interval, and at least as many frames have come since as there are to look at.
    fn sweep(&mut self, watermark: Timestamp, frames: u64) {
        let interval = IntervalIndex::of(watermark);
        let (swept, at) = self.swept;
        let live = self.table.len();
        if live >= EXPIRE_ABOVE && interval != swept && frames - at >= live as u64 / 2 {
            self.expire(watermark);
            self.swept = (interval, frames);
        }
    }

    /// Folds the connections that ended before `now`.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let (eras, idle) = (self.tenancy.eras(), self.settings.idle);
        let mut from = Slot::FIRST;
        loop {
            // A few at a time: they are still at hand when they are taken out.
            let slots = self.table.over(&mut from, now, FOLDED_TOGETHER);
            if slots.is_empty() {
                return;
            }
            let over = slots.iter().filter_map(|slot| self.table.at(*slot));
            self.ledger.fold_all(&self.table, over, eras, |connection| {
                connection.end_at(now, eras.get(connection.era), idle)
            });
            self.table.remove(&slots);
        }
    }

    /// Folds the connections that were silent longest.
    fn evict(&mut self) {
        let Some(cutoff) = self.table.oldest(EVICTED_SHARE) else {
            return;
        };
        let silent = fold_out(
            (&mut self.table, &mut self.ledger),
            self.tenancy.eras(),
            |connection| (connection.last(), connection.key) <= cutoff,
            |_| Some(EndReason::Evicted),
        );
        self.evicted += silent as u64;
    }
}

/// Folds the connections for which `over` holds and takes them out; says how many they were.
pub(super) fn fold_out(
    (table, ledger): (&mut ConnectionTable, &mut Ledger),
    eras: &Eras,
    over: impl Fn(&Connection) -> bool,
    end: impl Fn(&Connection) -> Option<EndReason>,
) -> usize {
    let mut slots = Vec::new();
    let over = table.slots().filter(|(_, connection)| over(connection));
    let noted = over.map(|(slot, connection)| {
        slots.push(slot);
        connection
    });
    ledger.fold_all(table, noted, eras, end);
    table.remove(&slots);
    slots.len()
}
