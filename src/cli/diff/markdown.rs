//! For a pull request.

use std::fmt::Write as _;

use analyzer::query::view::diff::DiffView;
use verify::report::code;

use crate::cli::diff::words::said;

/// Rows that are shown.
const ROWS: usize = 100;

pub(super) fn page(view: &DiffView) -> String {
    let mut text = "### Pilotfish diff\n\n".to_owned();
    if view.total == 0 {
        let _ = writeln!(
            text,
            "Nothing differs; {} dependencies are the same.",
            view.unchanged
        );
        return text;
    }
    text += "| | from | to | what |\n| --- | --- | --- | --- |\n";
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
