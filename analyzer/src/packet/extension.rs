//! Extension headers: those of IPv6, and the authentication header, which IPv4 has too.
//!
//! **Source** RFC 8200 §4, RFC 4302 §2 (authentication), RFC 2675 §2 (jumbo payload), RFC 6275 §6.1
//! (mobility), RFC 7401 §5.1 (host identity), RFC 5533 §5.1 (shim6).

use super::cursor::Cursor;
use super::ip::{Header, Place};
use super::protocol::{
    AUTHENTICATION, DESTINATION_OPTIONS, FRAGMENT, HOP_BY_HOP, HOST_IDENTITY, MOBILITY, ROUTING,
    SHIM6,
};
use crate::skip::SkipReason;

const MORE_FRAGMENTS: u16 = 0x0001;
const PAD_1: u8 = 0;
const JUMBO_PAYLOAD: u8 = 0xc2;

/// Goes past the extension headers. A later fragment has none but those before its fragment
/// header. Each takes at least eight octets, so the packet's length bounds their number.
pub(super) fn skip_all<'a>(
    mut cursor: Cursor<'a>,
    header: &mut Header<'_>,
) -> Result<Cursor<'a>, SkipReason> {
    while header.place != Place::Later {
        match header.protocol {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | MOBILITY | HOST_IDENTITY | SHIM6 => {
                let &[next_header, len, ..] = cursor.take::<8>()?;
                cursor.skip(usize::from(len) * 8)?;
                header.protocol = next_header;
            }
            AUTHENTICATION => (header.protocol, cursor) = authentication(cursor)?,
            FRAGMENT => fragment(&mut cursor, header)?,
            _ => break,
        }
    }
    Ok(cursor)
}

/// Goes past an authentication header; answers with what follows it.
pub(super) fn authentication(mut cursor: Cursor<'_>) -> Result<(u8, Cursor<'_>), SkipReason> {
    let &[next_header, len, ..] = cursor.take::<8>()?;
    cursor.skip(usize::from(len) * 4)?;
    Ok((next_header, cursor))
}

/// Reads a fragment header.
fn fragment(cursor: &mut Cursor<'_>, header: &mut Header<'_>) -> Result<(), SkipReason> {
    let &[next_header, _, offset0, offset1, id0, id1, id2, id3] = cursor.take()?;
    let offset = u16::from_be_bytes([offset0, offset1]);
    header.place = Place::of(offset >> 3, offset & MORE_FRAGMENTS != 0);
    header.protocol = next_header;
    header.fragment_protocol = next_header;
    header.id = u32::from_be_bytes([id0, id1, id2, id3]);
    Ok(())
}

/// The length that a jumbo payload option gives, which stands in a hop-by-hop header right after
/// the IPv6 header.
pub(super) fn jumbo_payload_len(next_header: u8, mut cursor: Cursor<'_>) -> Option<usize> {
    if next_header != HOP_BY_HOP {
        return None;
    }
    let &[_, len] = cursor.take().ok()?;
    cursor.limit(usize::from(len) * 8 + 6);
    loop {
        match cursor.u8().ok()? {
            PAD_1 => {}
            JUMBO_PAYLOAD => {
                let &[_, len @ ..] = cursor.take::<5>().ok()?;
                return usize::try_from(u32::from_be_bytes(len)).ok();
            }
            _ => {
                let len = cursor.u8().ok()?;
                cursor.skip(usize::from(len)).ok()?;
            }
        }
    }
}
