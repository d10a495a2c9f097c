//! BSD loopback headers: an address family, in the capturing machine's byte order (NULL) or in
//! network order (LOOP). Families are small, so either order is told by the number itself.
//!
//! **Source** `LINKTYPE_NULL`, `LINKTYPE_LOOP`.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

const AF_INET: u32 = 2;
/// Linux, NetBSD and OpenBSD, FreeBSD, macOS.
const AF_INET6: [u32; 4] = [10, 24, 28, 30];

/// Reads a header.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let family = u32::from_le_bytes(*cursor.take()?);
    let family = family.min(family.swap_bytes());
    if family == AF_INET || AF_INET6.contains(&family) {
        Ok(Layer::Ip)
    } else {
        Err(SkipReason::UnsupportedEtherType)
    }
}
