//! Time that passes while an engine watches: answers go on though no frame comes, and what is too
//! old is forgotten.
//!
//! **Time** is that of whoever gives the frames. Forgetting is by whole intervals; connections that
//! are open stay, with what they counted since.

use std::collections::BTreeSet;

use crate::connection::Connection;
use crate::engine::Engine;
use crate::engine::excluded::{Excluded, Socket};
use crate::engine::tally::Tally;
use crate::frame::Frame;
use crate::packet::{self, Parsed};
use crate::skip::SkipReason;
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;

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
        self.intake.coverage.reach(now);
    }

    /// Leaves a frame out, and counts it as such.
    pub fn exclude(&mut self, frame: &Frame<'_>) {
        self.intake.coverage.see(frame.time);
        self.intake.places.see(frame);
        self.intake.coverage.skip(SkipReason::Excluded);
    }

    /// Takes note that it was watched from a moment to another, though no frame says so.
    pub fn watch(&mut self, from: Timestamp, until: Timestamp) {
        self.intake.coverage.watch(from, until);
    }

    /// Takes note of frames that a recorder left out.
    pub fn exclude_unrecorded(&mut self, source: u32, unrecorded: &Unrecorded) {
        let Unrecorded {
            frames,
            first,
            last,
        } = *unrecorded;
        self.intake.coverage.watch(first, last);
        self.intake.coverage.exclude(frames);
        self.intake.places.extend(source, first, last);
    }

    /// Leaves out the packets of these sockets from now on, and counts them as such.
    pub fn exclude_sockets(&mut self, sockets: BTreeSet<Socket>) {
        self.intake.excluded = Excluded::of(sockets);
    }

    /// Whether a frame would be left out for a socket that its packet is of.
    #[must_use]
    pub fn excludes(&self, frame: &Frame<'_>) -> bool {
        let Some(excluded) = &self.intake.excluded else {
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
        self.settle();
        self.tally.expire(now);
    }

    /// Forgets the intervals that ended by `before`, the connections that did, and what was known
    /// only for them: names, former states of the cluster, interfaces.
    pub fn forget(&mut self, before: Timestamp) {
        self.settle();
        // What was merged is forgotten as a whole.
        let grid = self.tally.ledger.grid();
        let before = grid.period(IntervalIndex::of(before)).start();
        let Tally {
            ledger,
            tenancy,
            table,
            translations,
            ..
        } = &mut self.tally;
        let records = ledger.forget(before);
        self.intake.coverage.forget(before, records);
        self.intake.names.forget(before);
        tenancy.forget(before);
        let live = table.iter().map(Connection::twin);
        translations.forget(before, ledger.twins().chain(live));
        let live = table.iter().map(|connection| connection.key.hop);
        let fragmented = self.intake.fragments.hops();
        let used = ledger.hops().chain(live).chain(fragmented);
        self.intake.places.forget_but(used);
    }
}
