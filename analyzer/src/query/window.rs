//! Windows: which intervals an answer covers.
//!
//! **Time** counters are kept in ten-second intervals, old ones perhaps in coarser ones, so every
//! interval that overlaps the window is taken whole, and the answer says the bounds it used: the
//! same for every flow. A window ends at the snapshot's end unless `end` says otherwise.

use std::time::Duration;

use crate::snapshot::{Snapshot, Source};
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;
use crate::traffic::period::{Grid, Period};

/// The window of what goes on, unless another is asked for.
const LIVE: Duration = Duration::from_secs(5 * 60);

/// The window that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Window {
    /// Not before this.
    pub start: Option<Timestamp>,
    /// Before this.
    pub end: Option<Timestamp>,
    /// As long as this, up to `end` or from `start` on.
    pub length: Option<Duration>,
}

/// The window an answer covers: whole intervals, from `start` to before `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Start of its first interval.
    pub start: Timestamp,
    /// End of its last interval.
    pub end: Timestamp,
}

impl Bounds {
    /// All of time.
    pub const ALL: Self = Self {
        start: Timestamp::MIN,
        end: Timestamp::MAX,
    };

    /// Whether an interval belongs to it.
    #[must_use]
    pub fn holds(&self, period: Period) -> bool {
        *self == Self::ALL || (period.start() >= self.start && period.end() <= self.end)
    }

    /// Whether an interval lies before it.
    #[must_use]
    pub fn comes_after(&self, period: Period) -> bool {
        *self != Self::ALL && period.start() < self.start
    }

    /// Whether an interval lies behind it.
    #[must_use]
    pub fn comes_before(&self, period: Period) -> bool {
        period.start() >= self.end
    }

    /// Whether something from `first` to `last` overlaps it.
    #[must_use]
    pub fn overlaps(&self, first: Timestamp, last: Timestamp) -> bool {
        *self == Self::ALL || (first < self.end && last >= self.start)
    }
}

impl Window {
    /// Whether everything is asked for.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// The window to answer for: what is saved is asked for as a whole, what goes on as it is of
    /// late.
    #[must_use]
    pub fn or_default(self, source: Source) -> Self {
        match source {
            Source::Live if self.is_all() => Self {
                length: Some(LIVE),
                ..self
            },
            Source::Live | Source::Replay => self,
        }
    }

    /// The periods of `grid` that it overlaps, when the snapshot ends at `to`.
    #[must_use]
    pub fn bounds(&self, to: Timestamp, grid: &Grid) -> Bounds {
        if self.is_all() {
            return Bounds::ALL;
        }
        let (start, end) = self.exact(to.saturating_add(Duration::from_nanos(1)));
        let last = Timestamp::from_nanos(end.as_nanos().saturating_sub(1));
        let period = |time| grid.period(IntervalIndex::of(time));
        let start = period(start).start();
        // A window that begins after the data is empty, and not of negative length.
        let end = if end > start {
            period(last).end()
        } else {
            start
        };
        Bounds { start, end }
    }

    fn exact(&self, to: Timestamp) -> (Timestamp, Timestamp) {
        match (self.start, self.end, self.length) {
            (Some(start), None, Some(length)) => (start, start.saturating_add(length)),
            (start, end, length) => {
                let end = end.unwrap_or(to);
                let back = length.map_or(Timestamp::MIN, |length| end.saturating_sub(length));
                (start.unwrap_or(back), end)
            }
        }
    }
}

impl Snapshot {
    /// The window that is taken of it for the one that is asked for.
    #[must_use]
    pub fn bounds(&self, window: &Window) -> Bounds {
        window.bounds(self.to(), &self.coverage.grid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn bounds(window: Window) -> (u64, u64) {
        let bounds = window.bounds(at(95), &Grid::default());
        (
            bounds.start.as_nanos() / 1_000_000_000,
            bounds.end.as_nanos() / 1_000_000_000,
        )
    }

    #[test]
    fn what_goes_on_is_asked_for_of_late_and_what_is_saved_as_a_whole() {
        let all = Window::default();
        assert_eq!(all.or_default(Source::Replay), all);
        assert_eq!(all.or_default(Source::Live).length, Some(LIVE));
        let asked = Window {
            start: Some(at(12)),
            ..all
        };
        assert_eq!(asked.or_default(Source::Live), asked);
    }

    #[test]
    fn every_interval_that_overlaps_is_taken() {
        let (start, end) = (Some(at(12)), Some(at(30)));
        let length = Some(Duration::from_secs(20));
        let window = Window::default();
        assert_eq!(
            bounds(Window {
                start,
                end,
                ..window
            }),
            (10, 30),
            "the end is not in it"
        );
        assert_eq!(
            bounds(Window { start, ..window }),
            (10, 100),
            "up to the end of the data"
        );
        assert_eq!(bounds(Window { end, ..window }), (0, 30));
        assert_eq!(bounds(Window { length, ..window }), (70, 100));
        assert_eq!(
            bounds(Window {
                end,
                length,
                ..window
            }),
            (10, 30)
        );
        assert_eq!(
            bounds(Window {
                start,
                length,
                ..window
            }),
            (10, 40)
        );
        assert_eq!(window.bounds(at(95), &Grid::default()), Bounds::ALL);
        let start = Some(at(1_000));
        assert_eq!(
            bounds(Window { start, ..window }),
            (1_000, 1_000),
            "after the data"
        );
        let end = Some(at(0));
        assert_eq!(bounds(Window { end, ..window }), (0, 0), "before all time");
    }
}
