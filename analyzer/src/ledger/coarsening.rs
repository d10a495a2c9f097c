//! Which old intervals are merged when there are too many.
//!
//! In: the intervals of all legs. Out: the grid they are merged to. **Shape** one way, walked no
//! further than it must be: minutes, then ten minutes, of what is older than the window that is
//! asked for by default, the oldest first; then the same of all but the latest. So what is asked for
//! most stays as it is for longest, and nothing is dropped while anything can be merged.
//! **Time** the latest interval is that of packets, a few of which may have a wrong clock.

use std::collections::BTreeMap;

use crate::leg::intervals::Intervals;
use crate::traffic::IntervalIndex;
use crate::traffic::period::{Grid, Period, Resolution};

/// Intervals that are merged last: those of the window that is asked for by default, five minutes.
const OF_LATE: u32 = 30;
/// Intervals that stay as they are whatever comes.
const LATEST: u32 = 6;
/// Of all intervals, one in this many may be of a time that nearly all others are before.
const AHEAD: usize = 256;

/// By how many intervals there would be fewer.
#[derive(Default)]
pub(super) struct Coarsening {
    /// When packets are of late.
    latest: Option<IntervalIndex>,
    /// Intervals that would be merged to minutes, by minute.
    to_minutes: Merged,
    /// Those that would be merged to ten minutes, by these.
    to_ten_minutes: Merged,
}

/// How many intervals fewer there would be, by the first one of a period.
type Merged = BTreeMap<IntervalIndex, usize>;

impl Coarsening {
    /// Looks at the intervals of all legs.
    pub(super) fn of<'l>(legs: impl Iterator<Item = &'l Intervals>) -> Self {
        let (mut found, mut all) = (Self::default(), Vec::new());
        for intervals in legs {
            all.extend(intervals.iter().map(|interval| interval.period.first()));
            // Most have one.
            if intervals.only().is_none() {
                add(&mut found.to_minutes, intervals, Resolution::Minute);
                add(&mut found.to_ten_minutes, intervals, Resolution::TenMinutes);
            }
        }
        found.latest = latest(all);
        found
    }

    /// The grid, coarser than `grid`, with which there are at least `wanted` fewer; where there is
    /// none, and they are `full`, the one with which there are fewest.
    pub(super) fn grid(&self, grid: Grid, wanted: usize, is_full: bool) -> Option<Grid> {
        let mut walk = Walk {
            found: self,
            grid,
            fewer: 0,
            wanted,
        };
        let latest = self.latest?;
        for recent in [OF_LATE, LATEST] {
            let end = latest.back(recent);
            if walk.minutes(end) || walk.ten_minutes(end) {
                return Some(walk.grid);
            }
        }
        (is_full && walk.fewer > 0).then_some(walk.grid)
    }
}

/// The end of the latest minute of these intervals, but for those that few are in or after.
fn latest(mut all: Vec<IntervalIndex>) -> Option<IntervalIndex> {
    let rank = all.len().checked_sub(1 + all.len() / AHEAD)?;
    let (_, latest, _) = all.select_nth_unstable(rank);
    Some(Period::new(Resolution::Minute, *latest).after().before())
}

/// Adds how many of these intervals would be merged.
fn add(merged: &mut Merged, intervals: &Intervals, resolution: Resolution) {
    let (mut known, mut more) = (None, 0);
    for interval in intervals.iter() {
        let own = resolution.floor(interval.period.first());
        match known.replace(own) {
            Some(known) if known == own => more += 1,
            Some(known) if more > 0 => {
                *merged.entry(known).or_default() += more;
                more = 0;
            }
            Some(_) | None => {}
        }
    }
    if let Some(known) = known.filter(|_| more > 0) {
        *merged.entry(known).or_default() += more;
    }
}

/// How far the way was walked.
struct Walk<'c> {
    found: &'c Coarsening,
    grid: Grid,
    fewer: usize,
    wanted: usize,
}

impl Walk<'_> {
    /// Goes on to minutes before `end`, until it is enough.
    fn minutes(&mut self, end: IntervalIndex) -> bool {
        let end = Resolution::Minute.floor(end);
        let (from, ten_minutes) = (self.grid.minutes_before(), self.grid.ten_minutes_before());
        if from >= end {
            return false;
        }
        for (minute, merged) in self.found.to_minutes.range(from..end) {
            self.fewer += merged;
            let after = Period::new(Resolution::Minute, *minute).after();
            self.grid = Grid::new(after, ten_minutes);
            if self.fewer >= self.wanted {
                return true;
            }
        }
        self.grid = Grid::new(end, ten_minutes);
        false
    }

    /// Goes on to ten minutes each before `end`, until it is enough.
    fn ten_minutes(&mut self, end: IntervalIndex) -> bool {
        let end = Resolution::TenMinutes.floor(end);
        let (minutes, from) = (self.grid.minutes_before(), self.grid.ten_minutes_before());
        if from >= end {
            return false;
        }
        for (start, merged) in self.found.to_ten_minutes.range(from..end) {
            let after = Period::new(Resolution::TenMinutes, *start).after();
            let to_minutes = self.found.to_minutes.range(start..&after);
            // Minutes that there are already are not merged again.
            let known: usize = to_minutes.map(|(_, merged)| merged).sum();
            self.fewer += merged - known;
            self.grid = Grid::new(minutes, after);
            if self.fewer >= self.wanted {
                return true;
            }
        }
        self.grid = Grid::new(minutes, end);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{NANOS_PER_SECOND, Timestamp};

    /// The interval with which so many seconds have passed.
    fn at(second: u64) -> IntervalIndex {
        IntervalIndex::of(Timestamp::from_nanos(second * NANOS_PER_SECOND))
    }

    #[test]
    fn intervals_that_are_minutes_by_then_are_not_merged_twice() {
        let mut intervals = Intervals::default();
        for second in (0..2_400).step_by(10) {
            intervals.at(at(second));
        }
        let coarsening = Coarsening::of(std::iter::once(&intervals));
        let grid = |wanted| coarsening.grid(Grid::default(), wanted, false);
        // Of forty minutes all but the latest five become minutes, which are 170 fewer, and then the
        // first ten of these one, and the next ten: nine fewer each.
        for (wanted, minutes, ten_minutes) in [
            (5, 60, 0),
            (170, 2_040, 0),
            (179, 2_040, 600),
            (180, 2_040, 1_200),
            (188, 2_040, 1_200),
        ] {
            let expected = Grid::new(at(minutes), at(ten_minutes));
            assert_eq!(grid(wanted), Some(expected), "{wanted}");
        }
    }
}
