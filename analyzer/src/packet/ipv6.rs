//! IPv6 headers.
//!
//! **Source** RFC 8200 §3.
//! **Units** a payload length of 0 is a jumbogram (RFC 2675) or a frame that segmentation offload
//! made: then the jumbo option counts, else all the octets from here on.

use std::net::IpAddr;

use super::cursor::Cursor;
use super::extension;
use super::ip::{Header, Place};
use crate::skip::SkipReason;

const HEADER_LEN: usize = 40;

/// Reads a header and its extension headers.
#[inline]
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Header, SkipReason> {
    let &[_, _, _, _, len0, len1, next_header, hop_limit] = cursor.take()?;
    let source = IpAddr::from(*cursor.take::<16>()?);
    let destination = IpAddr::from(*cursor.take::<16>()?);
    let payload_len = match u16::from_be_bytes([len0, len1]) {
        0 => extension::jumbo_payload_len(next_header, *cursor).unwrap_or(cursor.link_len()),
        len => usize::from(len),
    };
    cursor.limit(payload_len);

    let mut header = Header {
        source,
        destination,
        ip_bytes: u32::try_from(payload_len.saturating_add(HEADER_LEN)).unwrap_or(u32::MAX),
        ttl: hop_limit,
        ip_id: 0,
        protocol: next_header,
        place: Place::Whole,
    };
    extension::skip_all(cursor, &mut header)?;
    Ok(header)
}
