//! For people.

use std::fmt::Write as _;

use analyzer::query::view::diff::DiffView;

use crate::cli::diff::words::{doubts, said, windows};
use crate::cli::output::text::printable;

/// All that differs.
pub(crate) fn page(view: &DiffView) -> String {
    let mut text = String::new();
    for edge in &view.edges {
        let _ = writeln!(
            text,
            "{:<7}  {} → {}: {}",
            edge.change.name(),
            printable(&edge.from),
            printable(&edge.to),
            said(edge)
        );
    }
    let left = view.total.saturating_sub(view.edges.len());
    if left > 0 {
        let _ = writeln!(text, "and {left} more, not shown");
    }
    let same = view.unchanged;
    let _ = match (view.total, same) {
        (0, 0) => writeln!(text, "there is nothing to compare"),
        (0, same) => writeln!(text, "nothing differs; the same: {same}"),
        (differ, same) => writeln!(text, "different: {differ}, the same: {same}"),
    };
    for window in windows(view) {
        let _ = writeln!(text, "{window}");
    }
    for doubt in doubts(view) {
        let _ = writeln!(text, "{}", printable(&doubt));
    }
    text
}
