//! The watermark: a time that nearly all frames to come will not be before.
//!
//! Frames are a little out of order, and now and then one is far off: a wrong clock, a damaged
//! record. The watermark is the earliest time of the last thousand frames or two, so no single
//! frame can move it ahead.

use crate::time::Timestamp;

/// Frames whose earliest time is taken together.
const BLOCK: u32 = 1024;

/// The earliest time of late.
#[derive(Clone, Copy, Debug)]
pub struct Watermark {
    /// Of the block that is being filled.
    current: Timestamp,
    /// Of the block before; the start of time while there is none.
    previous: Timestamp,
    seen: u32,
}

impl Default for Watermark {
    fn default() -> Self {
        Self {
            current: Timestamp::MAX,
            previous: Timestamp::MIN,
            seen: 0,
        }
    }
}

impl Watermark {
    /// Takes the time of a frame; answers with the watermark whenever a block is full.
    #[inline]
    pub fn see(&mut self, time: Timestamp) -> Option<Timestamp> {
        self.current = self.current.min(time);
        self.seen += 1;
        if self.seen < BLOCK {
            return None;
        }
        let watermark = self.current.min(self.previous);
        *self = Self {
            current: Timestamp::MAX,
            previous: self.current,
            seen: 0,
        };
        Some(watermark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last watermark after frames at these times.
    fn after(times: impl IntoIterator<Item = u64>) -> Option<u64> {
        let mut watermark = Watermark::default();
        let seen = times
            .into_iter()
            .filter_map(|t| watermark.see(Timestamp::from_nanos(t)));
        seen.last().map(Timestamp::as_nanos)
    }

    #[test]
    fn it_follows_the_frames_a_block_behind() {
        assert_eq!(after(0..1_023), None);
        assert_eq!(
            after(5..1_029),
            Some(0),
            "one block could still be one wrong clock"
        );
        assert_eq!(after(5..5_000), Some(2_053));
    }

    #[test]
    fn one_frame_far_ahead_does_not_move_it() {
        let ahead = (5..3_000).chain([u64::MAX]).chain(3_000..5_000);
        assert!(after(ahead).is_some_and(|watermark| watermark < 5_000));
    }

    #[test]
    fn it_goes_back_with_the_frames() {
        assert_eq!(after((9_000..12_000).chain(0..3_000)), Some(72));
    }
}
