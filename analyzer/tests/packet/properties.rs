//! What holds for every frame: there is one answer, a cut keeps the ports, and swapping source and
//! destination swaps them in the facts and changes nothing else.

use std::net::IpAddr;

use analyzer::frame::{Frame, LinkType};
use analyzer::packet::{Fragment, FragmentKey, Packet, Parsed, Transport, parse};
use analyzer::skip::SkipReason;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::wire::{cut, octets, whole};

/// Frames from which damaged ones are made; each ends in a transport header and its payload.
const FRAMES: &[(LinkType, &str)] = &[
    (
        LinkType::ETHERNET,
        "eth / ip 10.0.0.1 > 10.0.0.2 / tcp 1 > 2 SA / data 9",
    ),
    (
        LinkType::ETHERNET,
        "eth / vlan / vlan / ip 10.0.0.1 > 10.0.0.2 / udp 1 > 2 / data 9",
    ),
    (
        LinkType::ETHERNET,
        "eth type=0x86dd / ip fd00::1 > fd00::2 / tcp 1 > 2 A / data 9",
    ),
    (
        LinkType::ETHERNET,
        "eth type=0x8864 / hex 1100 0001 0030 0021 / ip 10.0.0.1 > 10.0.0.2 / tcp 1 > 2 A / data 9",
    ),
    (
        LinkType::LINUX_SLL2,
        "hex 0800 0000 00000003 0001 04 06 0200000000010000 / ip 10.0.0.1 > 10.0.0.2 / udp 1 > 2 / data 9",
    ),
    (
        LinkType::LINUX_SLL,
        "hex 0000 0001 0006 0200000000010000 0800 / ip 10.0.0.1 > 10.0.0.2 more / udp 1 > 2 / data 9",
    ),
    (
        LinkType::NULL,
        "hex 02000000 / ip 10.0.0.1 > 10.0.0.2 ihl=6 proto=17 / hex 94040000 / udp 1 > 2 / data 9",
    ),
    (
        LinkType::RAW,
        "ip fd00::1 > fd00::2 proto=44 / hex 3c00 0001 00000005 / hex 1100 0104 00000000 / udp 1 > 2 / data 9",
    ),
    (
        LinkType::RAW,
        "ip fd00::1 > fd00::2 len=0 proto=0 / hex 0600 c204 00000025 / tcp 1 > 2 A / data 9",
    ),
    (
        LinkType::RAW,
        "ip 10.0.0.1 > 10.0.0.2 / ip 10.1.0.1 > 10.1.0.2 / tcp 1 > 2 A / data 9",
    ),
    (
        LinkType::RAW,
        "ip 10.0.0.1 > 10.0.0.2 / gre flags=0xb000 type=0x6558 / data 12 / eth / ip 10.1.0.1 > 10.1.0.2 / tcp 1 > 2 A / data 9",
    ),
    (
        LinkType::MPLS,
        "hex 00010140 / ip 10.0.0.1 > 10.0.0.2 / tcp 1 > 2 A / data 9",
    ),
    (
        LinkType::NFLOG,
        "hex 02 00 0000 08000100 08000100 36000900 / ip 10.0.0.1 > 10.0.0.2 / tcp 1 > 2 A / data 9",
    ),
    (
        LinkType::IEEE802_11_RADIOTAP,
        "hex 0000 0800 00000000 8801 0000 020000000001 020000000002 020000000003 1000 0000 aaaa03 000000 0800 / ip 10.0.0.1 > 10.0.0.2 / tcp 1 > 2 A / data 9",
    ),
];

/// Tunnels over UDP: what a cut leaves of them may be the outer datagram.
const UDP_TUNNELS: &[(LinkType, &str)] = &[
    (
        LinkType::RAW,
        "ip 10.0.0.1 > 10.0.0.2 / udp 4000 > 4789 / vxlan / eth / ip 10.1.0.1 > 10.1.0.2 / tcp 1 > 2 A / data 9",
    ),
    (
        LinkType::RAW,
        "ip 10.0.0.1 > 10.0.0.2 / udp 4000 > 6081 / geneve options=8 type=0x6558 / data 8 / eth / ip 10.1.0.1 > 10.1.0.2 / tcp 1 > 2 A / data 9",
    ),
    (
        LinkType::RAW,
        "ip 10.0.0.1 > 10.0.0.2 / udp 2152 > 2152 / gtp flags=0x34 / hex 00000085 01000900 / ip 10.1.0.1 > 10.1.0.2 / udp 1 > 2 / data 9",
    ),
];

/// Every link type with a name, and some without.
fn link() -> impl Strategy<Value = LinkType> {
    prop_oneof![4 => (0..300_u16).prop_map(LinkType), 1 => any::<u16>().prop_map(LinkType)]
}

fn any_frame() -> impl Strategy<Value = (LinkType, Vec<u8>)> {
    select([FRAMES, UDP_TUNNELS].concat()).prop_map(|(link, layers)| (link, octets(layers)))
}

fn assert_sane(frame: &Frame<'_>) {
    const MAX_DEPTH: u8 = 8;
    let (depth, ip_offset, source, destination) = match parse(frame) {
        Parsed::Packet(packet) => {
            let ports = [packet.source_port, packet.destination_port].map(u16::to_be_bytes);
            let at = usize::from(packet.transport_offset);
            assert_eq!(frame.data[at..at + 4], ports.concat(), "{packet:?}");
            (
                packet.depth,
                packet.ip_offset,
                packet.source,
                packet.destination,
            )
        }
        Parsed::Fragment(Fragment {
            depth,
            ip_offset,
            key,
            ..
        }) => (depth, ip_offset, key.source, key.destination),
        Parsed::Skip(_) => return,
    };
    assert!(depth <= MAX_DEPTH);
    assert!(usize::from(ip_offset) < frame.data.len());
    assert_eq!(source.is_ipv4(), destination.is_ipv4());
}

proptest! {
    #[test]
    fn any_octets_have_an_answer(
        link in link(),
        data in prop::collection::vec(any::<u8>(), 0..300),
        original_len in 0..70_000_usize,
    ) {
        assert_sane(&cut(link, &data, original_len));
    }

    #[test]
    fn damaged_frames_have_an_answer(
        (link, mut data) in any_frame(),
        damage in prop::collection::vec(any::<(Index, u8)>(), 0..6),
        kept in any::<Index>(),
    ) {
        for (at, octet) in damage {
            *at.get_mut(&mut data) = octet;
        }
        let original_len = data.len();
        data.truncate(kept.index(original_len + 1));
        assert_sane(&cut(link, &data, original_len));
        assert_sane(&whole(link, &data));
    }

    #[test]
    fn swapping_the_ends_swaps_the_facts_and_nothing_else(
        (source, destination) in addresses(),
        (source_port, destination_port) in (port(), port()),
        (around, around_back) in select(AROUND),
        place in select(&["", "more", "off=8"][..]),
        transport in select(&["tcp", "udp"][..]),
    ) {
        let there = octets(&format!(
            "{around}ip {source} > {destination} {place} / {transport} {source_port} > {destination_port} / data 30"
        ));
        let back = octets(&format!(
            "{around_back}ip {destination} > {source} {place} / {transport} {destination_port} > {source_port} / data 30"
        ));
        prop_assert_eq!(
            swapped(parse(&whole(LinkType::RAW, &there))),
            parse(&whole(LinkType::RAW, &back))
        );
    }
}

/// What is around a packet, in both directions.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    (
        "ip 10.9.0.1 > 10.9.0.2 / gre / ",
        "ip 10.9.0.2 > 10.9.0.1 / gre / ",
    ),
    (
        "ip 10.9.0.1 > 10.9.0.2 more / gre / ",
        "ip 10.9.0.2 > 10.9.0.1 more / gre / ",
    ),
    (
        "ip 10.9.0.1 > 10.9.0.2 / udp 4000 > 4789 / vxlan / eth / ",
        "ip 10.9.0.2 > 10.9.0.1 / udp 4789 > 4000 / vxlan / eth / ",
    ),
    (
        "ip 10.9.0.1 > 10.9.0.2 / udp 4789 > 6081 / geneve / eth / ",
        "ip 10.9.0.2 > 10.9.0.1 / udp 6081 > 4789 / geneve / eth / ",
    ),
];

fn addresses() -> impl Strategy<Value = (IpAddr, IpAddr)> {
    let v4 = any::<([u8; 4], [u8; 4])>().prop_map(|(a, b)| (a.into(), b.into()));
    let v6 = any::<([u8; 16], [u8; 16])>().prop_map(|(a, b)| (a.into(), b.into()));
    prop_oneof![v4, v6]
}

/// Any port, those of tunnels often.
fn port() -> impl Strategy<Value = u16> {
    prop_oneof![select(&[2152, 4789, 6081, 8472][..]), any::<u16>()]
}

fn swapped(parsed: Parsed) -> Parsed {
    match parsed {
        Parsed::Packet(packet) => Parsed::Packet(Packet {
            source: packet.destination,
            destination: packet.source,
            source_port: packet.destination_port,
            destination_port: packet.source_port,
            fragment: packet.fragment.map(swapped_key),
            tunnel_fragment: packet.tunnel_fragment.map(swapped_key),
            ..packet
        }),
        Parsed::Fragment(fragment) => Parsed::Fragment(Fragment {
            key: swapped_key(fragment.key),
            ..fragment
        }),
        Parsed::Skip(reason) => Parsed::Skip(reason),
    }
}

fn swapped_key(key: FragmentKey) -> FragmentKey {
    FragmentKey {
        source: key.destination,
        destination: key.source,
        ..key
    }
}

/// What the snaplen leaves alone: everything but what TCP says after its ports.
fn without_segment(parsed: Parsed) -> Parsed {
    match parsed {
        Parsed::Packet(packet) => Parsed::Packet(Packet {
            transport: match packet.transport {
                Transport::Tcp(_) => Transport::Tcp(None),
                Transport::Udp => Transport::Udp,
            },
            ..packet
        }),
        Parsed::Fragment(_) | Parsed::Skip(_) => parsed,
    }
}

/// Where the last transport header's ports end.
fn ports_end(layers: &str) -> usize {
    let transport = layers.rmatch_indices(" / ").nth(1).unwrap().0;
    octets(layers).len() - octets(&layers[transport + 3..]).len() + 4
}

#[test]
fn a_cut_frame_keeps_its_ports_while_they_are_there() {
    for &(link, layers) in FRAMES {
        let data = octets(layers);
        let expected = without_segment(parse(&whole(link, &data)));
        assert!(matches!(expected, Parsed::Packet(_)), "{layers}");
        for kept in 0..=data.len() {
            let found = parse(&cut(link, &data[..kept], data.len()));
            if kept < ports_end(layers) {
                assert_eq!(
                    found,
                    Parsed::Skip(SkipReason::Truncated),
                    "{kept} of {layers}"
                );
            } else {
                assert_eq!(without_segment(found), expected, "{kept} of {layers}");
            }
        }
    }
}

#[test]
fn a_cut_tunnel_is_the_outer_datagram_or_truncated_or_the_inner_packet() {
    for &(link, layers) in UDP_TUNNELS {
        let data = octets(layers);
        let expected = without_segment(parse(&whole(link, &data)));
        assert!(
            matches!(expected, Parsed::Packet(Packet { depth: 1, .. })),
            "{layers}"
        );
        for kept in 24..=data.len() {
            let found = parse(&cut(link, &data[..kept], data.len()));
            match found {
                _ if kept >= ports_end(layers) => assert_eq!(without_segment(found), expected),
                Parsed::Packet(packet) => assert_eq!((packet.depth, packet.ttl), (0, 64)),
                Parsed::Skip(reason) => assert_eq!(reason, SkipReason::Truncated),
                Parsed::Fragment(_) => panic!("{kept} of {layers}"),
            }
        }
    }
}
