//! The body of an answer: the one text that HTTP serves and the command line prints.

use std::io::{self, Write};

use analyzer::query::Answer;

/// Writes `answer` as compact JSON and a line feed.
///
/// # Errors
/// Those of `out`.
pub fn write_body(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")
}
