//! IEEE 802.2 logical link control, with the subnetwork access protocol.
//!
//! **Source** RFC 1042 (SNAP), IEEE 802.1H (its second organization code).

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

/// Service access points.
const SNAP: u8 = 0xaa;
const IP: u8 = 0x06;
/// The control octet of an unnumbered frame.
const UNNUMBERED: u8 = 0x03;

/// Organization codes under which the protocol is an `EtherType`.
const ETHER_TYPES: [[u8; 3]; 2] = [[0x00, 0x00, 0x00], [0x00, 0x00, 0xf8]];

/// Reads a header.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    match cursor.take()? {
        [SNAP, SNAP, UNNUMBERED] => snap(cursor),
        [IP, IP, UNNUMBERED] => Ok(Layer::Ip),
        _ => Err(SkipReason::UnsupportedEtherType),
    }
}

/// Reads an organization code and its protocol.
pub(super) fn snap(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let &[organization @ .., protocol0, protocol1] = cursor.take::<5>()?;
    let protocol = u16::from_be_bytes([protocol0, protocol1]);
    if ETHER_TYPES.contains(&organization) {
        Ok(Layer::EtherType(protocol))
    } else {
        Err(SkipReason::UnsupportedEtherType)
    }
}
