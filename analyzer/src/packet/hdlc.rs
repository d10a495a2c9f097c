//! Cisco HDLC, and links that mix it with PPP.
//!
//! **Source** `LINKTYPE_C_HDLC`, `LINKTYPE_PPP_HDLC`, RFC 1547 §4.3.1.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

const UNICAST: u8 = 0x0f;
const MULTICAST: u8 = 0x8f;
/// Cisco's keepalives, where Ethernet has RARP.
const SLARP: u16 = 0x8035;

/// Reads a Cisco header: address, control, `EtherType`.
pub(super) fn cisco(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let &[_, _, type0, type1] = cursor.take()?;
    match u16::from_be_bytes([type0, type1]) {
        SLARP => Err(SkipReason::UnsupportedEtherType),
        ether_type => Ok(Layer::EtherType(ether_type)),
    }
}

/// Tells Cisco's framing from PPP's by the address.
pub(super) fn ppp_or_cisco(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    match cursor.peek()? {
        [UNICAST | MULTICAST] => cisco(cursor),
        _ => Ok(Layer::Ppp),
    }
}
