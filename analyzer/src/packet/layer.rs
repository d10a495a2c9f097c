//! What the octets at hand are. Each layer's file reads its header and answers with the next one.

use crate::frame::LinkType;

/// A layer below or at IP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layer {
    /// The first header of a frame of this link type.
    Link(LinkType),
    /// A MAC header.
    Ethernet,
    /// What this `EtherType` announced.
    EtherType(u16),
    /// An IEEE 802.2 header.
    Llc,
    /// An IEEE 802.11 header.
    Wifi,
    /// The same, filled up to whole words of four octets.
    WifiPadded,
    /// A PPP header, with or without HDLC's address and control.
    Ppp,
    /// A label stack.
    Mpls,
    /// An IP header, of the version in its first four bits.
    Ip,
}
