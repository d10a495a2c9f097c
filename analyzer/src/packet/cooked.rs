//! Linux cooked captures, versions 1 and 2: what `tcpdump -i any` writes.
//!
//! **Source** `LINKTYPE_LINUX_SLL`, `LINKTYPE_LINUX_SLL2`; Linux `if_arp.h`, `if_ether.h`.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

/// Hardware types whose protocol field is no `EtherType`.
const ARPHRD_FRAME_RELAY: u16 = 770;
const ARPHRD_WIFI: std::ops::RangeInclusive<u16> = 801..=803;
const ARPHRD_NETLINK: u16 = 824;

/// Protocols below the `EtherType`s.
const ETH_P_802_2: u16 = 0x0004;
const ETH_P_PPP: u16 = 0x0007;

/// Reads a version 1 header.
pub(super) fn sll(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    #[rustfmt::skip]
    let &[
        _, _, hardware0, hardware1, // packet type, hardware type
        _, _, _, _, _, _, _, _, _, _, // address and its length
        protocol0, protocol1,
    ] = cursor.take()?;
    carried(
        u16::from_be_bytes([hardware0, hardware1]),
        u16::from_be_bytes([protocol0, protocol1]),
    )
}

/// Reads a version 2 header.
#[inline]
pub(super) fn sll2(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    #[rustfmt::skip]
    let &[
        protocol0, protocol1, _, _,
        _, _, _, _, // interface
        hardware0, hardware1, _, _, // hardware type, packet type, address length
        _, _, _, _, _, _, _, _, // address
    ] = cursor.take()?;
    carried(
        u16::from_be_bytes([hardware0, hardware1]),
        u16::from_be_bytes([protocol0, protocol1]),
    )
}

#[inline]
fn carried(hardware: u16, protocol: u16) -> Result<Layer, SkipReason> {
    if !has_ether_type(hardware) {
        return Err(SkipReason::UnsupportedLink);
    }
    match protocol {
        ETH_P_802_2 => Ok(Layer::Llc),
        ETH_P_PPP => Ok(Layer::Ppp),
        ether_type => Ok(Layer::EtherType(ether_type)),
    }
}

/// Whether the protocol field of a hardware type is an `EtherType`, or stands below those.
#[inline]
pub(super) fn has_ether_type(hardware: u16) -> bool {
    !matches!(hardware, ARPHRD_FRAME_RELAY | ARPHRD_NETLINK) && !ARPHRD_WIFI.contains(&hardware)
}
