//! What pages are asked of, so that each shows rows of the same counts.
//!
//! In: the first page. Out: the bounds that all pages are asked with; none where everything was
//! read.
//! **Time** a live node counts on, but not in intervals that are over: its pages end with the last
//! of them.
//! **Errors** a server that still reads captures; a window of which nothing is over.

use std::time::Duration;

use analyzer::query::Page;
use analyzer::query::view::CoverageView;
use analyzer::snapshot::Source;
use analyzer::time::Timestamp;
use analyzer::traffic::IntervalIndex;
use anyhow::bail;

use crate::cli::client::Server;
use crate::cli::parameters::Pair;

/// The parameters that bound time.
const BOUNDS: [&str; 3] = ["start", "end", "window"];

/// Frames come from several processors, and not in order of time: later ones than this do not.
const LATE: Duration = Duration::from_secs(1);

/// What to ask all pages for, instead of what the first page was asked for.
pub(super) fn settled(
    server: &Server,
    coverage: &CoverageView,
    asked: &[Pair],
) -> anyhow::Result<Vec<Pair>> {
    if coverage.complete {
        return Ok(asked.to_vec());
    }
    match coverage.source {
        Source::Replay => bail!(
            "{server}: still reading, and an answer of more than {0} rows comes in pages of \
             different moments, expected it to be ready: ask again when {server}/readyz says so, \
             or for one page with --limit {0}",
            Page::LIMIT_MAX
        ),
        Source::Live => over(server, coverage, asked),
    }
}

/// The intervals of the window that are over.
fn over(server: &Server, coverage: &CoverageView, asked: &[Pair]) -> anyhow::Result<Vec<Pair>> {
    let (Some(window), Some(to)) = (&coverage.window, coverage.to) else {
        return still_counting(server);
    };
    let last = IntervalIndex::of(to.saturating_sub(LATE)).start();
    let end = window.end.min(last);
    if end <= window.start {
        return still_counting(server);
    }
    let others = asked
        .iter()
        .filter(|(name, _)| !BOUNDS.contains(&name.as_str()));
    let mut pairs: Vec<Pair> = others.cloned().collect();
    if window.start != Timestamp::default() {
        pairs.push(("start".to_owned(), window.start.to_string()));
    }
    pairs.push(("end".to_owned(), end.to_string()));
    Ok(pairs)
}

fn still_counting<T>(server: &Server) -> anyhow::Result<T> {
    bail!(
        "{server}: a live node, and an answer of more than {0} rows comes in pages of different \
         moments, expected a window with ten seconds that are over: give an --end that is past, \
         narrow by filters, merge rows with --aggregate, or ask for one page with --limit {0}",
        Page::LIMIT_MAX
    )
}
