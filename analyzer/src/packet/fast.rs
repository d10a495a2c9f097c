//! The common frame, read in one go: Ethernet or a cooked capture's second version, IPv4 without
//! options or IPv6 without extensions, not fragmented, then TCP or UDP that is no tunnel, with all of
//! its headers kept.
//!
//! **Shape** answers only when nothing about the frame is unusual; all others are left to
//! [`super::walk`], and a property test holds both to the same facts.
//! **Source** RFC 791 §3.1, RFC 8200 §3, RFC 9293 §3.1, RFC 768, `LINKTYPE_LINUX_SLL2`.

use std::net::IpAddr;

use super::{cooked, ether_type, protocol, transport, tunnel};
use crate::frame::{Frame, LinkType};
use crate::packet::{Packet, Segment, Transport};

const ETHERNET_LEN: u16 = 14;
const COOKED_LEN: u16 = 20;
/// Version 4, five words of header.
const IPV4_WITHOUT_OPTIONS: u8 = 0x45;
const IPV4_LEN: u32 = 20;
const IPV6_LEN: u32 = 40;
/// More fragments, and the offset.
const FRAGMENTED: u16 = 0x3fff;

/// The facts of a common frame of IPv4.
#[expect(
    clippy::inline_always,
    reason = "returned through memory, addresses are written and read in pieces of two sizes, \
              which the processor waits for"
)]
#[inline(always)]
pub(super) fn ipv4(frame: &Frame<'_>) -> Option<Packet> {
    let (ip_offset, data) = payload_of(frame, ether_type::IPV4)?;
    let (header, rest) = data.split_first_chunk::<{ IPV4_LEN as usize }>()?;
    #[rustfmt::skip]
    let &[
        version_ihl, _, len0, len1, id0, id1, fragment0, fragment1, ttl, protocol, _, _,
        s0, s1, s2, s3, d0, d1, d2, d3,
    ] = header;
    let ip_bytes = u32::from(u16::from_be_bytes([len0, len1]));
    let fragment = u16::from_be_bytes([fragment0, fragment1]);
    if version_ihl != IPV4_WITHOUT_OPTIONS || fragment & FRAGMENTED != 0 {
        return None;
    }
    let payload = ip_bytes.checked_sub(IPV4_LEN)?;
    let base = Packet {
        source: IpAddr::from([s0, s1, s2, s3]),
        destination: IpAddr::from([d0, d1, d2, d3]),
        ip_bytes,
        ttl,
        ip_id: u16::from_be_bytes([id0, id1]),
        ip_offset,
        transport_offset: ip_offset + 20,
        ..EMPTY
    };
    ports(base, protocol, rest, payload).filter(|packet| fits(packet, frame))
}

/// The facts of a common frame of IPv6.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
pub(super) fn ipv6(frame: &Frame<'_>) -> Option<Packet> {
    let (ip_offset, data) = payload_of(frame, ether_type::IPV6)?;
    let (header, rest) = data.split_first_chunk::<{ IPV6_LEN as usize }>()?;
    let (&[version, _, _, _, len0, len1, protocol, ttl], addresses) =
        header.split_first_chunk::<8>()?;
    let (source, destination) = addresses.split_first_chunk::<16>()?;
    let payload = u32::from(u16::from_be_bytes([len0, len1]));
    // Without a length there may be a jumbo option.
    if version >> 4 != 6 || payload == 0 {
        return None;
    }
    let base = Packet {
        source: IpAddr::from(*source),
        destination: IpAddr::from(*destination.first_chunk::<16>()?),
        ip_bytes: IPV6_LEN + payload,
        ttl,
        ip_offset,
        transport_offset: ip_offset + 40,
        ..EMPTY
    };
    ports(base, protocol, rest, payload).filter(|packet| fits(packet, frame))
}

/// What a frame carries behind its link header, and where, when it says that it is of `ether_type`.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn payload_of<'f>(frame: &Frame<'f>, ether_type: u16) -> Option<(u16, &'f [u8])> {
    let (is_of_type, offset, data) = match frame.link {
        LinkType::ETHERNET => {
            let link = frame.data.split_first_chunk::<{ ETHERNET_LEN as usize }>();
            let (&[.., type0, type1], data) = link?;
            let told = u16::from_be_bytes([type0, type1]);
            (told == ether_type, ETHERNET_LEN, data)
        }
        LinkType::LINUX_SLL2 => {
            let link = frame.data.split_first_chunk::<{ COOKED_LEN as usize }>();
            let (&[type0, type1, _, _, _, _, _, _, hardware0, hardware1, ..], data) = link?;
            let told = u16::from_be_bytes([type0, type1]);
            let is_told = cooked::has_ether_type(u16::from_be_bytes([hardware0, hardware1]));
            (is_told && told == ether_type, COOKED_LEN, data)
        }
        _ => return None,
    };
    is_of_type.then_some((offset, data))
}

/// A length beyond the frame, or none, is for the general reader to think about.
#[inline]
fn fits(packet: &Packet, frame: &Frame<'_>) -> bool {
    let on_link = frame.original_len.checked_sub(u32::from(packet.ip_offset));
    on_link.is_some_and(|on_link| packet.ip_bytes <= on_link)
}

#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn ports(base: Packet, protocol: u8, rest: &[u8], payload: u32) -> Option<Packet> {
    let &[s0, s1, d0, d1, ..] = rest.first_chunk::<4>()?;
    let (source_port, destination_port) =
        (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
    let transport = match protocol {
        protocol::TCP => Transport::Tcp(Some(segment(rest, payload)?)),
        protocol::UDP if payload >= 4 => {
            let ports = transport::Ports {
                source: source_port,
                destination: destination_port,
            };
            if tunnel::is_announced(ports) {
                return None;
            }
            Transport::Udp
        }
        _ => return None,
    };
    Some(Packet {
        source_port,
        destination_port,
        transport,
        ..base
    })
}

#[inline]
fn segment(rest: &[u8], payload: u32) -> Option<Segment> {
    #[rustfmt::skip]
    let &[
        _, _, _, _, seq0, seq1, seq2, seq3, ack0, ack1, ack2, ack3, offset, flags,
    ] = rest.first_chunk::<14>()?;
    let header_len = u32::from(offset >> 4) * 4;
    if header_len < 20 {
        return None;
    }
    Some(Segment {
        seq: u32::from_be_bytes([seq0, seq1, seq2, seq3]),
        ack: u32::from_be_bytes([ack0, ack1, ack2, ack3]),
        flags,
        payload_len: payload.checked_sub(header_len)?,
    })
}

/// What all common packets have in common.
const EMPTY: Packet = Packet {
    source: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
    destination: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
    source_port: 0,
    destination_port: 0,
    transport: Transport::Udp,
    ip_bytes: 0,
    ttl: 0,
    ip_id: 0,
    depth: 0,
    ip_offset: 0,
    transport_offset: 0,
    fragment: None,
    tunnel_fragment: None,
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame::Origin;
    use crate::packet::{Parsed, walk};
    use crate::time::Timestamp;

    fn frame(link: LinkType, data: &[u8], original_len: usize) -> Frame<'_> {
        Frame {
            time: Timestamp::MIN,
            link,
            original_len: u32::try_from(original_len).unwrap(),
            offload: crate::frame::Offload::Unknown,
            data,
            origin: Origin::default(),
        }
    }

    fn parse(frame: &Frame<'_>) -> Option<Packet> {
        ipv4(frame).or_else(|| ipv6(frame))
    }

    const LINKS: [LinkType; 2] = [LinkType::ETHERNET, LinkType::LINUX_SLL2];

    /// Octets before the IP header.
    fn before(link: LinkType) -> usize {
        usize::from(if link == LinkType::ETHERNET {
            ETHERNET_LEN
        } else {
            COOKED_LEN
        })
    }

    /// A frame that is common but for the octets that are changed in it.
    fn common(link: LinkType, v6: bool, tcp: bool, payload: u8) -> Vec<u8> {
        let transport_len = if tcp { 20 } else { 8 } + u16::from(payload);
        let protocol = if tcp { protocol::TCP } else { protocol::UDP };
        let ether_type = if v6 { [0x86, 0xdd] } else { [0x08, 0x00] };
        let mut octets = vec![2; before(link) - 2];
        let at = if link == LinkType::ETHERNET { 12 } else { 0 };
        octets.splice(at..at, ether_type);
        if v6 {
            octets.extend([0x60, 0, 0, 0]);
            octets.extend(transport_len.to_be_bytes());
            octets.extend([protocol, 64]);
            octets.extend([0xfd; 32]);
        } else {
            octets.extend([IPV4_WITHOUT_OPTIONS, 0]);
            octets.extend((20 + transport_len).to_be_bytes());
            octets.extend([0, 7, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        }
        octets.extend([0x9c, 0x40, 0, 80]);
        octets.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12]);
        let header_len = if v6 { 40 } else { 20 };
        octets.resize(before(link) + header_len + usize::from(transport_len), 0);
        octets
    }

    #[test]
    fn a_common_frame_is_read_here() {
        for link in LINKS {
            for (v6, tcp) in [(false, false), (false, true), (true, false), (true, true)] {
                let octets = common(link, v6, tcp, 9);
                let frame = frame(link, &octets, octets.len());
                assert!(parse(&frame).is_some(), "{link:?} {v6} {tcp}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn both_readers_agree_on_every_frame_that_is_read_here(
            link in prop::sample::select(LINKS.to_vec()), v6: bool, tcp: bool, payload in 0..40_u8,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            kept: prop::sample::Index, cut: bool, longer in 0..5_usize,
            port in prop::sample::select(vec![80_u16, 4789, 8472, 6081, 2152]),
            hardware in prop::sample::select(vec![1_u16, 772, 770, 801, 803, 804, 824]),
        ) {
            let mut octets = common(link, v6, tcp, payload);
            let ports = before(link) + if v6 { 40 } else { 20 };
            octets[ports + 2..ports + 4].copy_from_slice(&port.to_be_bytes());
            if link == LinkType::LINUX_SLL2 {
                octets[8..10].copy_from_slice(&hardware.to_be_bytes());
            }
            for (index, octet) in changes {
                let at = index.index(octets.len());
                octets[at] = octet;
            }
            let original_len = octets.len() + longer;
            if cut {
                octets.truncate(kept.index(octets.len() + 1));
            }
            let frame = frame(link, &octets, original_len);
            if let Some(packet) = parse(&frame) {
                prop_assert_eq!(Parsed::Packet(packet), walk::parse(&frame));
            }
        }
    }
}
