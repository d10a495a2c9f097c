//! IEEE 802.2 logical link control, with the subnetwork access protocol.
//!
//! **Source** RFC 1042 (SNAP), IEEE 802.1H (its second organization code), RFC 2684 §5 (bridged).

use super::cursor::Cursor;
use super::ether_type::BRIDGED_ETHERNET;
use super::layer::Layer;
use crate::skip::SkipReason;

/// Service access points.
const SNAP: u8 = 0xaa;
const IP: u8 = 0x06;
/// The control octet of an unnumbered frame.
const UNNUMBERED: u8 = 0x03;

/// Organization codes under which the protocol is an `EtherType`.
const ETHER_TYPES: [[u8; 3]; 2] = [[0x00, 0x00, 0x00], [0x00, 0x00, 0xf8]];
/// The organization code of bridged media.
const BRIDGED: [u8; 3] = [0x00, 0x80, 0xc2];
/// Bridged Ethernet with and without its check sequence, after two octets of padding on ATM.
const BRIDGED_802_3: [u16; 2] = [0x0001, 0x0007];

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
    } else if organization == BRIDGED && BRIDGED_802_3.contains(&protocol) {
        Ok(Layer::EtherType(BRIDGED_ETHERNET))
    } else {
        Err(SkipReason::UnsupportedEtherType)
    }
}
