//! The text of a file or of standard input, whole, decompressed and within limits.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use crate::reader::Counted;
use crate::source::unpacked;

/// How many octets a text file may have, once decompressed.
const MAX_OCTETS: u64 = 1 << 30;

/// A file whose text cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The system said no.
    #[error("can not be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is larger than is read.
    #[error("larger than {MAX_OCTETS} bytes, split the file")]
    TooLarge,
    /// It is no UTF-8.
    #[error("not UTF-8 text at byte {0}")]
    NotUtf8(usize),
}

/// Reads a text file.
///
/// # Errors
/// The file can not be read, or is no text within the limits.
pub fn read_text(path: &Path) -> Result<String, TextError> {
    text_of(Counted::file(File::open(path)?)?)
}

/// Reads the text of standard input.
pub(crate) fn read_standard_input() -> Result<String, TextError> {
    text_of(Counted::stream(io::stdin()))
}

fn text_of(counted: Counted) -> Result<String, TextError> {
    let mut octets = Vec::new();
    let unpacked = unpacked(counted.reader)?;
    let whole = Cursor::new(unpacked.start).chain(unpacked.reader);
    whole.take(MAX_OCTETS + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > MAX_OCTETS {
        return Err(TextError::TooLarge);
    }
    String::from_utf8(octets).map_err(|error| TextError::NotUtf8(error.utf8_error().valid_up_to()))
}
