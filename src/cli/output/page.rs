//! An answer as a page of text: tables, then what they leave out, then one line of coverage.

use std::io;

use analyzer::query::Answer;

use crate::cli::output::table::{Column, Room, lay_out};
use crate::cli::output::{Output, coverage_line, coverage_of};
use crate::cli::parameters::Pair;
use crate::cli::question::Question;
use crate::cli::units::{count, counted};
use crate::cli::{color, connections, dependencies, diff, flows, parameters, summary, workloads};

/// Parameters that say which part of a graph is meant, and not of which traffic it is.
const OF_A_GRAPH: [&str; 3] = ["of", "direction", "depth"];

/// The page, with colours.
pub(crate) fn page(question: &Question, answer: &Answer) -> String {
    let wide = question.output == Output::Wide;
    let (room, rate) = (room(wide), question.sorted_by());
    let (mut text, shown) = match answer {
        Answer::Flows(view) => {
            let columns = flows::columns(view, rate.unwrap_or_default(), wide);
            let text = rows(&columns, &view.flows, room);
            (text, Some((view.flows.len(), view.total)))
        }
        Answer::Connections(view) => {
            let columns = connections::columns(&view.coverage, rate, wide);
            let text = rows(&columns, &view.connections, room);
            (text, Some((view.connections.len(), view.total)))
        }
        Answer::Workloads(view) => {
            let columns = workloads::columns(rate.unwrap_or_default(), wide);
            let text = rows(&columns, &view.workloads, room);
            (text, Some((view.workloads.len(), view.total)))
        }
        Answer::Dependencies(view) => {
            let edges = dependencies::rows(view);
            let text = rows(&dependencies::columns(wide), &edges, room);
            (text, Some((edges.len(), view.total)))
        }
        Answer::Diff(view) => (diff::page(view), None),
        Answer::Summary(view) if view.total_flows == 0 => (String::new(), Some((0, 0))),
        Answer::Summary(view) => (summary::sections(view, room, wide), None),
    };
    let coverage = coverage_of(answer);
    let last = match shown {
        Some((0, total)) => {
            text = format!("{}\n\n", nothing(question, total, coverage.counted));
            String::new()
        }
        Some((rows, total)) => format!("{} · ", extent(question, rows, total)),
        None => String::new(),
    };
    let (dim, plain) = (color::ASIDE, color::ASIDE.render_reset());
    format!("{text}{dim}{last}{}{plain}\n", coverage_line(coverage))
}

fn rows<R>(columns: &[Column<R>], rows: &[R], room: Room) -> String {
    let laid = lay_out(columns, rows, room);
    if laid.left_out.is_empty() {
        return laid.lines + "\n";
    }
    let (dim, plain) = (color::ASIDE, color::ASIDE.render_reset());
    let columns = laid.left_out.join(", ").to_lowercase();
    format!(
        "{}\n{dim}no room for {columns}: see -o wide{plain}\n",
        laid.lines
    )
}

/// The terminal's width; a pipe takes any.
pub(crate) fn room(wide: bool) -> Room {
    match terminal_size::terminal_size_of(io::stdout()) {
        Some((width, _)) if wide => Room::CellsForAll(usize::from(width.0)),
        Some((width, _)) => Room::Cells(usize::from(width.0)),
        None => Room::Unlimited,
    }
}

/// `39 flows`, or `100 of 2,345 flows (--limit all shows all)`.
fn extent(question: &Question, rows: usize, total: usize) -> String {
    let all = counted(total as u64, question.noun());
    if rows == total {
        return all;
    }
    let more = match question.offset() {
        0 => " (--limit all shows all)",
        offset if offset.saturating_add(rows) < total => " (--limit all shows the rest)",
        _ => "",
    };
    format!("{} of {all}{more}", count(rows as u64))
}

/// Why there is no row, and what to try.
fn nothing(question: &Question, total: usize, frames_counted: u64) -> String {
    let noun = question.noun();
    let filters = question.filters();
    if total > 0 {
        return format!("no {noun} that far: there are {total}, expected a smaller --offset");
    }
    if frames_counted == 0 {
        return format!("no {noun}: no frame was counted as TCP or UDP");
    }
    if filters.is_empty() {
        return format!("no {noun}: none is kept, expected --max-connections above 0");
    }
    if let Some(problem) = unconnected(&filters) {
        return problem;
    }
    let typed = parameters::typed(&filters);
    let which = match filters.len() {
        1 => "it",
        _ => "one",
    };
    format!(
        "no {noun} matches {typed}: leave {which} out, or see what there is with `pilotfish summary`"
    )
}

/// Why a graph has no edge of what it is asked of, where nothing else is asked.
fn unconnected(filters: &[Pair]) -> Option<String> {
    let value = |name| filters.iter().find(|(given, _)| given == name);
    let (_, of) = value("of")?;
    if filters
        .iter()
        .any(|(name, _)| !OF_A_GRAPH.contains(&&**name))
    {
        return None;
    }
    Some(match value("direction").map_or("", |(_, value)| value) {
        "both" => format!(
            "no edge leads from {of} or to it: it is idle at this level, see `pilotfish workloads`"
        ),
        "upstream" => {
            format!("no edge leads to {of}: ask with --direction both for those that lead from it")
        }
        _ => {
            format!("no edge leads from {of}: ask with --direction both for those that lead to it")
        }
    })
}
