//! Time that passes while an engine watches: answers go on though no frame comes, and what is too
//! old is forgotten.
//!
//! **Time** is that of whoever gives the frames. Forgetting is by whole intervals; connections that
//! are open stay, with what they counted since.

use std::collections::BTreeSet;

use crate::connection::Connection;
use crate::connection::table::Slot;
use crate::engine::Engine;
use crate::engine::excluded::{Excluded, Socket};
use crate::frame::Frame;
use crate::packet::{self, Parsed};
use crate::skip::SkipReason;
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;

/// Connections that are over and are folded before the next are looked for.
const FOLDED_TOGETHER: usize = 1024;

/// Frames of a source that were seen and left out, when it was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unrecorded {
    /// How many.
    pub frames: u64,
    /// The time of the earliest.
    pub first: Timestamp,
    /// The time of the latest.
    pub last: Timestamp,
}

impl Engine {
    /// Takes note that it is `now`, though no frame says so: answers go up to it, and what was
    /// silent for long has ended.
    pub fn reach(&mut self, now: Timestamp) {
        self.coverage.reach(now);
    }

    /// Leaves a frame out, and counts it as such.
    pub fn exclude(&mut self, frame: &Frame<'_>) {
        self.coverage.see(frame.time);
        self.places.see(frame);
        self.coverage.skip(SkipReason::Excluded);
    }

    /// Takes note that it was watched from a moment to another, though no frame says so.
    pub fn watch(&mut self, from: Timestamp, until: Timestamp) {
        self.coverage.watch(from, until);
    }

    /// Takes note of frames that a recorder left out.
    pub fn exclude_unrecorded(&mut self, source: u32, unrecorded: &Unrecorded) {
        let Unrecorded {
            frames,
            first,
            last,
        } = *unrecorded;
        self.coverage.watch(first, last);
        self.coverage.exclude(frames);
        self.places.extend(source, first, last);
    }

    /// Leaves out the packets of these sockets from now on, and counts them as such.
    pub fn exclude_sockets(&mut self, sockets: BTreeSet<Socket>) {
        self.excluded = Excluded::of(sockets);
    }

    /// Whether a frame would be left out for a socket that its packet is of.
    #[must_use]
    pub fn excludes(&self, frame: &Frame<'_>) -> bool {
        let Some(excluded) = &self.excluded else {
            return false;
        };
        match packet::parse(frame) {
            Parsed::Packet(packet) => excluded.holds(&packet),
            Parsed::Fragment(_) | Parsed::Skip(_) => false,
        }
    }

    /// Folds the connections that ended before `now`. When it runs changes no answer, unless a
    /// packet of one of them is still to come: a capture whose time steps back by minutes.
    pub fn expire(&mut self, now: Timestamp) {
        self.count_ahead();
        let (eras, idle) = (self.tenancy.eras(), self.settings.idle);
        let mut from = Slot::FIRST;
        loop {
            // A few at a time: they are still at hand when they are taken out.
            let slots = self.table.over(&mut from, now, FOLDED_TOGETHER);
            if slots.is_empty() {
                return;
            }
            let over = slots.iter().filter_map(|slot| self.table.at(*slot));
            self.ledger.fold_all(over, eras, |connection| {
                connection.end_at(now, eras.get(connection.era), idle)
            });
            self.table.remove(&slots);
        }
    }

    /// Forgets the intervals that ended by `before`, the connections that did, and what was known
    /// only for them: names, former states of the cluster.
    pub fn forget(&mut self, before: Timestamp) {
        self.count_ahead();
        let before = IntervalIndex::of(before).start();
        let records = self.ledger.forget(before);
        self.coverage.forget(before, records);
        self.names.forget(before);
        self.tenancy.forget(before);
        let live = self.table.iter().map(Connection::twin);
        self.translations
            .forget(before, self.ledger.twins().chain(live));
    }
}
