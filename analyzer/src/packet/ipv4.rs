//! IPv4 headers.
//!
//! **Source** RFC 791 §3.1; RFC 4302 §2 for the authentication header.
//! **Units** a total length of 0 is a frame that segmentation offload made: then all the octets
//! from here on count.

use super::cursor::Cursor;
use super::extension;
use super::ip::{Addresses, Header, Place};
use super::protocol;
use crate::skip::SkipReason;

const HEADER_LEN: usize = 20;
const MORE_FRAGMENTS: u16 = 0x2000;
const FRAGMENT_OFFSET: u16 = 0x1fff;

/// Reads a header with its options. A later fragment needs neither these nor what follows.
#[inline]
pub(super) fn parse<'a>(
    mut cursor: Cursor<'a>,
    header: &mut Header<'a>,
) -> Result<Cursor<'a>, SkipReason> {
    let on_link = cursor.link_len();
    #[rustfmt::skip]
    let &[
        version_ihl, _, len0, len1,
        id0, id1, fragment0, fragment1,
        ttl, protocol, _, _,
        ref addresses @ ..
    ] = cursor.take::<HEADER_LEN>()?;
    let header_len = usize::from(version_ihl & 0x0f) * 4;
    let total_len = match u16::from_be_bytes([len0, len1]) {
        0 => on_link,
        len => usize::from(len),
    };
    if header_len < HEADER_LEN || total_len < header_len {
        return Err(SkipReason::Malformed);
    }
    cursor.limit(total_len - HEADER_LEN);

    let [source @ .., _, _, _, _] = addresses;
    let [_, _, _, _, destination @ ..] = addresses;
    let fragment = u16::from_be_bytes([fragment0, fragment1]);
    *header = Header {
        addresses: Addresses::V4 {
            source,
            destination,
        },
        ip_bytes: u32::try_from(total_len).unwrap_or(u32::MAX),
        ttl,
        protocol,
        place: Place::of(fragment & FRAGMENT_OFFSET, fragment & MORE_FRAGMENTS != 0),
        fragment_protocol: protocol,
        id: u32::from(u16::from_be_bytes([id0, id1])),
    };
    if header.place == Place::Later {
        return Ok(cursor);
    }
    cursor.skip(header_len - HEADER_LEN)?;
    if protocol == protocol::AUTHENTICATION {
        (header.protocol, cursor) = extension::authentication(cursor)?;
    }
    Ok(cursor)
}
