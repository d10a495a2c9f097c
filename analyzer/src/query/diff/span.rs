//! Spans: text such as `-10m/-5m` to a window of a snapshot.
//!
//! **Time** each of the two bounds is a time, an offset from the beginning of what was captured
//! (`30s`), one from its end (`-5m`), or nothing: the beginning, or the end. Counters are kept in
//! ten-second intervals, old ones perhaps in coarser ones: a bound is the nearest beginning of one.

use std::time::Duration;

use crate::query::value::{bounded, duration, time};
use crate::query::window::Window;
use crate::snapshot::Snapshot;
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;
use crate::traffic::period::{Grid, Period};

/// A part of what was captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    from: Bound,
    to: Bound,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bound {
    /// As far as there is anything.
    Open,
    /// A time.
    At(Timestamp),
    /// So long after the beginning.
    After(Duration),
    /// So long before the end.
    Before(Duration),
    /// The interval in the middle begins.
    Middle,
}

impl Span {
    /// From the beginning to the middle.
    pub const FIRST_HALF: Self = Self {
        from: Bound::Open,
        to: Bound::Middle,
    };
    /// From the middle to the end.
    pub const SECOND_HALF: Self = Self {
        from: Bound::Middle,
        to: Bound::Open,
    };

    /// Reads `FROM/TO`.
    ///
    /// # Errors
    /// What is wrong with it, and what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((from, to)) = text.split_once('/') else {
            return Err(format!(
                "`{}` is no window, expected FROM/TO, each a time, an offset from the beginning \
                 such as 30s, one from the end such as -5m, or nothing",
                bounded(text)
            ));
        };
        let span = Self {
            from: bound(from)?,
            to: bound(to)?,
        };
        match (span.from, span.to) {
            (Bound::At(from), Bound::At(to)) if from >= to => Err(later(text)),
            (Bound::After(from), Bound::After(to)) if from >= to => Err(later(text)),
            (Bound::Before(from), Bound::Before(to)) if from <= to => Err(later(text)),
            _ => Ok(span),
        }
    }

    /// The window of a snapshot that it means: whole intervals, each bound at the nearest one, so
    /// that two windows that touch share none.
    ///
    /// # Errors
    /// It lies outside of what was captured, no interval is left of it, or there are no halves.
    pub fn window(&self, snapshot: &Snapshot) -> Result<Window, String> {
        let captured = Captured::of(snapshot).ok_or("nothing was captured, expected no window")?;
        let (start, end) = captured.bounds(*self)?;
        Ok(Window {
            start: Some(start),
            end: Some(end),
            length: None,
        })
    }
}

/// Why a snapshot has no halves; `None` where it has.
pub(super) fn halves_missing(snapshot: &Snapshot) -> Option<String> {
    match Captured::of(snapshot) {
        Some(captured) => captured.middle().err(),
        None => Some("nothing was captured, so there are no halves of it".to_owned()),
    }
}

/// What was captured, of which windows are taken.
#[derive(Clone, Copy)]
struct Captured {
    first: Timestamp,
    last: Timestamp,
    grid: Grid,
}

impl Captured {
    fn of(snapshot: &Snapshot) -> Option<Self> {
        let first = snapshot.coverage.from?;
        Some(Self {
            first,
            last: snapshot.to().max(first),
            grid: snapshot.coverage.grid,
        })
    }

    /// The first interval's beginning and the last one's end of a span.
    fn bounds(&self, span: Span) -> Result<(Timestamp, Timestamp), String> {
        let from = self.time(span.from)?.unwrap_or(self.first);
        let to = self.time(span.to)?.unwrap_or_else(|| self.end());
        let captured = || {
            let (first, last) = (self.first, self.last);
            format!("what was captured, {first} to {last}: expected a window in it")
        };
        if from > self.last {
            return Err(format!("it begins at {from}, after {}", captured()));
        }
        if to <= self.first {
            return Err(format!("it ends at {to}, before {}", captured()));
        }
        if from >= to {
            return Err(format!(
                "{from} to {to} does not end after it begins: expected a later end"
            ));
        }
        let (start, end) = (self.nearest(from), self.nearest(to));
        if start >= end {
            return Err(format!(
                "{} to {} is too short: windows are whole intervals of {}, expected a longer one",
                from.max(self.first),
                to.min(self.last),
                self.period(from).lasting()
            ));
        }
        Ok((start, end))
    }

    fn time(&self, bound: Bound) -> Result<Option<Timestamp>, String> {
        Ok(match bound {
            Bound::Open => None,
            Bound::At(at) => Some(at),
            Bound::After(offset) => Some(self.first.saturating_add(offset)),
            Bound::Before(offset) => Some(self.end().saturating_sub(offset)),
            Bound::Middle => {
                let middle = self.middle();
                Some(middle.map_err(|problem| format!("{problem}, expected a window"))?)
            }
        })
    }

    /// Just behind the last frame.
    fn end(&self) -> Timestamp {
        self.last.saturating_add(Duration::from_nanos(1))
    }

    /// Where the second half begins: an interval that is not the first one.
    fn middle(&self) -> Result<Timestamp, String> {
        let (first, last) = (self.period(self.first), self.period(self.last));
        if first == last {
            return Err(format!(
                "all was captured within one interval of {}, {} to {}, which has no halves",
                first.lasting(),
                first.start(),
                first.end()
            ));
        }
        let half = Duration::from_nanos(self.end().nanos_since(self.first) / 2);
        let nearest = self.nearest(self.first.saturating_add(half));
        Ok(nearest.clamp(first.end(), last.start()))
    }

    /// Where the interval begins that is nearest to a time; nothing is cut off at the ends.
    fn nearest(&self, time: Timestamp) -> Timestamp {
        if time <= self.first {
            return self.period(self.first).start();
        }
        if time > self.last {
            return self.period(self.last).end();
        }
        let (start, end) = (self.period(time).start(), self.period(time).end());
        if time.nanos_since(start) < end.nanos_since(time) {
            start
        } else {
            end
        }
    }

    fn period(&self, time: Timestamp) -> Period {
        self.grid.period(IntervalIndex::of(time))
    }
}

fn bound(text: &str) -> Result<Bound, String> {
    if text.is_empty() {
        return Ok(Bound::Open);
    }
    if let Some(offset) = text.strip_prefix('-') {
        return duration(offset).map(Bound::Before);
    }
    match duration(text) {
        Ok(offset) => Ok(Bound::After(offset)),
        Err(_) => time(text).map(Bound::At).map_err(|_| {
            format!(
                "`{}` is neither a time nor an offset, expected one such as \
                 2026-11-22T10:00:00Z, 30s or -5m",
                bounded(text)
            )
        }),
    }
}

fn later(text: &str) -> String {
    format!(
        "`{}` does not end after it begins, expected a later end",
        bounded(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_times_and_offsets_from_either_end() {
        let seconds = Duration::from_secs;
        for (text, from, to) in [
            (
                "0s/30s",
                Bound::After(seconds(0)),
                Bound::After(seconds(30)),
            ),
            (
                "-10m/-5m",
                Bound::Before(seconds(600)),
                Bound::Before(seconds(300)),
            ),
            ("-5m/", Bound::Before(seconds(300)), Bound::Open),
            ("/", Bound::Open, Bound::Open),
        ] {
            assert_eq!(Span::parse(text), Ok(Span { from, to }), "{text}");
        }
        let at = Span::parse("2026-11-22T10:00:00Z/1m").unwrap();
        assert!(matches!(at.from, Bound::At(_)) && at.to == Bound::After(seconds(60)));
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn captured(first: u64, last: u64) -> Captured {
        Captured {
            first: at(first),
            last: at(last),
            grid: Grid::default(),
        }
    }

    /// The same, of which all before a second is in minutes.
    fn coarse(first: u64, last: u64, before: u64) -> Captured {
        Captured {
            grid: Grid::new(IntervalIndex::of(at(before)), IntervalIndex::default()),
            ..captured(first, last)
        }
    }

    #[test]
    fn bounds_are_the_nearest_minutes_where_intervals_were_merged() {
        let captured = coarse(107, 302, 240);
        for (time, nearest) in [
            (0, 60),
            (107, 60),
            (149, 120),
            (150, 180),
            (239, 240),
            (244, 240),
            (245, 250),
            (999, 310),
        ] {
            assert_eq!(captured.nearest(at(time)), at(nearest), "{time}");
        }
        let window = |text| captured.bounds(Span::parse(text).unwrap());
        assert_eq!(window("10s/70s"), Ok((at(120), at(180))));
        let problem = "1970-01-01T00:02:05.000000000Z to 1970-01-01T00:02:15.000000000Z is too \
                       short: windows are whole intervals of a minute, expected a longer one";
        assert_eq!(window("18s/28s"), Err(problem.to_owned()));
        let problem = coarse(125, 170, 180).bounds(Span::FIRST_HALF).unwrap_err();
        assert!(problem.starts_with("all was captured within one interval of a minute, "));
    }

    #[test]
    fn bounds_are_the_nearest_intervals_and_cut_nothing_off_at_the_ends() {
        for (time, nearest) in [
            (0, 100),
            (107, 100),
            (114, 110),
            (115, 120),
            (154, 150),
            (162, 160),
            (163, 170),
            (999, 170),
        ] {
            assert_eq!(captured(107, 162).nearest(at(time)), at(nearest), "{time}");
        }
    }

    #[test]
    fn halves_meet_and_neither_is_empty() {
        for (first, last, middle) in [(107, 162, 130), (101, 110, 110), (109, 111, 110)] {
            let captured = captured(first, last);
            let halves = [Span::FIRST_HALF, Span::SECOND_HALF].map(|half| captured.bounds(half));
            let (start, end) = (first / 10 * 10, last / 10 * 10 + 10);
            let expected = [(at(start), at(middle)), (at(middle), at(end))];
            assert_eq!(halves, expected.map(Ok), "{first} to {last}");
        }
        // One interval has none.
        for (first, last) in [(100, 109), (105, 105)] {
            assert!(captured(first, last).bounds(Span::FIRST_HALF).is_err());
        }
    }

    #[test]
    fn what_is_not_there_is_refused_and_what_was_captured_is_told() {
        let refused = [
            "1970-01-01T00:00:10Z/1970-01-01T00:01:40Z",
            "1970-01-01T00:03:20Z/1970-01-01T00:04:00Z",
            "200s/",
            "-5s/10s",
            "1s/2s",
        ];
        let told = refused.map(|text| {
            let span = Span::parse(text).unwrap();
            format!(
                "{text}\n    {}",
                captured(107, 162).bounds(span).unwrap_err()
            )
        });
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in ["", "5m", "x/y", "30s/0s", "-5m/-10m", "--5m/", "1s/1s"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }
}
