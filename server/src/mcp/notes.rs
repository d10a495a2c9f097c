//! Notes: what a model must know of an answer beside its rows, as fields.

use std::collections::BTreeSet;

use analyzer::query::suggest::nearest;
use analyzer::query::{Answer, Operation, Query, run};
use analyzer::snapshot::Snapshot;
use analyzer::time::Timestamp;
use analyzer::traffic::period::Grid;
use serde_json::{Map, Value, json};

use crate::mcp::arguments::Asked;
use crate::mcp::grain::Grain;

/// Namespaces that are named where nothing matched.
const NAMESPACES: usize = 20;
/// Warnings and nodes of captures that are repeated.
const ENTRIES: usize = 5;
/// The longest warning, in characters.
const WARNING: usize = 300;

/// What the numbers are.
pub(super) fn units() -> Value {
    json!({
        "bytes": "IP bytes",
        "bps": "bits per second",
        "handshake": "microseconds",
        "totals": "both ends added: twice the link; wire (and edges) count each packet once",
    })
}

/// Leaves of coverage what is not zero: what an answer rests on, and what it lacks.
pub(super) fn trim_coverage(fields: &mut Map<String, Value>) {
    for name in ["coverage", "coverage_a"] {
        if let Some(Value::Object(coverage)) = fields.get_mut(name) {
            trim(coverage);
        }
    }
}

fn trim(coverage: &mut Map<String, Value>) {
    let kept: BTreeSet<&str> = ["frames", "counted"].into();
    coverage.retain(|name, value| kept.contains(name.as_str()) || !is_nothing(value));
    for list in ["warnings", "nodes"] {
        let Some(Value::Array(entries)) = coverage.get_mut(list) else {
            continue;
        };
        let more = entries.len().saturating_sub(ENTRIES);
        entries.truncate(ENTRIES);
        for entry in entries.iter_mut() {
            if let Value::String(text) = entry
                && let Some((end, _)) = text.char_indices().nth(WARNING)
            {
                text.truncate(end);
                text.push('…');
            }
        }
        if more > 0 {
            entries.push(format!("and {more} more").into());
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Array(values) => values.is_empty(),
        Value::Object(object) => object.values().all(is_nothing),
        Value::Bool(_) | Value::String(_) => false,
    }
}

/// Sentences on what the answer lacks and how to get it.
pub(super) fn hints(
    asked: &Asked,
    grain: Grain,
    total: usize,
    fields: &Map<String, Value>,
) -> Vec<String> {
    let mut hints = Vec::new();
    let rows = grain.rows(asked.operation);
    let finest = Grain::ladder(asked).first().copied();
    if finest.is_some_and(|finest| finest != grain) {
        let finer = finest.map_or("", |finest| finest.rows(asked.operation));
        hints.push(format!(
            "{finer} did not fit into max_tokens={} and {} rows, so these are {rows}: narrow by ns, \
             pod, svc, port or window, ask for fewer with limit, or raise max_tokens",
            asked.tokens(),
            asked.query.page.limit
        ));
    }
    if fields.contains_key("cursor") {
        let shown = fields.get("shown").and_then(Value::as_u64).unwrap_or(0);
        hints.push(format!(
            "{shown} of {total} {rows}; the others are the remainder: call again with cursor for \
             the next, or narrow the filters"
        ));
    }
    if fields.contains_key("left_out") {
        hints.push("lists were shortened: narrow by ns, or raise max_tokens".to_owned());
    }
    hints.extend(gaps(fields));
    hints
}

/// What coverage says of traffic that is not counted.
fn gaps(fields: &Map<String, Value>) -> Vec<String> {
    let mut gaps = Vec::new();
    let coverage = fields.get("coverage");
    let field = |name: &str| coverage.and_then(|coverage| coverage.get(name));
    let number = |name: &str| field(name).and_then(Value::as_u64).unwrap_or(0);
    // A live node never reads to an end.
    let saved = field("source").and_then(Value::as_str) == Some("replay");
    if saved && field("complete") == Some(&Value::Bool(false)) {
        gaps.push("still reading: counts grow, ask again".to_owned());
    }
    if number("dropped") > 0 {
        let dropped = number("dropped");
        gaps.push(format!(
            "{dropped} frames were lost before they were counted: counts are least"
        ));
    }
    if number("evicted") > 0 {
        gaps.push("records were evicted at a limit: the oldest traffic may miss".to_owned());
    }
    if field("warnings").is_some() {
        gaps.push("read coverage.warnings before trusting counts".to_owned());
    }
    gaps
}

/// What to know of a page whose rows are counted up to `now`, where the first page's were not and
/// its window was not over.
pub(super) fn moved_on(asked: &Asked, now: Timestamp) -> Option<String> {
    let first = asked.cursor?.until;
    let is_over = asked.query.window.bounds(first, &Grid::default()).end <= first;
    (now != first && !is_over).then(|| {
        format!(
            "the first page counted until {first}, this one until {now}: rows may repeat or miss; \
             for pages that agree begin anew with start and an end that is over"
        )
    })
}

/// Why there is nothing: where there is something, and what was probably meant.
pub(super) fn no_match(snapshot: &Snapshot, asked: &Asked) -> Value {
    let (namespaces, flows) = traffic(snapshot, asked);
    let meant: Map<String, Value> = asked
        .given
        .iter()
        .filter(|(name, _)| name == "ns" || name.ends_with("_ns"))
        .filter(|(_, value)| !namespaces.iter().any(|known| known == value))
        .filter_map(|(name, value)| {
            let near = nearest(value, namespaces.iter().map(String::as_str))?;
            Some((name.clone(), Value::from(near)))
        })
        .collect();
    let message = match (namespaces.is_empty(), flows) {
        (false, _) => {
            "no traffic matched; these namespaces have some: check names, or leave out filters"
        }
        (true, 0) => {
            "no traffic matched, and there is none in this window: leave out start, end and window"
        }
        (true, _) => {
            "no traffic matched; there is some, of no namespace: check addresses, or leave out filters"
        }
    };
    let shown: Vec<String> = namespaces.into_iter().take(NAMESPACES).collect();
    let mut note = json!({"message": message, "namespaces_with_traffic": shown});
    if let (Value::Object(note), false) = (&mut note, meant.is_empty()) {
        note.insert("did_you_mean".to_owned(), meant.into());
    }
    note
}

/// Namespaces with traffic in the window, the busiest first, and how many flows there are in all.
fn traffic(snapshot: &Snapshot, asked: &Asked) -> (Vec<String>, u64) {
    let query = Query {
        window: asked.query.window,
        ..Query::default_of(Operation::Summary)
    };
    let Ok(Answer::Summary(summary)) = run(snapshot, Operation::Summary, &query) else {
        return (Vec::new(), 0);
    };
    let flows = summary.total_flows;
    let mut counts: Vec<_> = summary.by_namespace.into_iter().collect();
    counts.sort_by_key(|(_, flows)| std::cmp::Reverse(*flows));
    let names = counts.into_iter().map(|(name, _)| name.to_string());
    (names.collect(), flows)
}
