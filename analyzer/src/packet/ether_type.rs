//! What an `EtherType` announces, and the tags that end in another one.
//!
//! **Source** IANA "IEEE 802 Numbers"; IEEE 802.1Q §9.5 and §9.7 (VLAN and backbone service tags).

use super::cursor::Cursor;
use super::layer::Layer;
use super::{ethernet, ppp};
use crate::skip::SkipReason;

pub(super) const IPV4: u16 = 0x0800;
pub(super) const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;
const RARP: u16 = 0x8035;
/// Customer tag.
const VLAN: u16 = 0x8100;
/// Service tag, once 802.1ad.
const SERVICE_VLAN: u16 = 0x88a8;
/// Service tags as they were before 802.1ad.
const OLD_SERVICE_VLAN: [u16; 3] = [0x9100, 0x9200, 0x9300];
/// Backbone service instance tag, once 802.1ah: a whole customer frame follows.
const BACKBONE: u16 = 0x88e7;
const PPPOE_SESSION: u16 = 0x8864;
const MPLS_UNICAST: u16 = 0x8847;
const MPLS_MULTICAST: u16 = 0x8848;
/// Transparent Ethernet bridging (RFC 1701): in tunnels, a whole frame.
pub(super) const BRIDGED_ETHERNET: u16 = 0x6558;

/// Reads what `ether_type` announced, where that is a header of its own.
#[inline]
pub(super) fn next(ether_type: u16, cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    match ether_type {
        IPV4 | IPV6 => Ok(Layer::Ip),
        VLAN | SERVICE_VLAN => vlan(cursor),
        old if OLD_SERVICE_VLAN.contains(&old) => vlan(cursor),
        BACKBONE => cursor.skip(4).map(|()| Layer::Ethernet),
        BRIDGED_ETHERNET => Ok(Layer::Ethernet),
        MPLS_UNICAST | MPLS_MULTICAST => Ok(Layer::Mpls),
        PPPOE_SESSION => ppp::session(cursor),
        ARP | RARP => Err(SkipReason::Arp),
        _ => Err(SkipReason::UnsupportedEtherType),
    }
}

fn vlan(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let &[_, _, type0, type1] = cursor.take()?;
    Ok(ethernet::length_or_type(u16::from_be_bytes([type0, type1])))
}
