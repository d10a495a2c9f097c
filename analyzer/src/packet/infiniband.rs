//! IP over InfiniBand.
//!
//! **Source** `LINKTYPE_IPOIB`; RFC 4391 §6: a global routing header, then an `EtherType`.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

const GLOBAL_ROUTING_HEADER_LEN: usize = 40;

/// Reads both headers.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    cursor.skip(GLOBAL_ROUTING_HEADER_LEN)?;
    let &[type0, type1, _, _] = cursor.take()?;
    Ok(Layer::EtherType(u16::from_be_bytes([type0, type1])))
}
