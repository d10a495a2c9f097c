//! Periods: ten-second intervals, and the coarser ones that old intervals are merged to.
//!
//! **Shape** a fixed grid: ten minutes are ten periods of a minute, a minute is six intervals. Two
//! periods are apart, or one contains the other.
//! **Time** aligned to the epoch.

use crate::time::Timestamp;
use crate::traffic::IntervalIndex;

/// How long a period lasts, in intervals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Resolution {
    /// One interval.
    #[default]
    TenSeconds = 1,
    /// Six intervals.
    Minute = 6,
    /// Sixty intervals.
    TenMinutes = 60,
}

impl Resolution {
    /// The first interval of the period that holds `index`.
    #[must_use]
    pub const fn floor(self, index: IntervalIndex) -> IntervalIndex {
        IntervalIndex(index.0 - index.0 % self.intervals())
    }

    const fn intervals(self) -> u32 {
        self as u32
    }
}

/// A period of the grid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Period {
    first: IntervalIndex,
    resolution: Resolution,
}

impl From<IntervalIndex> for Period {
    /// The interval itself.
    fn from(index: IntervalIndex) -> Self {
        Self::new(Resolution::TenSeconds, index)
    }
}

impl Period {
    /// The period of a resolution that holds an interval.
    #[must_use]
    pub const fn new(resolution: Resolution, index: IntervalIndex) -> Self {
        Self {
            first: resolution.floor(index),
            resolution,
        }
    }

    /// Its first interval.
    #[must_use]
    pub const fn first(self) -> IntervalIndex {
        self.first
    }

    /// How long it lasts.
    #[must_use]
    pub const fn resolution(self) -> Resolution {
        self.resolution
    }

    /// The last interval before it.
    #[must_use]
    pub const fn before(self) -> IntervalIndex {
        self.first.before()
    }

    /// The first interval after it.
    #[must_use]
    pub const fn after(self) -> IntervalIndex {
        IntervalIndex(self.first.0.saturating_add(self.resolution.intervals()))
    }

    /// Its first moment.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        self.first.start()
    }

    /// The first moment after it.
    #[must_use]
    pub const fn end(self) -> Timestamp {
        IntervalIndex(self.after().0 - 1).end()
    }

    /// How long it lasts, in words.
    #[must_use]
    pub const fn lasting(self) -> &'static str {
        match self.resolution {
            Resolution::TenSeconds => "ten seconds",
            Resolution::Minute => "a minute",
            Resolution::TenMinutes => "ten minutes",
        }
    }

    /// Whether an interval is a part of it.
    #[must_use]
    #[inline]
    pub const fn holds(self, index: IntervalIndex) -> bool {
        index.0.wrapping_sub(self.first.0) < self.resolution.intervals()
    }

    /// Whether all of another period is a part of it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.resolution as u8 >= other.resolution as u8 && self.holds(other.first)
    }
}

/// How finely time is divided: into intervals, before some moment into minutes, and before an
/// earlier one into ten minutes each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Grid {
    minutes_before: IntervalIndex,
    /// No later than that.
    ten_minutes_before: IntervalIndex,
}

impl Grid {
    /// Whole minutes before one interval, whole ten minutes before another.
    #[must_use]
    pub fn new(minutes_before: IntervalIndex, ten_minutes_before: IntervalIndex) -> Self {
        let ten_minutes_before = Resolution::TenMinutes.floor(ten_minutes_before);
        Self {
            minutes_before: Resolution::Minute
                .floor(minutes_before)
                .max(ten_minutes_before),
            ten_minutes_before,
        }
    }

    /// Before which interval there are minutes.
    #[must_use]
    pub const fn minutes_before(&self) -> IntervalIndex {
        self.minutes_before
    }

    /// Before which interval there are ten minutes each.
    #[must_use]
    pub const fn ten_minutes_before(&self) -> IntervalIndex {
        self.ten_minutes_before
    }

    /// Whether there are intervals alone.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        *self == Self::default()
    }

    /// The period that an interval is a part of.
    #[must_use]
    pub fn period(&self, index: IntervalIndex) -> Period {
        let resolution = if index < self.ten_minutes_before {
            Resolution::TenMinutes
        } else if index < self.minutes_before {
            Resolution::Minute
        } else {
            Resolution::TenSeconds
        };
        Period::new(resolution, index)
    }

    /// The period that a period is a part of: itself, where it is not finer than this.
    #[must_use]
    pub fn widened(&self, period: Period) -> Period {
        let own = self.period(period.first);
        if own.contains(period) { own } else { period }
    }

    /// Becomes as coarse as another one is.
    pub fn merge(&mut self, other: &Self) {
        self.minutes_before = self.minutes_before.max(other.minutes_before);
        self.ten_minutes_before = self.ten_minutes_before.max(other.ten_minutes_before);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(number: u32) -> IntervalIndex {
        IntervalIndex(number)
    }

    /// The first interval and the one after the last.
    fn bounds(period: Period) -> (u32, u32) {
        (period.first.0, period.after().0)
    }

    #[test]
    fn minutes_and_ten_minutes_begin_where_they_do_on_a_clock() {
        let grid = Grid::new(index(200), index(125));
        for (number, expected) in [
            (0, (0, 60)),
            (119, (60, 120)),
            (120, (120, 126)),
            (197, (192, 198)),
            (198, (198, 199)),
        ] {
            assert_eq!(bounds(grid.period(index(number))), expected, "{number}");
        }
        let minute = grid.period(index(121));
        assert_eq!(minute.start(), Timestamp::from_nanos(1_200_000_000_000));
        assert_eq!(minute.end(), Timestamp::from_nanos(1_260_000_000_000));
        assert_eq!((minute.before(), minute.after()), (index(119), index(126)));
    }

    proptest! {
        #[test]
        fn two_periods_of_a_grid_are_apart_or_the_same(
            minutes in 0..400_u32, ten in 0..400_u32, a in 0..500_u32, b in 0..500_u32,
        ) {
            let grid = Grid::new(index(minutes), index(ten));
            let (a, b) = (grid.period(index(a)), grid.period(index(b)));
            let apart = a.after() <= b.first() || b.after() <= a.first();
            prop_assert!(a == b || apart, "{:?} {:?}", a, b);
        }

        #[test]
        fn grids_merge_in_any_order(
            minutes in prop::array::uniform3(0..400_u32), ten in prop::array::uniform3(0..400_u32),
            at in 0..500_u32,
        ) {
            let [a, b, c] = [0, 1, 2].map(|i| Grid::new(index(minutes[i]), index(ten[i])));
            let merged = |mut x: Grid, y: Grid| { x.merge(&y); x };
            prop_assert_eq!(merged(a, b), merged(b, a));
            prop_assert_eq!(merged(merged(a, b), c), merged(a, merged(b, c)));
            prop_assert_eq!(merged(a, Grid::default()), a);
            let coarsest = [a, b].map(|grid| grid.period(index(at))).into_iter()
                .max_by_key(|period| period.resolution());
            prop_assert_eq!(Some(merged(a, b).period(index(at))), coarsest);
        }
    }
}
