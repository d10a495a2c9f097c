//! Spans: text such as `-10m/-5m` to a window of a snapshot.
//!
//! **Time** each of the two bounds is a time, an offset from the beginning of what was captured
//! (`30s`), one from its end (`-5m`), or nothing: the beginning, or the end.

use std::time::Duration;

use crate::query::value::{bounded, duration, time};
use crate::query::window::Window;
use crate::snapshot::Snapshot;
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;

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

    /// The window of a snapshot that it means.
    #[must_use]
    pub fn window(&self, snapshot: &Snapshot) -> Window {
        let from = snapshot.coverage.from.unwrap_or(Timestamp::MIN);
        let end = snapshot.to().saturating_add(Duration::from_nanos(1));
        // Windows are whole intervals: none is to be in both halves.
        let half = Duration::from_nanos(end.nanos_since(from) / 2);
        let middle = IntervalIndex::of(from.saturating_add(half)).start();
        let at = |bound| match bound {
            Bound::Open => None,
            Bound::At(at) => Some(at),
            Bound::After(offset) => Some(from.saturating_add(offset)),
            Bound::Before(offset) => Some(end.saturating_sub(offset)),
            Bound::Middle => Some(middle),
        };
        Window {
            start: at(self.from),
            end: at(self.to),
            length: None,
        }
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

    #[test]
    fn what_is_no_window_is_refused() {
        for text in ["", "5m", "x/y", "30s/0s", "-5m/-10m", "--5m/", "1s/1s"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }
}
