//! IP headers, extension headers, transports, and what the lengths mean.

use analyzer::frame::LinkType;
use analyzer::packet::parse;

use crate::facts::{ethernet, facts, raw};
use crate::wire::{cut, octets};

/// Layers of an IP packet and the facts expected.
const PACKETS: &[(&str, &str, &str)] = &[
    (
        "all of TCP's flags",
        "ip 10.0.0.1 > 10.0.0.2 ttl=3 id=9 / tcp 1 > 2 FSRPAUEC seq=0xffffffff ack=0x80000000",
        "tcp 10.0.0.1 1 > 10.0.0.2 2 FSRPAUEC seq=4294967295 ack=2147483648 len=0 ip_bytes=40 ttl=3 id=9 at=0",
    ),
    (
        "TCP options are no payload",
        "ip 10.0.0.1 > 10.0.0.2 / tcp 1 > 2 S doff=8 / data 12",
        "tcp 10.0.0.1 1 > 10.0.0.2 2 S seq=0 ack=0 len=0 ip_bytes=52 ttl=64 id=1 at=0",
    ),
    (
        "port 0 is a port",
        "ip 10.0.0.1 > 10.0.0.2 / udp 0 > 0",
        "udp 10.0.0.1 0 > 10.0.0.2 0 ip_bytes=28 ttl=64 id=1 at=0",
    ),
    (
        "UDP's own length is not looked at",
        "ip 10.0.0.1 > 10.0.0.2 / udp 1 > 2 len=3 / data 4",
        "udp 10.0.0.1 1 > 10.0.0.2 2 ip_bytes=32 ttl=64 id=1 at=0",
    ),
    (
        "IPv4 options",
        "ip 10.0.0.1 > 10.0.0.2 ihl=6 proto=17 / hex 94040000 / udp 1 > 2",
        "udp 10.0.0.1 1 > 10.0.0.2 2 ip_bytes=32 ttl=64 id=1 at=0",
    ),
    (
        "IPv4 authentication header",
        "ip 10.0.0.1 > 10.0.0.2 proto=51 / hex 1104 0000 00000001 00000001 000000000000000000000000 / udp 1 > 2",
        "udp 10.0.0.1 1 > 10.0.0.2 2 ip_bytes=52 ttl=64 id=1 at=0",
    ),
    (
        "hop-by-hop, destination options, routing",
        "ip fd00::1 > fd00::2 proto=0 / hex 3c00 0104 00000000 / hex 2b00 0104 00000000 / hex 1100 0400 00000000 / udp 1 > 2",
        "udp fd00::1 1 > fd00::2 2 ip_bytes=72 ttl=64 at=0",
    ),
    (
        "a segment routing header of two units more",
        "ip fd00::1 > fd00::2 proto=43 / hex 0602 0400 00000000 20010db8000000000000000000000001 / tcp 1 > 2 A",
        "tcp fd00::1 1 > fd00::2 2 A seq=0 ack=0 len=0 ip_bytes=84 ttl=64 at=0",
    ),
    (
        "mobility, host identity, shim6, authentication",
        "ip fd00::1 > fd00::2 proto=135 / hex 8b00 0000 00000000 / hex 8c00 0000 00000000 / hex 3300 0000 00000000 / hex 1101 0000 00000001 00000001 / udp 1 > 2",
        "udp fd00::1 1 > fd00::2 2 ip_bytes=84 ttl=64 at=0",
    ),
    (
        "no transport after an extension header",
        "ip fd00::1 > fd00::2 proto=0 / hex 3b00 0104 00000000",
        "skip other_ip_protocol",
    ),
    (
        "ICMP",
        "ip 10.0.0.1 > 10.0.0.2 / icmp / ip 10.0.0.2 > 10.0.0.1 / udp 1 > 2",
        "skip icmp",
    ),
    (
        "ICMPv6",
        "ip fd00::1 > fd00::2 proto=58 / hex 8000 0000",
        "skip icmp",
    ),
    (
        "SCTP",
        "ip 10.0.0.1 > 10.0.0.2 proto=132 / hex 00010002",
        "skip sctp",
    ),
    (
        "ESP stays closed",
        "ip 10.0.0.1 > 10.0.0.2 proto=50 / data 40",
        "skip other_ip_protocol",
    ),
    (
        "IGMP",
        "ip 10.0.0.1 > 224.0.0.1 proto=2 / data 8",
        "skip other_ip_protocol",
    ),
    (
        "total length 0: all that is there",
        "ip 10.0.0.1 > 10.0.0.2 len=0 / tcp 1 > 2 A / data 70000",
        "tcp 10.0.0.1 1 > 10.0.0.2 2 A seq=0 ack=0 len=70000 ip_bytes=70040 ttl=64 id=1 at=0",
    ),
    (
        "payload length 0: all that is there",
        "ip fd00::1 > fd00::2 len=0 / tcp 1 > 2 A / data 70000",
        "tcp fd00::1 1 > fd00::2 2 A seq=0 ack=0 len=70000 ip_bytes=70060 ttl=64 at=0",
    ),
    (
        "a jumbo payload option counts, and what is behind is padding",
        "ip fd00::1 > fd00::2 len=0 proto=0 / hex 0600 c204 00011194 / tcp 1 > 2 A / data 70009",
        "tcp fd00::1 1 > fd00::2 2 A seq=0 ack=0 len=70008 ip_bytes=70076 ttl=64 at=0",
    ),
    (
        "a jumbo payload option after padding",
        "ip fd00::1 > fd00::2 len=0 proto=0 / hex 1101 00 0101 00 00 00 c204 00000018 0000 / udp 1 > 2 / data 5",
        "udp fd00::1 1 > fd00::2 2 ip_bytes=64 ttl=64 at=0",
    ),
    (
        "a header length below 20",
        "ip 10.0.0.1 > 10.0.0.2 ihl=4 / udp 1 > 2",
        "skip malformed",
    ),
    (
        "a total length below the header",
        "ip 10.0.0.1 > 10.0.0.2 len=19 / udp 1 > 2",
        "skip malformed",
    ),
    (
        "no room for ports",
        "ip 10.0.0.1 > 10.0.0.2 len=23 / udp 1 > 2",
        "skip malformed",
    ),
    (
        "a data offset below 20",
        "ip 10.0.0.1 > 10.0.0.2 / tcp 1 > 2 A doff=4",
        "tcp 10.0.0.1 1 > 10.0.0.2 2 cut ip_bytes=40 ttl=64 id=1 at=0",
    ),
    (
        "a data offset beyond the packet",
        "ip 10.0.0.1 > 10.0.0.2 / tcp 1 > 2 A doff=6",
        "tcp 10.0.0.1 1 > 10.0.0.2 2 cut ip_bytes=40 ttl=64 id=1 at=0",
    ),
    (
        "a total length beyond the frame is believed",
        "ip 10.0.0.1 > 10.0.0.2 len=1500 / tcp 1 > 2 A",
        "tcp 10.0.0.1 1 > 10.0.0.2 2 A seq=0 ack=0 len=1460 ip_bytes=1500 ttl=64 id=1 at=0",
    ),
];

#[test]
fn packets_give_their_facts() {
    for &(name, layers, expected) in PACKETS {
        assert_eq!(raw(layers), expected, "{name}");
    }
}

#[test]
fn ethernet_padding_never_counts() {
    assert_eq!(
        ethernet("eth / ip 10.0.0.1 > 10.0.0.2 len=40 / tcp 1 > 2 A / data 6"),
        "tcp 10.0.0.1 1 > 10.0.0.2 2 A seq=0 ack=0 len=0 ip_bytes=40 ttl=64 id=1 at=14"
    );
    let no_ports = "eth / ip 10.0.0.1 > 10.0.0.2 len=20 proto=6 / data 26";
    assert_eq!(ethernet(no_ports), "skip malformed");
}

#[test]
fn a_cut_length_of_0_counts_the_octets_on_the_link() {
    let data = octets("ip 10.0.0.1 > 10.0.0.2 len=0 / tcp 1 > 2 A");
    assert_eq!(
        facts(&parse(&cut(LinkType::RAW, &data, 64_040))),
        "tcp 10.0.0.1 1 > 10.0.0.2 2 A seq=0 ack=0 len=64000 ip_bytes=64040 ttl=64 id=1 at=0"
    );
}

#[test]
fn a_cut_tcp_header_keeps_its_ports() {
    let data = octets("ip 10.0.0.1 > 10.0.0.2 / tcp 1 > 2 A / data 100");
    let at = |kept: usize| facts(&parse(&cut(LinkType::RAW, &data[..kept], data.len())));
    assert_eq!(at(19), "skip truncated");
    assert_eq!(at(23), "skip truncated");
    let cut = "tcp 10.0.0.1 1 > 10.0.0.2 2 cut ip_bytes=140 ttl=64 id=1 at=0";
    assert_eq!(at(24), cut);
    assert_eq!(at(33), cut);
    let whole = "tcp 10.0.0.1 1 > 10.0.0.2 2 A seq=0 ack=0 len=100 ip_bytes=140 ttl=64 id=1 at=0";
    assert_eq!(at(34), whole);
}
