//! IPv6 headers.
//!
//! **Source** RFC 8200 §3.
//! **Units** a payload length of 0 is a jumbogram (RFC 2675) or a frame that segmentation offload
//! made: then the jumbo option counts, else all the octets from here on.

use super::cursor::Cursor;
use super::ip::{Addresses, Header, Place};
use super::{extension, protocol};
use crate::skip::SkipReason;

const HEADER_LEN: usize = 40;

/// Reads a header and its extension headers.
#[inline]
pub(super) fn parse<'a>(
    mut cursor: Cursor<'a>,
    header: &mut Header<'a>,
) -> Result<Cursor<'a>, SkipReason> {
    let &[_, _, _, _, len0, len1, next_header, hop_limit] = cursor.take()?;
    let source = cursor.take()?;
    let destination = cursor.take()?;
    let payload_len = match u16::from_be_bytes([len0, len1]) {
        0 => extension::jumbo_payload_len(next_header, cursor).unwrap_or(cursor.link_len()),
        len => usize::from(len),
    };
    cursor.limit(payload_len);

    *header = Header {
        addresses: Addresses::V6 {
            source,
            destination,
        },
        ip_bytes: u32::try_from(payload_len.saturating_add(HEADER_LEN)).unwrap_or(u32::MAX),
        ttl: hop_limit,
        protocol: next_header,
        place: Place::Whole,
        fragment_protocol: next_header,
        id: 0,
    };
    match next_header {
        protocol::TCP | protocol::UDP => Ok(cursor),
        _ => extension::skip_all(cursor, header),
    }
}
