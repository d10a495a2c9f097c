//! JSON lines: one row a line, as the HTTP body shows it.

use std::io::{self, Write};

use analyzer::query::Answer;
use serde::Serialize;

/// One row a line; of a summary, which has no rows, the whole.
pub(crate) fn write(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    match answer {
        Answer::Flows(view) => rows(out, &view.flows),
        Answer::Connections(view) => rows(out, &view.connections),
        Answer::Workloads(view) => rows(out, &view.workloads),
        Answer::Dependencies(view) => rows(out, &view.edges),
        Answer::Diff(view) => rows(out, &view.edges),
        Answer::Summary(view) => rows(out, &[view]),
    }
}

fn rows(out: &mut impl Write, rows: &[impl Serialize]) -> io::Result<()> {
    for row in rows {
        serde_json::to_writer(&mut *out, row)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
