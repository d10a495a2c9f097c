//! PPP frames and PPPoE sessions.
//!
//! **Source** RFC 1661 §2 and RFC 1662 §3.1 (PPP), RFC 2516 §4 (PPPoE), IANA "PPP Numbers".

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

/// HDLC's address and control, which a link may leave out.
const ADDRESS_CONTROL: [u8; 2] = [0xff, 0x03];
/// The low bit ends a protocol number, which may be compressed to one octet.
const PROTOCOL_END: u8 = 0x01;

const IPV4: u16 = 0x0021;
const IPV6: u16 = 0x0057;
const MPLS_UNICAST: u16 = 0x0281;
const MPLS_MULTICAST: u16 = 0x0283;

/// Reads the protocol number.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    if cursor.peek() == Ok(&ADDRESS_CONTROL) {
        cursor.skip(ADDRESS_CONTROL.len())?;
    }
    let first = cursor.u8()?;
    let protocol = if first & PROTOCOL_END == 0 {
        u16::from_be_bytes([first, cursor.u8()?])
    } else {
        u16::from(first)
    };
    match protocol {
        IPV4 | IPV6 => Ok(Layer::Ip),
        MPLS_UNICAST | MPLS_MULTICAST => Ok(Layer::Mpls),
        _ => Err(SkipReason::UnsupportedEtherType),
    }
}

/// Reads a PPPoE header; only its session code carries packets.
pub(super) fn session(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const VERSION_1_TYPE_1: u8 = 0x11;
    const SESSION_DATA: u8 = 0;
    match cursor.take()? {
        [VERSION_1_TYPE_1, SESSION_DATA, _, _, _, _] => Ok(Layer::Ppp),
        [VERSION_1_TYPE_1, ..] => Err(SkipReason::UnsupportedEtherType),
        _ => Err(SkipReason::Malformed),
    }
}
