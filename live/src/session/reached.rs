//! How late it is in what was read: while blocks wait in the ring, no later than the last one read.
//!
//! In: each look at the ring. Out: the time up to which connections can be over and times covered.

use analyzer::time::Timestamp;

/// How far the ring was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Reached {
    /// To its end: what passed is counted.
    #[default]
    End,
    /// To a block whose last frame is of this time; more may wait.
    Block(Timestamp),
}

impl Reached {
    /// The ring had no block.
    pub(super) const fn drained(&mut self) {
        *self = Self::End;
    }

    /// A block was read, with frames until `latest`.
    pub(super) const fn block(&mut self, latest: Timestamp) {
        *self = Self::Block(latest);
    }

    /// The time for what was read, when it is `now`.
    pub(super) fn time(self, now: Timestamp) -> Timestamp {
        match self {
            // A block of which no frame could be read has no time.
            Self::End | Self::Block(Timestamp::MIN) => now,
            Self::Block(latest) => latest.min(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_waits_for_blocks_that_wait() {
        let [before, now, after] = [1, 2, 3].map(Timestamp::from_nanos);
        let mut reached = Reached::default();
        assert_eq!(reached.time(now), now);
        reached.block(before);
        assert_eq!(reached.time(now), before, "older blocks may wait");
        reached.block(after);
        assert_eq!(reached.time(now), now, "the clock was set back");
        reached.block(Timestamp::MIN);
        assert_eq!(reached.time(now), now, "no frame said a time");
        reached.block(before);
        reached.drained();
        assert_eq!(reached.time(now), now);
    }
}
