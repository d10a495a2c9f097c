//! The newer form: one section, one interface, little endian, nanoseconds.
//!
//! **Source** draft-ietf-opsawg-pcapng.

use std::io;

use crate::capture::{Header, Record};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
/// Octets of a block besides its body: its type, and its length at both ends.
const FRAMING: usize = 12;
/// The option `if_tsresol`, one octet long: ten to the minus nine; then the end of options.
const NANOSECONDS: [u8; 12] = [9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0];

/// Appends the header of the section, and the description of the interface.
///
/// # Errors
/// When a length does not fit, which these do.
pub(crate) fn header(out: &mut Vec<u8>, Header { link, snaplen }: Header) -> io::Result<()> {
    let unknown_len = [0xff; 8];
    let version_1_0 = 1_u32.to_le_bytes();
    let section = [
        &BYTE_ORDER_MAGIC.to_le_bytes()[..],
        &version_1_0,
        &unknown_len,
    ];
    let link = u32::from(link.number()).to_le_bytes();
    let interface = [&link[..], &snaplen.to_le_bytes(), &NANOSECONDS];
    block(out, SECTION_HEADER, &section)?;
    block(out, INTERFACE_DESCRIPTION, &interface)
}

/// Appends a record.
///
/// # Errors
/// When its length does not fit.
pub(crate) fn record(out: &mut Vec<u8>, record: Record<'_>) -> io::Result<()> {
    let time_high = u32::try_from(record.time_ns >> 32).map_err(io::Error::other)?;
    let time_low = u32::try_from(record.time_ns & u64::from(u32::MAX)).map_err(io::Error::other)?;
    let kept_len = u32::try_from(record.kept.len()).map_err(io::Error::other)?;
    let interface = 0;
    let words = [
        interface,
        time_high,
        time_low,
        kept_len,
        record.original_len,
    ];
    let words = words.map(u32::to_le_bytes);
    let padding = record.kept.len().next_multiple_of(4) - record.kept.len();
    let body = [
        words.as_flattened(),
        record.kept,
        [0; 3].get(..padding).unwrap_or_default(),
    ];
    block(out, ENHANCED_PACKET, &body)
}

fn block(out: &mut Vec<u8>, kind: u32, body: &[&[u8]]) -> io::Result<()> {
    let len: usize = body.iter().map(|part| part.len()).sum();
    let total = u32::try_from(len + FRAMING).map_err(io::Error::other)?;
    out.extend(kind.to_le_bytes());
    out.extend(total.to_le_bytes());
    for part in body {
        out.extend_from_slice(part);
    }
    out.extend(total.to_le_bytes());
    Ok(())
}
