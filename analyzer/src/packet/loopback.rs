//! BSD loopback headers: an address family, in the capturing machine's byte order (NULL) or in
//! network order (LOOP). Families are small, so either order is told by the number itself.
//!
//! **Source** `LINKTYPE_NULL`, `LINKTYPE_LOOP`.

use super::cursor::Cursor;
use super::ethernet::ETHER_TYPE_MIN;
use super::layer::Layer;
use crate::skip::SkipReason;

const AF_INET: u32 = 2;
/// NetBSD and OpenBSD, FreeBSD, macOS.
const AF_INET6: [u32; 3] = [24, 28, 30];

/// Reads a header. Some writers put an `EtherType` into its last two octets.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let octets = *cursor.take::<4>()?;
    let family = u32::from_le_bytes(octets).min(u32::from_be_bytes(octets));
    if family == AF_INET || AF_INET6.contains(&family) {
        return Ok(Layer::Ip);
    }
    let [_, _, type0, type1] = octets;
    match u16::from_be_bytes([type0, type1]) {
        ether_type @ ETHER_TYPE_MIN.. => Ok(Layer::EtherType(ether_type)),
        _ => Err(SkipReason::UnsupportedEtherType),
    }
}
