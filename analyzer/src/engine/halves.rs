//! The halves of an engine: one thread takes frames in while another counts what was in them.
//!
//! In: frames on the one side, loads on the other. Out: the same as of the engine as a whole.

use crate::engine::intake::Intake;
use crate::engine::load::Load;
use crate::engine::tally::Tally;
use crate::frame::Frame;

/// Groups of packets that are handed over together: enough that threads seldom wait for each other,
/// and few enough to stay in a cache.
const GROUPS: usize = 32;

/// The half that takes frames in.
pub struct Parsing<'e> {
    intake: &'e mut Intake,
    load: &'e mut Load,
}

/// The half that counts.
pub struct Counting<'e> {
    tally: &'e mut Tally,
}

impl<'e> Parsing<'e> {
    pub(super) const fn new(intake: &'e mut Intake, load: &'e mut Load) -> Self {
        Self { intake, load }
    }

    /// Takes a frame in, or skips it with a reason.
    #[inline]
    pub fn ingest(&mut self, frame: &Frame<'_>) {
        self.intake.ingest(frame, self.load);
    }

    /// Whether there is enough to be counted.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.load.groups() >= GROUPS
    }

    /// Hands over what is to be counted, in order, in exchange for one that was.
    #[must_use]
    pub fn take(&mut self, counted: Load) -> Load {
        self.load.take_closed(counted)
    }
}

impl<'e> Counting<'e> {
    pub(super) const fn new(tally: &'e mut Tally) -> Self {
        Self { tally }
    }

    /// Counts what was handed over.
    pub fn count(&mut self, load: &Load) {
        self.tally.count_load(load);
    }
}
