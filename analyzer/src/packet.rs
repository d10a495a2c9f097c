//! Frame to packet: the layer-4 facts of one frame, or why there are none.
//!
//! In: a [`Frame`]. Out: [`Parsed`], a few `Copy` words; nothing is allocated.
//! **Shape** the common frame is read in one go; for all others there is a file per header: each takes octets off the front and names what follows, and `walk`
//! goes from one to the next until there are ports. Tunnels are unwrapped eight deep.
//! **Units** bytes are IP bytes. **Errors** none: what cannot be read is a [`SkipReason`]. Of a
//! header that is wrong in itself only what does not depend on the wrong field is believed.

mod arcnet;
mod cooked;
mod cursor;
mod ether_type;
mod ethernet;
mod extension;
mod fast;
mod frame_relay;
mod gre;
mod hdlc;
mod infiniband;
mod ip;
mod ipv4;
mod ipv6;
mod layer;
mod link;
mod llc;
mod loopback;
mod mpls;
mod nflog;
mod ppp;
mod protocol;
mod ring;
mod transport;
mod tunnel;
mod walk;
mod wifi;
mod wifi_capture;

use std::net::IpAddr;

use crate::frame::Frame;
use crate::skip::SkipReason;

/// What a frame turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parsed {
    /// A TCP segment or UDP datagram with its ports.
    Packet(Packet),
    /// A fragment without ports: it belongs to the packet whose first fragment had them.
    Fragment(Fragment),
    /// Not ours, with the reason.
    Skip(SkipReason),
}

/// The facts of one TCP segment or UDP datagram: the innermost one, tunnels unwrapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Sender's address.
    pub source: IpAddr,
    /// Receiver's address.
    pub destination: IpAddr,
    /// Sender's port.
    pub source_port: u16,
    /// Receiver's port.
    pub destination_port: u16,
    /// TCP or UDP, with what TCP says.
    pub transport: Transport,
    /// IP total length (IPv4) or 40 + payload length (IPv6).
    pub ip_bytes: u32,
    /// IPv4's time to live or IPv6's hop limit.
    pub ttl: u8,
    /// IPv4's identification; 0 for IPv6.
    pub ip_id: u16,
    /// Tunnels that were unwrapped around it.
    pub depth: u8,
    /// Where the outermost IP header starts in the frame's data.
    pub ip_offset: u16,
    /// Where its TCP or UDP header starts in the frame's data.
    pub transport_offset: u16,
    /// Set on a first fragment: later ones are found by it.
    pub fragment: Option<FragmentKey>,
    /// Set when an outer IP packet, a tunnel's, was a first fragment.
    pub tunnel_fragment: Option<FragmentKey>,
}

/// The transport of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// TCP; `None` when the header was cut before the flags, or its data offset is impossible.
    Tcp(Option<Segment>),
    /// UDP.
    Udp,
}

/// What a TCP header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// The low eight flag bits (RFC 9293: CWR ECE URG ACK PSH RST SYN FIN).
    pub flags: u8,
    /// Octets after the TCP header, from the IP length.
    pub payload_len: u32,
}

/// What ties the fragments of one IP packet together (RFC 791, RFC 8200 §4.5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FragmentKey {
    /// Sender's address.
    pub source: IpAddr,
    /// Receiver's address.
    pub destination: IpAddr,
    /// Identification: 16 bits of IPv4, 32 of IPv6.
    pub id: u32,
    /// The IP protocol number the fragments carry.
    pub protocol: u8,
}

/// A fragment that is not the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fragment {
    /// Its packet.
    pub key: FragmentKey,
    /// IP bytes of this fragment.
    pub ip_bytes: u32,
    /// IPv4's time to live or IPv6's hop limit.
    pub ttl: u8,
    /// Tunnels unwrapped around it.
    pub depth: u8,
    /// Where the outermost IP header starts in the frame's data.
    pub ip_offset: u16,
}

/// Parses one frame down to TCP or UDP.
#[must_use]
pub fn parse(frame: &Frame<'_>) -> Parsed {
    match fast::ipv4(frame).or_else(|| fast::ipv6(frame)) {
        Some(packet) => Parsed::Packet(packet),
        None => parse_uncommon(frame),
    }
}

/// Parses one frame if it is a common one of IPv4. Together with [`common_ipv6`] and
/// [`parse_uncommon`], tried in this order, it is [`parse`].
#[expect(clippy::inline_always, reason = "see `fast`")]
#[inline(always)]
#[must_use]
pub fn common_ipv4(frame: &Frame<'_>) -> Option<Packet> {
    fast::ipv4(frame)
}

/// Parses one frame if it is a common one of IPv6.
#[expect(clippy::inline_always, reason = "see `fast`")]
#[inline(always)]
#[must_use]
pub fn common_ipv6(frame: &Frame<'_>) -> Option<Packet> {
    fast::ipv6(frame)
}

/// Parses one frame header by header, common or not.
#[inline(never)]
#[must_use]
pub fn parse_uncommon(frame: &Frame<'_>) -> Parsed {
    walk::parse(frame)
}
