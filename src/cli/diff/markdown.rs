//! For a pull request.

use std::fmt::Write as _;

use analyzer::query::view::diff::DiffView;
use verify::report::code;

use crate::cli::diff::words::{doubts, said, windows};

/// Rows that are shown.
const ROWS: usize = 100;

pub(super) fn page(view: &DiffView) -> String {
    let mut text = "### Pilotfish diff\n\n".to_owned();
    let windows = windows(view);
    if !windows.is_empty() {
        let _ = writeln!(text, "{}\n", windows.join(", "));
    }
    let table = match (view.total, view.unchanged) {
        (0, 0) => "There is nothing to compare.\n".to_owned(),
        (0, same) => format!("Nothing differs; {same} dependencies are the same.\n"),
        (_, _) => table(view),
    };
    text += &table;
    let doubts = doubts(view);
    if !doubts.is_empty() {
        text += "\n";
    }
    for doubt in doubts {
        let _ = writeln!(text, "- {}", code(&doubt));
    }
    text
}

fn table(view: &DiffView) -> String {
    let mut text = "| | from | to | what |\n| --- | --- | --- | --- |\n".to_owned();
    for edge in view.edges.iter().take(ROWS) {
        let _ = writeln!(
            text,
            "| **{}** | {} | {} | {} |",
            edge.change.name(),
            code(&edge.from),
            code(&edge.to),
            said(edge)
        );
    }
    let left = view.total.saturating_sub(view.edges.len().min(ROWS));
    let more = if left > 0 {
        format!("{left} more differ. ")
    } else {
        String::new()
    };
    let _ = writeln!(text, "\n{more}The same: {}.", view.unchanged);
    text
}
