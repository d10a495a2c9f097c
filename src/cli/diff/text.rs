//! For people.

use std::fmt::Write as _;

use analyzer::query::view::diff::DiffView;

use crate::cli::diff::words::said;
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
    let _ = match view.total {
        0 => writeln!(text, "nothing differs; the same: {same}"),
        differ => writeln!(text, "different: {differ}, the same: {same}"),
    };
    for (side, coverage) in [("A", &*view.coverage_a), ("B", &view.coverage)] {
        for warning in &coverage.warnings {
            let _ = writeln!(text, "{side}: {}", printable(warning));
        }
    }
    text
}
