//! Tunnels: the inner packet is the one that counts.

use analyzer::frame::LinkType;
use analyzer::packet::parse;

use crate::facts::{ethernet, facts};
use crate::wire::{cut, octets};

const INNER: &str = "ip 10.1.0.1 > 10.1.0.2 / tcp 1 > 2 S";
const INNER_FACTS: &str = "tcp 10.1.0.1 1 > 10.1.0.2 2 S seq=0 ack=0 len=0 ip_bytes=40 ttl=64 id=1";

/// What is between the outer IP header and the inner packet.
const TUNNELS: &[(&str, &str, u8)] = &[
    ("VXLAN", "udp 4000 > 4789 / vxlan / eth", 1),
    (
        "VXLAN on Linux's first port",
        "udp 4000 > 8472 / vxlan / eth",
        1,
    ),
    ("VXLAN from its port", "udp 4789 > 4000 / vxlan / eth", 1),
    (
        "VXLAN with a group policy",
        "udp 4000 > 4789 / hex 88400007 00002a00 / eth",
        1,
    ),
    (
        "VXLAN with a tag inside",
        "udp 4000 > 4789 / vxlan / eth / vlan",
        1,
    ),
    ("Geneve", "udp 4000 > 6081 / geneve / eth", 1),
    (
        "Geneve with options",
        "udp 4000 > 6081 / geneve options=8 type=0x6558 / data 8 / eth",
        1,
    ),
    ("Geneve with IP", "udp 4000 > 6081 / geneve", 1),
    ("GTP-U", "udp 2152 > 2152 / gtp", 1),
    (
        "GTP-U with a sequence number",
        "udp 2152 > 2152 / gtp flags=0x32 / hex 00010000",
        1,
    ),
    (
        "GTP-U with extension headers",
        "udp 2152 > 2152 / gtp flags=0x34 / hex 00000085 01000985 020000000000 0000",
        1,
    ),
    ("GRE", "gre", 1),
    (
        "GRE with checksum, key and sequence",
        "gre flags=0xb000 type=0x0800 / data 12",
        1,
    ),
    ("GRE with Ethernet", "gre / eth", 1),
    ("NVGRE", "gre flags=0x2000 type=0x6558 / data 4 / eth", 1),
    ("GRE with MPLS", "gre type=0x8847 / hex 00010140", 1),
    ("ERSPAN I", "gre type=0x88be / eth", 1),
    (
        "ERSPAN II",
        "gre flags=0x1000 type=0x88be / hex 00000001 10010000 00000000 / eth",
        1,
    ),
    (
        "ERSPAN III",
        "gre flags=0x1000 type=0x22eb / hex 00000001 20010000 00000000 00000000 / eth",
        1,
    ),
    (
        "ERSPAN III with a subheader",
        "gre flags=0x1000 type=0x22eb / hex 00000001 20010000 00000000 00000001 0000000000000000 / eth",
        1,
    ),
    (
        "ERSPAN III with IP",
        "gre flags=0x1000 type=0x22eb / hex 00000001 20010000 00000000 00000800",
        1,
    ),
    (
        "PPTP",
        "gre flags=0x3081 type=0x880b / hex 00240001 00000001 00000001 ff030021",
        1,
    ),
    ("IPIP", "", 1),
    ("two of one kind", "ip 10.2.0.1 > 10.2.0.2", 2),
    (
        "VXLAN in GRE",
        "gre / ip 10.2.0.1 > 10.2.0.2 / udp 4000 > 4789 / vxlan / eth",
        2,
    ),
    (
        "IPIP behind an authentication header",
        "ip 10.2.0.1 > 10.2.0.2 proto=51 / hex 0401 0000 00000001 00000001",
        2,
    ),
];

#[test]
fn tunnels_are_unwrapped() {
    for &(name, between, depth) in TUNNELS {
        for outer in ["ip 10.0.0.1 > 10.0.0.2", "ip fd00::1 > fd00::2"] {
            let between = if between.is_empty() {
                String::new()
            } else {
                format!("{between} / ")
            };
            let link = if outer.contains("fd00") {
                "eth type=0x86dd"
            } else {
                "eth"
            };
            let found = ethernet(&format!("{link} / {outer} / {between}{INNER}"));
            assert_eq!(
                found,
                format!("{INNER_FACTS} depth={depth} at=14"),
                "{name} in {outer}"
            );
        }
    }
}

#[test]
fn ipv6_is_carried_too() {
    let inner = "ip fd00::1 > fd00::2 / udp 1 > 2";
    let expected = "udp fd00::1 1 > fd00::2 2 ip_bytes=48 ttl=64 depth=1 at=14";
    for between in [
        "ip 10.0.0.1 > 10.0.0.2 proto=41",
        "ip 10.0.0.1 > 10.0.0.2 / gre type=0x86dd",
        "ip 10.0.0.1 > 10.0.0.2 / udp 4000 > 6081 / geneve type=0x86dd",
        "ip 10.0.0.1 > 10.0.0.2 / udp 4000 > 4789 / vxlan / eth type=0x86dd",
        "ip 10.0.0.1 > 10.0.0.2 / udp 2152 > 2152 / gtp",
    ] {
        assert_eq!(
            ethernet(&format!("eth / {between} / {inner}")),
            expected,
            "{between}"
        );
    }
    let in_6 = format!("eth type=0x86dd / ip fd01::1 > fd01::2 proto=41 / {inner}");
    assert_eq!(ethernet(&in_6), expected);
}

#[test]
fn what_is_no_packet_inside_is_skipped_for_its_own_reason() {
    for (inside, reason) in [
        ("vxlan / eth type=0x0806 / data 28", "arp"),
        (
            "vxlan / eth type=0x88cc / data 28",
            "unsupported_ether_type",
        ),
        ("vxlan / eth / ip 10.1.0.1 > 10.1.0.2 / icmp", "icmp"),
        (
            "vxlan / eth / ip 10.1.0.1 > 10.1.0.2 proto=50 / data 9",
            "other_ip_protocol",
        ),
        (
            "vxlan / eth / ip 10.1.0.1 > 10.1.0.2 / gre flags=0x8000 type=0x0800",
            "malformed",
        ),
        (
            "vxlan / eth / ip 10.1.0.1 > 10.1.0.2 proto=17 / data 3",
            "malformed",
        ),
    ] {
        let found = ethernet(&format!(
            "eth / ip 10.0.0.1 > 10.0.0.2 / udp 4000 > 4789 / {inside}"
        ));
        assert_eq!(found, format!("skip {reason}"), "{inside}");
    }
}

#[test]
fn a_payload_that_does_not_decode_leaves_a_datagram() {
    for (port, payload) in [
        (4789, ""),
        (4789, "data 7"),
        (4789, "data 60"),
        (4789, "vxlan"),
        (4789, "vxlan / data 13"),
        (
            4789,
            "hex 08010000 00002a00 / eth / ip 10.1.0.1 > 10.1.0.2 / udp 1 > 2",
        ),
        (
            4789,
            "hex 08000000 00002a01 / eth / ip 10.1.0.1 > 10.1.0.2 / udp 1 > 2",
        ),
        (
            4789,
            "vxlan / eth / ip 10.1.0.1 > 10.1.0.2 ihl=4 / udp 1 > 2",
        ),
        (4789, "vxlan / eth type=0x0800 / data 40"),
        (
            6081,
            "hex 40006558 00002a00 / eth / ip 10.1.0.1 > 10.1.0.2 / udp 1 > 2",
        ),
        (
            6081,
            "hex 00006558 00002a01 / eth / ip 10.1.0.1 > 10.1.0.2 / udp 1 > 2",
        ),
        (6081, "geneve type=0x8847 / data 40"),
        (6081, "geneve options=8 type=0x6558 / data 7"),
        (2152, "gtp message=1 / data 4"),
        (2152, "gtp flags=0x20 / ip 10.1.0.1 > 10.1.0.2 / udp 1 > 2"),
        (2152, "gtp flags=0x50 / ip 10.1.0.1 > 10.1.0.2 / udp 1 > 2"),
        (2152, "gtp flags=0x34 / hex 00000085 00000000 / data 40"),
        (2152, "gtp / hex 50000000"),
        (51820, "data 148"),
        (3544, "ip fd00::1 > fd00::2 / udp 1 > 2"),
    ] {
        let slash = if payload.is_empty() { "" } else { " / " };
        let layers = format!("eth / ip 10.0.0.1 > 10.0.0.2 / udp 4000 > {port}{slash}{payload}");
        let ip_bytes = octets(&layers).len() - 14;
        assert_eq!(
            ethernet(&layers),
            format!("udp 10.0.0.1 4000 > 10.0.0.2 {port} ip_bytes={ip_bytes} ttl=64 id=1 at=14"),
            "{payload}"
        );
    }
}

#[test]
fn a_tunnel_that_the_snaplen_cut_is_truncated() {
    let data = octets(&format!(
        "eth / ip 10.0.0.1 > 10.0.0.2 / udp 4000 > 4789 / vxlan / eth / {INNER}"
    ));
    let at = |kept: usize| facts(&parse(&cut(LinkType::ETHERNET, &data[..kept], data.len())));
    let outer = "udp 10.0.0.1 4000 > 10.0.0.2 4789 ip_bytes=90 ttl=64 id=1 at=14";
    assert_eq!(at(38), outer, "before the tunnel's header");
    assert_eq!(at(49), outer, "within the tunnel's header");
    assert_eq!(at(50), "skip truncated", "after the tunnel's header");
    assert_eq!(at(87), "skip truncated", "before the inner ports");
    assert_eq!(
        at(88),
        "tcp 10.1.0.1 1 > 10.1.0.2 2 cut ip_bytes=40 ttl=64 id=1 depth=1 at=14"
    );
}

#[test]
fn gre_that_carries_no_packet_is_skipped() {
    for (gre, reason) in [
        (
            "gre flags=0x4000 type=0x0800 / data 40",
            "other_ip_protocol",
        ),
        (
            "gre flags=0x0002 type=0x0800 / data 40",
            "other_ip_protocol",
        ),
        ("gre flags=0x2081 type=0x880b / data 8", "other_ip_protocol"),
        ("gre type=0x2001 / data 40", "unsupported_ether_type"),
        ("gre flags=0x2000 type=0x0800 / data 3", "malformed"),
    ] {
        let found = ethernet(&format!("eth / ip 10.0.0.1 > 10.0.0.2 / {gre}"));
        assert_eq!(found, format!("skip {reason}"), "{gre}");
    }
}

#[test]
fn eight_tunnels_are_unwrapped_and_no_more() {
    let nested = |depth: usize| "ip 10.0.0.1 > 10.0.0.2 / ".repeat(depth);
    let found = ethernet(&format!("eth / {}{INNER}", nested(8)));
    assert_eq!(found, format!("{INNER_FACTS} depth=8 at=14"));
    let found = ethernet(&format!("eth / {}{INNER}", nested(9)));
    assert_eq!(found, "skip other_ip_protocol");
    let vxlan = "ip 10.2.0.1 > 10.2.0.2 / udp 4000 > 4789 / vxlan / eth";
    let found = ethernet(&format!("eth / {}{vxlan} / {INNER}", nested(8)));
    assert_eq!(
        found,
        "udp 10.2.0.1 4000 > 10.2.0.2 4789 ip_bytes=90 ttl=64 id=1 depth=8 at=14"
    );
}
