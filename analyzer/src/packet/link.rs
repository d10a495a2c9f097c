//! The first header of a frame, by link type.
//!
//! **Source** the tcpdump group's "Link-layer header types".

use super::cursor::Cursor;
use super::layer::Layer;
use super::{
    arcnet, cooked, frame_relay, hdlc, infiniband, loopback, nflog, ppp, ring, wifi_capture,
};
use crate::frame::LinkType;
use crate::skip::SkipReason;

/// The direction and compression state that SLIP captures put before each packet.
const SLIP_HEADER_LEN: usize = 16;

/// Reads what stands before the network layer in a frame of `link`.
#[inline]
pub(super) fn next(link: LinkType, cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    match link {
        LinkType::ETHERNET => Ok(Layer::Ethernet),
        LinkType::LINUX_SLL => cooked::sll(cursor),
        LinkType::LINUX_SLL2 => cooked::sll2(cursor),
        LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 | LinkType::IPV4 | LinkType::IPV6 => {
            Ok(Layer::Ip)
        }
        LinkType::NULL | LinkType::LOOP => loopback::next(cursor),
        LinkType::PPP => Ok(Layer::Ppp),
        LinkType::PPP_HDLC => hdlc::ppp_or_cisco(cursor),
        LinkType::PPPOE => ppp::session(cursor),
        LinkType::MPLS => Ok(Layer::Mpls),
        LinkType::C_HDLC => hdlc::cisco(cursor),
        LinkType::FRAME_RELAY => frame_relay::next(cursor),
        LinkType::FDDI => ring::fddi(cursor),
        LinkType::TOKEN_RING => ring::token_ring(cursor),
        LinkType::ARCNET => arcnet::bsd(cursor),
        LinkType::ARCNET_LINUX => arcnet::linux(cursor),
        LinkType::IPOIB => infiniband::next(cursor),
        LinkType::NFLOG => nflog::next(cursor),
        LinkType::SLIP => cursor.skip(SLIP_HEADER_LEN).map(|()| Layer::Ip),
        LinkType::ATM_RFC1483 => Ok(Layer::Llc),
        LinkType::IEEE802_11 => Ok(Layer::Wifi),
        LinkType::IEEE802_11_RADIOTAP => wifi_capture::radiotap(cursor),
        LinkType::IEEE802_11_PRISM => wifi_capture::prism(cursor),
        LinkType::IEEE802_11_AVS => wifi_capture::avs(cursor),
        LinkType::PPI => wifi_capture::ppi(cursor),
        _ => Err(SkipReason::UnsupportedLink),
    }
}
