//! Fragments: the first has ports and a key, later ones the key alone.

use analyzer::frame::LinkType;
use analyzer::packet::{Parsed, parse};

use crate::facts::{facts, raw};
use crate::wire::{cut, octets, whole};

const PACKETS: &[(&str, &str, &str)] = &[
    (
        "first of IPv4",
        "ip 10.0.0.1 > 10.0.0.2 id=7 more / udp 1 > 2 / data 16",
        "udp 10.0.0.1 1 > 10.0.0.2 2 ip_bytes=44 ttl=64 id=7 at=0 first_of=7/17",
    ),
    (
        "middle of IPv4",
        "ip 10.0.0.1 > 10.0.0.2 id=7 more off=24 proto=17 / data 16",
        "fragment 10.0.0.1 > 10.0.0.2 id=7 proto=17 ip_bytes=36 at=0",
    ),
    (
        "last of IPv4",
        "ip 10.0.0.1 > 10.0.0.2 id=7 off=40 proto=17 / data 3",
        "fragment 10.0.0.1 > 10.0.0.2 id=7 proto=17 ip_bytes=23 at=0",
    ),
    (
        "first of TCP, cut by its sender before the flags",
        "ip 10.0.0.1 > 10.0.0.2 id=7 more proto=6 / hex 00010002 00000003",
        "tcp 10.0.0.1 1 > 10.0.0.2 2 cut ip_bytes=28 ttl=64 id=7 at=0 first_of=7/6",
    ),
    (
        "first of IPv6",
        "ip fd00::1 > fd00::2 proto=44 / hex 1100 0001 00010002 / udp 1 > 2 / data 8",
        "udp fd00::1 1 > fd00::2 2 ip_bytes=64 ttl=64 at=0 first_of=65538/17",
    ),
    (
        "last of IPv6",
        "ip fd00::1 > fd00::2 proto=44 / hex 1100 0010 00010002 / data 8",
        "fragment fd00::1 > fd00::2 id=65538 proto=17 ip_bytes=56 at=0",
    ),
    (
        "a whole IPv6 packet with a fragment header",
        "ip fd00::1 > fd00::2 proto=44 / hex 1100 0000 00010002 / udp 1 > 2",
        "udp fd00::1 1 > fd00::2 2 ip_bytes=56 ttl=64 at=0",
    ),
    (
        "first with options after the fragment header",
        "ip fd00::1 > fd00::2 proto=44 / hex 3c00 0001 00000005 / hex 1100 0104 00000000 / udp 1 > 2",
        "udp fd00::1 1 > fd00::2 2 ip_bytes=64 ttl=64 at=0 first_of=5/60",
    ),
    (
        "later one of the same",
        "ip fd00::1 > fd00::2 proto=44 / hex 3c00 0011 00000005 / data 8",
        "fragment fd00::1 > fd00::2 id=5 proto=60 ip_bytes=56 at=0",
    ),
    (
        "first behind an authentication header",
        "ip 10.0.0.1 > 10.0.0.2 id=7 more proto=51 / hex 1101 0000 00000001 00000001 / udp 1 > 2",
        "udp 10.0.0.1 1 > 10.0.0.2 2 ip_bytes=40 ttl=64 id=7 at=0 first_of=7/51",
    ),
    (
        "later one of the same",
        "ip 10.0.0.1 > 10.0.0.2 id=7 off=24 proto=51 / data 8",
        "fragment 10.0.0.1 > 10.0.0.2 id=7 proto=51 ip_bytes=28 at=0",
    ),
    (
        "of ICMP",
        "ip 10.0.0.1 > 10.0.0.2 off=8 proto=1 / data 8",
        "skip icmp",
    ),
    (
        "of ICMPv6",
        "ip fd00::1 > fd00::2 proto=44 / hex 3a00 0010 00000005 / data 8",
        "skip icmp",
    ),
    (
        "of SCTP",
        "ip 10.0.0.1 > 10.0.0.2 off=8 proto=132 / data 8",
        "skip sctp",
    ),
    (
        "of ESP",
        "ip 10.0.0.1 > 10.0.0.2 off=8 proto=50 / data 8",
        "skip other_ip_protocol",
    ),
    (
        "of GRE",
        "ip 10.0.0.1 > 10.0.0.2 off=8 proto=47 / data 8",
        "skip tunnel_fragment",
    ),
    (
        "of IPIP",
        "ip 10.0.0.1 > 10.0.0.2 off=8 proto=4 / data 8",
        "skip tunnel_fragment",
    ),
    (
        "of 6in4",
        "ip 10.0.0.1 > 10.0.0.2 off=8 proto=41 / data 8",
        "skip tunnel_fragment",
    ),
    (
        "first of a tunnel",
        "ip 10.0.0.1 > 10.0.0.2 id=7 more / gre / ip 10.1.0.1 > 10.1.0.2 id=8 / udp 1 > 2",
        "udp 10.1.0.1 1 > 10.1.0.2 2 ip_bytes=28 ttl=64 id=8 depth=1 at=0 in_first_of=7/47",
    ),
    (
        "first of two tunnels, the outer one's",
        "ip 10.0.0.1 > 10.0.0.2 id=7 more / ip 10.2.0.1 > 10.2.0.2 id=9 more / ip 10.1.0.1 > 10.1.0.2 / udp 1 > 2",
        "udp 10.1.0.1 1 > 10.1.0.2 2 ip_bytes=28 ttl=64 id=1 depth=2 at=0 in_first_of=7/4",
    ),
    (
        "first inside a tunnel",
        "ip 10.0.0.1 > 10.0.0.2 / ip 10.1.0.1 > 10.1.0.2 id=9 more / udp 1 > 2",
        "udp 10.1.0.1 1 > 10.1.0.2 2 ip_bytes=28 ttl=64 id=9 depth=1 at=0 first_of=9/17",
    ),
    (
        "later one inside a tunnel",
        "ip 10.0.0.1 > 10.0.0.2 / ip 10.1.0.1 > 10.1.0.2 id=9 off=8 proto=17 / data 8",
        "fragment 10.1.0.1 > 10.1.0.2 id=9 proto=17 ip_bytes=28 depth=1 at=0",
    ),
    (
        "first of VXLAN whose payload does not decode: an ordinary datagram's",
        "ip 10.0.0.1 > 10.0.0.2 id=7 more / udp 4000 > 4789 / vxlan / eth type=0x0800 / data 20",
        "udp 10.0.0.1 4000 > 10.0.0.2 4789 ip_bytes=70 ttl=64 id=7 at=0 first_of=7/17",
    ),
];

#[test]
fn fragments_give_their_facts() {
    for &(name, layers, expected) in PACKETS {
        assert_eq!(raw(layers), expected, "{name}");
    }
}

#[test]
fn first_and_later_fragments_have_one_key() {
    let key_of = |layers: &str| match parse(&whole(LinkType::RAW, &octets(layers))) {
        Parsed::Packet(packet) => packet.fragment,
        Parsed::Fragment(fragment) => Some(fragment.key),
        Parsed::Skip(_) => None,
    };
    let first = key_of("ip 10.0.0.1 > 10.0.0.2 id=7 more / udp 1 > 2");
    assert!(first.is_some());
    assert_eq!(
        first,
        key_of("ip 10.0.0.1 > 10.0.0.2 id=7 off=8 proto=17 / data 8")
    );
    let first = key_of(
        "ip fd00::1 > fd00::2 proto=44 / hex 3c00 0001 00000005 / hex 1100 0104 00000000 / udp 1 > 2",
    );
    assert!(first.is_some());
    assert_eq!(
        first,
        key_of("ip fd00::1 > fd00::2 proto=44 / hex 3c00 0010 00000005 / data 8")
    );
}

#[test]
fn a_later_fragment_needs_the_fixed_header_alone() {
    let data = octets("ip 10.0.0.1 > 10.0.0.2 id=7 off=8 ihl=15 proto=17 / data 100");
    assert_eq!(
        facts(&parse(&cut(LinkType::RAW, &data[..20], data.len()))),
        "fragment 10.0.0.1 > 10.0.0.2 id=7 proto=17 ip_bytes=120 at=0"
    );
}
