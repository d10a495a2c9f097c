//! The body of an answer: the one text that HTTP serves and the command line prints.

use std::io::{self, Write};

use analyzer::query::{Answer, Query, diagram};

/// The content type of a body that is JSON.
pub(crate) const JSON: &str = "application/json";
/// That of a graph for another program, which is text to everybody else.
const TEXT: &str = "text/plain; charset=utf-8";

/// Writes `answer` as compact JSON and a line feed.
///
/// # Errors
/// Those of `out`.
pub fn write_body(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")
}

/// Writes `answer` in the form that `query` asks for, and tells its content type.
pub(crate) fn write_form(
    out: &mut impl Write,
    answer: &Answer,
    query: &Query,
) -> io::Result<&'static str> {
    if let Answer::Dependencies(view) = answer
        && let Some(text) = diagram::render(view, query.form)
    {
        out.write_all(text.as_bytes())?;
        return Ok(TEXT);
    }
    write_body(out, answer)?;
    Ok(JSON)
}
