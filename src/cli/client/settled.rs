//! What pages are asked of, so that each shows rows of the same counts.
//!
//! In: the first page. Out: the bounds that all pages are asked with; none where everything was
//! read.
//! **Time** a live node counts on, but not in intervals that are over: its pages end with the last
//! of them.
//! **Errors** a server that still reads captures; a window of which nothing is over.

use std::fmt::Display;
use std::time::Duration;

use analyzer::query::view::CoverageView;
use analyzer::query::view::diff::DiffView;
use analyzer::query::{Answer, Page};
use analyzer::snapshot::Source;
use analyzer::time::Timestamp;
use analyzer::traffic::IntervalIndex;
use anyhow::bail;

use crate::cli::output;
use crate::cli::parameters::Pair;

/// The parameters that bound time.
const BOUNDS: [&str; 3] = ["start", "end", "window"];

/// Those of two windows.
const WINDOWS: [&str; 2] = ["a_window", "b_window"];

/// Frames come from several processors, and not in order of time: later ones than this do not.
const LATE: Duration = Duration::from_secs(1);

/// What to ask all pages for, instead of what the first page was asked for.
pub(super) fn settled(
    server: &impl Display,
    page: &Answer,
    asked: &[Pair],
) -> anyhow::Result<Vec<Pair>> {
    let coverage = output::coverage_of(page);
    if coverage.complete {
        return Ok(asked.to_vec());
    }
    if coverage.source == Source::Replay {
        bail!(
            "{server}: still reading, and an answer of more than {0} rows comes in pages of \
             different moments, expected it to be ready: ask again when {server}/readyz says so, \
             or for one page with --limit {0}",
            Page::LIMIT_MAX
        );
    }
    let bounded = if let Answer::Diff(view) = page {
        both_over(view, asked).ok_or("windows of ten seconds that are over: narrow by filters,")
    } else {
        let past = "a window with ten seconds that are over: give an --end that is past, narrow by \
                    filters, merge rows with --aggregate,";
        one_over(coverage, asked).ok_or(past)
    };
    let bounded = bounded.or_else(|expected| still_counting(server, expected))?;
    Ok(bounded)
}

/// The intervals of the window that are over.
fn one_over(coverage: &CoverageView, asked: &[Pair]) -> Option<Vec<Pair>> {
    let (start, end) = over(coverage)?;
    let mut pairs = without(&BOUNDS, asked);
    if start != Timestamp::default() {
        pairs.push(("start".to_owned(), start.to_string()));
    }
    pairs.push(("end".to_owned(), end.to_string()));
    Some(pairs)
}

/// The intervals of two windows that are over.
fn both_over(view: &DiffView, asked: &[Pair]) -> Option<Vec<Pair>> {
    let mut pairs = without(&WINDOWS, asked);
    for (name, coverage) in WINDOWS.into_iter().zip([&*view.coverage_a, &view.coverage]) {
        let (start, end) = over(coverage)?;
        pairs.push((name.to_owned(), format!("{start}/{end}")));
    }
    Some(pairs)
}

/// From when to when a window is over.
fn over(coverage: &CoverageView) -> Option<(Timestamp, Timestamp)> {
    let window = coverage.window.as_ref()?;
    let last = IntervalIndex::of(coverage.to?.saturating_sub(LATE)).start();
    let end = window.end.min(last);
    (window.start < end).then_some((window.start, end))
}

fn without(names: &[&str], asked: &[Pair]) -> Vec<Pair> {
    let others = asked
        .iter()
        .filter(|(name, _)| !names.contains(&name.as_str()));
    others.cloned().collect()
}

fn still_counting<T>(server: &impl Display, expected: &str) -> anyhow::Result<T> {
    bail!(
        "{server}: a live node, and an answer of more than {0} rows comes in pages of different \
         moments, expected {expected} or ask for one page with --limit {0}",
        Page::LIMIT_MAX
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Coverage of a server at second 97, with a window.
    fn coverage(source: &str, complete: bool, window: Option<(u64, u64)>) -> serde_json::Value {
        let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000).to_string();
        let mut coverage = json!({
            "source": source, "complete": complete, "from": at(12), "to": at(97),
            "frames": 1, "counted": 1, "copies": 0, "skipped": {}, "dropped": 0, "evicted": 0,
            "truncated_records": 0, "merged_frames": 0, "suspected_duplicates": 0,
            "connections_not_kept": 0, "files": 0, "identity": {}, "warnings": []
        });
        if let Some((start, end)) = window {
            coverage["window"] = json!({"start": at(start), "end": at(end)});
        }
        coverage
    }

    fn flows(coverage: &serde_json::Value) -> Answer {
        let view = json!({"flows": [], "total": 0, "truncated": true, "coverage": coverage});
        Answer::Flows(serde_json::from_value(view).unwrap())
    }

    fn diff(a: (u64, u64), b: (u64, u64)) -> Answer {
        let view = json!({
            "edges": [], "total": 0, "truncated": true, "unchanged": 0,
            "coverage_a": coverage("live", false, Some(a)),
            "coverage": coverage("live", false, Some(b)),
        });
        Answer::Diff(serde_json::from_value(view).unwrap())
    }

    /// What pages are asked for, as `name=value` with seconds for times.
    fn asked(page: &Answer, asked: &[(&str, &str)]) -> Result<String, String> {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let asked: Vec<Pair> = asked.iter().map(pair).collect();
        let pairs = settled(&"http://node", page, &asked).map_err(|error| error.to_string())?;
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
        let text = pairs.collect::<Vec<_>>().join(" ");
        Ok(text
            .replace("1970-01-01T00:", "")
            .replace(".000000000Z", ""))
    }

    #[test]
    fn what_was_read_to_its_end_is_asked_for_as_it_was() {
        let given = [("ns", "shop"), ("window", "5m")];
        let page = flows(&coverage("replay", true, Some((0, 100))));
        assert_eq!(asked(&page, &given), Ok("ns=shop window=5m".to_owned()));
    }

    #[test]
    fn a_live_node_is_asked_for_the_intervals_that_are_over() {
        let given = [("window", "5m"), ("ns", "shop")];
        for (window, expected) in [
            ((0, 100), "ns=shop end=01:30"),
            ((20, 100), "ns=shop start=00:20 end=01:30"),
            ((20, 50), "ns=shop start=00:20 end=00:50"),
        ] {
            let page = flows(&coverage("live", false, Some(window)));
            assert_eq!(asked(&page, &given), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn both_windows_of_a_difference_end_where_intervals_are_over() {
        let page = diff((10, 50), (50, 100));
        let expected = "volume=5 a_window=00:10/00:50 b_window=00:50/01:30";
        let given = [("a_window", "/-50s"), ("volume", "5")];
        assert_eq!(asked(&page, &given), Ok(expected.to_owned()));
    }

    #[test]
    fn what_is_not_over_is_refused_with_what_helps() {
        for (page, expected) in [
            (flows(&coverage("replay", false, None)), "/readyz"),
            (flows(&coverage("live", false, None)), "--aggregate"),
            (flows(&coverage("live", false, Some((90, 100)))), "--end"),
            (diff((10, 50), (90, 100)), "windows of ten seconds"),
        ] {
            let refused = asked(&page, &[]).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
        }
    }

    #[test]
    fn frames_that_come_late_are_waited_for() {
        // A second into an interval, the one before may still count.
        let mut late = coverage("live", false, Some((20, 100)));
        late["to"] = json!("1970-01-01T00:01:20.9Z");
        let expected = "start=00:20 end=01:10";
        assert_eq!(asked(&flows(&late), &[]), Ok(expected.to_owned()));
    }
}
