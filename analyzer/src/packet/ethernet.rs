//! Ethernet II and IEEE 802.3 headers.
//!
//! **Source** IEEE 802.3 §3.2.6: up to 1500 the field is a length and LLC follows, from 1536 on
//! it is an `EtherType`.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

/// The smallest `EtherType`.
pub(super) const ETHER_TYPE_MIN: u16 = 1536;

/// Reads a MAC header.
#[inline]
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let &[
        _,
        _,
        _,
        _,
        _,
        _, // destination
        _,
        _,
        _,
        _,
        _,
        _, // source
        type0,
        type1,
    ] = cursor.take()?;
    Ok(length_or_type(u16::from_be_bytes([type0, type1])))
}

/// What follows a length or type field.
#[inline]
pub(super) fn length_or_type(field: u16) -> Layer {
    if field < ETHER_TYPE_MIN {
        Layer::Llc
    } else {
        Layer::EtherType(field)
    }
}
