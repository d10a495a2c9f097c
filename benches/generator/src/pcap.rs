//! The classic form: little endian, nanoseconds.
//!
//! **Source** draft-ietf-opsawg-pcap.

use std::io;

use crate::capture::{Header, Record};

const NANOSECOND_MAGIC: u32 = 0xa1b2_3c4d;

/// Appends the header of a file.
pub(crate) fn header(out: &mut Vec<u8>, Header { link, snaplen }: Header) {
    let version_2_4 = 2 | (4 << 16);
    let link = u32::from(link.number());
    for word in [NANOSECOND_MAGIC, version_2_4, 0, 0, snaplen, link] {
        out.extend(word.to_le_bytes());
    }
}

/// Appends a record.
///
/// # Errors
/// When its time or its length does not fit.
pub(crate) fn record(out: &mut Vec<u8>, record: Record<'_>) -> io::Result<()> {
    let seconds = u32::try_from(record.time_ns / 1_000_000_000).map_err(io::Error::other)?;
    let nanos = u32::try_from(record.time_ns % 1_000_000_000).map_err(io::Error::other)?;
    let kept_len = u32::try_from(record.kept.len()).map_err(io::Error::other)?;
    for word in [seconds, nanos, kept_len, record.original_len] {
        out.extend(word.to_le_bytes());
    }
    out.extend_from_slice(record.kept);
    Ok(())
}
