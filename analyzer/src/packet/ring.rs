//! FDDI and token ring: MAC headers of rings, before LLC.
//!
//! **Source** ISO 9314-2 §7.3 (FDDI), IEEE 802.5 §3.2 (token ring).

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

/// Reads an FDDI header: only frame controls 0101xxxx carry LLC.
pub(super) fn fddi(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const LLC: u8 = 0x50;
    let &[control, ..] = cursor.take::<13>()?;
    llc_if(control & 0xf0 == LLC)
}

/// Reads a token ring header with its source route, which the source address announces.
pub(super) fn token_ring(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const LLC: u8 = 0x40;
    const SOURCE_ROUTED: u8 = 0x80;
    const ROUTE_LEN: u8 = 0x1f;
    #[rustfmt::skip]
    let &[
        _, control,
        _, _, _, _, _, _, // destination
        source, _, _, _, _, _,
    ] = cursor.take()?;
    if source & SOURCE_ROUTED != 0 {
        let &[route] = cursor.peek()?;
        cursor.skip(usize::from(route & ROUTE_LEN))?;
    }
    llc_if(control & 0xc0 == LLC)
}

fn llc_if(is_llc: bool) -> Result<Layer, SkipReason> {
    if is_llc {
        Ok(Layer::Llc)
    } else {
        Err(SkipReason::UnsupportedEtherType)
    }
}
