//! Frames: octets as captured, with what the capture says about them.
//!
//! In: what `replay` or `live` read. Out: the input of [`crate::packet::parse`].
//! **Units** `original_len` is octets on the link, before the snaplen cut.

use std::num::NonZeroU16;

use crate::time::Timestamp;

/// One frame, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When it passed.
    pub time: Timestamp,
    /// What the first octets are.
    pub link: LinkType,
    /// Octets on the link; `data` is shorter when the snaplen cut.
    pub original_len: u32,
    /// What segmentation offload made of it.
    pub offload: Offload,
    /// The octets that were kept.
    pub data: &'a [u8],
    /// Where it was seen.
    pub origin: Origin,
}

/// Whether a frame stands for several on the wire: the network card, or the kernel behind it, cuts
/// what it is given into segments, and joins what it receives (GSO, GRO).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Offload {
    /// The capture does not say.
    #[default]
    Unknown,
    /// It is one packet.
    Whole,
    /// It becomes segments of as many octets of payload each, the last of what is left.
    Segments(NonZeroU16),
}

/// Where a frame was seen, as far as the capture tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Origin {
    /// The capture (or group of rotated files), numbered by the reader.
    pub source: u32,
    /// The interface within the source, 0 where the format knows none.
    pub interface: u32,
    /// Which way it went through that interface.
    pub direction: Direction,
}

/// Which way a frame went through the interface that showed it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Direction {
    /// The capture does not say.
    #[default]
    Unknown,
    /// Into the machine of the capture.
    Incoming,
    /// Out of it.
    Outgoing,
}

/// The link type of a capture, as the tcpdump group numbers them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback, address family in the machine's byte order.
    pub const NULL: Self = Self(0);
    /// Ethernet II and 802.3.
    pub const ETHERNET: Self = Self(1);
    /// IEEE 802.5.
    pub const TOKEN_RING: Self = Self(6);
    /// ARCNET, as BSD captures it.
    pub const ARCNET: Self = Self(7);
    /// IP on a serial line.
    pub const SLIP: Self = Self(8);
    /// PPP, with or without HDLC's address and control.
    pub const PPP: Self = Self(9);
    /// ISO 9314.
    pub const FDDI: Self = Self(10);
    /// IP, as some systems numbered it in files.
    pub const RAW_12: Self = Self(12);
    /// IP, as `OpenBSD` numbered it in files.
    pub const RAW_14: Self = Self(14);
    /// PPP or Cisco HDLC.
    pub const PPP_HDLC: Self = Self(50);
    /// PPP over Ethernet, from its session header on.
    pub const PPPOE: Self = Self(51);
    /// LLC on ATM.
    pub const ATM_RFC1483: Self = Self(100);
    /// IPv4 or IPv6.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// Wireless LAN.
    pub const IEEE802_11: Self = Self(105);
    /// Frame Relay.
    pub const FRAME_RELAY: Self = Self(107);
    /// BSD loopback, address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// Wireless LAN after a Prism header.
    pub const IEEE802_11_PRISM: Self = Self(119);
    /// Wireless LAN after a radiotap header.
    pub const IEEE802_11_RADIOTAP: Self = Self(127);
    /// ARCNET, as Linux captures it.
    pub const ARCNET_LINUX: Self = Self(129);
    /// Wireless LAN after an AVS header.
    pub const IEEE802_11_AVS: Self = Self(163);
    /// Anything after a per-packet information header.
    pub const PPI: Self = Self(192);
    /// A label stack.
    pub const MPLS: Self = Self(219);
    /// IPv4 alone.
    pub const IPV4: Self = Self(228);
    /// IPv6 alone.
    pub const IPV6: Self = Self(229);
    /// Packets that netfilter logged.
    pub const NFLOG: Self = Self(239);
    /// IP over InfiniBand.
    pub const IPOIB: Self = Self(242);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);
}
