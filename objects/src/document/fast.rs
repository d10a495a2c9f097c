//! The YAML that `kubectl` prints and people write, read in one go: mappings and lists as blocks or
//! within brackets, scalars plain, quoted or as text of several lines, comments, documents.
//!
//! **Shape** answers only where it knows what the general reader, [`super::yaml`], would: of
//! anchors, tags, merge keys, tabs that indent, or anything wrong, it knows nothing. Property tests
//! and a fuzz target hold both to the same values and lines. What is not kept goes through the same
//! grammar, without being made.
//! **Source** YAML 1.2, as `granit-parser` reads it.

mod block;
mod flow;
mod literal;
mod plain;
mod quoted;
mod reader;

use crate::document::fast::reader::{END, Reader};
use crate::document::{Content, Keep, Value};

/// Reads all documents of a text, or none where the general reader has to.
#[must_use]
pub fn documents(text: &str, keep: Keep) -> Option<Vec<Value<'_>>> {
    if !is_usual(text) {
        return None;
    }
    let mut reader = Reader::new(text);
    let mut documents = Vec::new();
    // Whether a document may begin without a marker.
    let mut may_be_bare = true;
    loop {
        let line = reader.line();
        match (reader.column(), reader.byte(0)) {
            (Some(column), _) if may_be_bare => documents.push(reader.root(column, keep)?),
            (Some(_), _) => return None,
            (None, END) => return Some(documents),
            (None, b'-') => {
                reader.marker()?;
                documents.push(match reader.column() {
                    Some(column) => reader.root(column, keep)?,
                    None => reader.made(Some(keep), line, Content::Null)?,
                });
            }
            (None, _) => {
                reader.marker()?;
                may_be_bare = true;
                continue;
            }
        }
        may_be_bare = false;
    }
}

/// Whether there are only characters that may stand in any comment, text or quotes.
fn is_usual(text: &str) -> bool {
    let is_control = |octet: u8| octet < b' ' && !matches!(octet, b'\n' | b'\t') || octet == 0x7f;
    // Each piece is looked at as a whole, which takes few instructions.
    let has_control = |piece: &[u8]| piece.iter().fold(false, |any, o| any | is_control(*o));
    if text.as_bytes().chunks(256).any(has_control) {
        return false;
    }
    let is_unusual =
        |c: char| matches!(c, '\u{80}'..='\u{9f}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}');
    text.is_ascii() || !text.chars().any(is_unusual)
}

#[cfg(test)]
mod tests;
