//! Every link type leads to the same IP packet.

use analyzer::frame::LinkType;
use analyzer::packet::parse;

use crate::facts::{ethernet, facts};
use crate::wire::{octets, unhex, whole};

const PACKET: &str = "ip 10.0.0.1 > 10.0.0.2 / tcp 4000 > 80 SA seq=1 ack=2 / data 5";
const PACKET_6: &str = "ip fd00::1 > fd00::2 / udp 4000 > 53 / data 5";

/// Every row of a table: cells between bars; a line that starts with `#` is a remark.
fn rows<const CELLS: usize>(table: &str) -> impl Iterator<Item = [&str; CELLS]> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            cells.try_into().unwrap()
        })
}

fn link_type(cell: &str) -> LinkType {
    LinkType(cell.parse().unwrap())
}

#[test]
fn every_header_before_ipv4_is_read() {
    for [name, link, before] in rows(include_str!("links/before_ipv4.txt")) {
        let expected =
            "tcp 10.0.0.1 4000 > 10.0.0.2 80 SA seq=1 ack=2 len=5 ip_bytes=45 ttl=64 id=1";
        assert_leads_to(name, link_type(link), before, PACKET, expected);
    }
}

#[test]
fn every_header_before_ipv6_is_read() {
    for [name, link, before] in rows(include_str!("links/before_ipv6.txt")) {
        let expected = "udp fd00::1 4000 > fd00::2 53 ip_bytes=53 ttl=64";
        assert_leads_to(name, link_type(link), before, PACKET_6, expected);
    }
}

fn assert_leads_to(name: &str, link: LinkType, before: &str, packet: &str, expected: &str) {
    let mut data = unhex(before);
    let ip_offset = data.len();
    data.extend(octets(packet));
    let found = facts(&parse(&whole(link, &data)));
    assert_eq!(found, format!("{expected} at={ip_offset}"), "{name}");
}

#[test]
fn what_is_no_packet_says_why() {
    for [name, link, reason, data] in rows(include_str!("links/skipped.txt")) {
        let found = facts(&parse(&whole(link_type(link), &unhex(data))));
        assert_eq!(found, format!("skip {reason}"), "{name}");
    }
}

#[test]
fn prism_headers_have_144_octets() {
    let mut data = vec![0; 144];
    data.extend(unhex(
        "0801 0000 020000000001 020000000002 020000000003 1000 aaaa03 000000 0800",
    ));
    data.extend(octets(PACKET));
    let found = facts(&parse(&whole(LinkType::IEEE802_11_PRISM, &data)));
    assert!(found.ends_with("at=176"), "{found}");
}

#[test]
fn any_depth_of_tags_is_read() {
    let layers = format!("eth / {}{PACKET}", "vlan / ".repeat(1_000));
    assert!(ethernet(&layers).ends_with("at=4014"));
    let deep = format!("eth / {}{PACKET}", "vlan / ".repeat(20_000));
    assert!(ethernet(&deep).ends_with("at=65535"), "an offset saturates");
}
