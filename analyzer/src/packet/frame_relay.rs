//! Frame Relay, in the IETF's encapsulation and in Cisco's.
//!
//! **Source** RFC 2427 §3 and §4; ITU-T Q.922 §3.3 (addresses of two to four octets).

use super::cursor::Cursor;
use super::layer::Layer;
use super::llc;
use crate::skip::SkipReason;

/// Marks the last octet of an address.
const ADDRESS_END: u8 = 0x01;
const ADDRESS_MAX: usize = 4;
const UNNUMBERED: u8 = 0x03;

/// Network layer protocol identifiers.
const PAD: u8 = 0x00;
const SNAP: u8 = 0x80;
const IPV6: u8 = 0x8e;
const IPV4: u8 = 0xcc;

/// Reads a header.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    address(cursor)?;
    match cursor.peek()? {
        [UNNUMBERED] => cursor.skip(1)?,
        // Cisco has no control octet, but an `EtherType`.
        _ => return cursor.u16().map(Layer::EtherType),
    }
    if cursor.peek()? == &[PAD] {
        cursor.skip(1)?;
    }
    match cursor.u8()? {
        IPV4 | IPV6 => Ok(Layer::Ip),
        SNAP => llc::snap(cursor),
        _ => Err(SkipReason::UnsupportedEtherType),
    }
}

fn address(cursor: &mut Cursor<'_>) -> Result<(), SkipReason> {
    for _ in 0..ADDRESS_MAX {
        if cursor.u8()? & ADDRESS_END != 0 {
            return Ok(());
        }
    }
    Err(SkipReason::Malformed)
}
