//! Calls: a tool's arguments to an answer that fits a model's context.
//!
//! ```text
//! arguments ──► query at the finest grain ──► rows that fit, or the next grain ──► notes ──► answer
//! ```
//!
//! **Shape** the fields of the operation's answer over HTTP, of which coverage has only what is not
//! zero, and notes beside them: what the rows are, what was left out and how to get it.

use analyzer::query::{self, Answer, Operation};
use analyzer::snapshot::Snapshot;

use crate::mcp::arguments::Asked;
use crate::mcp::fit::Sheet;
use crate::mcp::grain::Grain;
use crate::mcp::lesson::Lesson;
use crate::mcp::notes;
use crate::mcp::written::Written;

/// Answers a call.
///
/// # Errors
/// A lesson about the argument that is wrong.
pub(super) fn call(snapshot: &Snapshot, asked: &Asked) -> Result<Written, Lesson> {
    let mut last = None;
    for grain in Grain::ladder(asked) {
        let sheet = sheet(snapshot, asked, grain)?;
        let fits = sheet.fits();
        last = Some(sheet);
        if fits {
            break;
        }
    }
    // The coarsest, where none fits: it is cut.
    let last = last.ok_or_else(|| Lesson::new("there is nothing to answer with"))?;
    last.write()
}

/// Answers a call whose finest rows are at hand and fit; `None` of any other, which takes a thread of
/// its own.
pub(super) fn call_at_hand(snapshot: &Snapshot, asked: &Asked) -> Option<Result<Written, Lesson>> {
    let grain = Grain::ladder(asked).into_iter().next()?;
    let query = grain.query(asked.operation, &asked.query);
    if !query::is_at_hand(snapshot, asked.operation, &query) {
        return None;
    }
    match sheet(snapshot, asked, grain) {
        Ok(sheet) => sheet.fits().then(|| sheet.write()),
        Err(lesson) => Some(Err(lesson)),
    }
}

fn sheet<'a>(snapshot: &Snapshot, asked: &'a Asked, grain: Grain) -> Result<Sheet<'a>, Lesson> {
    let answer = run(snapshot, asked, grain)?;
    let total = total(&answer);
    let mut sheet = Sheet::of(asked, grain, answer)?;
    // That nothing differs does not say that nothing matched.
    if total == 0 && asked.operation != Operation::Diff {
        sheet.note("no_match", notes::no_match(snapshot, asked));
    }
    Ok(sheet)
}

fn run(snapshot: &Snapshot, asked: &Asked, grain: Grain) -> Result<Answer, Lesson> {
    let query = grain.query(asked.operation, &asked.query);
    query::run(snapshot, asked.operation, &query)
        .map_err(|error| Lesson::of(asked.operation, &error, &asked.given))
}

/// Rows that match; flows, of a summary.
fn total(answer: &Answer) -> u64 {
    match answer {
        Answer::Flows(view) => view.total as u64,
        Answer::Connections(view) => view.total as u64,
        Answer::Workloads(view) => view.total as u64,
        Answer::Dependencies(view) => view.total as u64,
        Answer::Diff(view) => view.total as u64,
        Answer::Summary(view) => view.total_flows,
    }
}
