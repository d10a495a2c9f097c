use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::time::Timestamp;

use super::*;

/// An Ethernet frame of IPv4: `udp 10.0.0.1:40000 > 10.0.0.2:53`, a later fragment where the ports
/// are missing.
fn octets(script: &str) -> Vec<u8> {
    let words: Vec<&str> = script.split(' ').collect();
    let protocol = match words[0] {
        "icmp" => 1,
        "tcp" => 6,
        "udp" => 17,
        other => panic!("{other}"),
    };
    let (mut ports, mut addresses) = (Vec::new(), Vec::new());
    for end in [words[1], words[3]] {
        let (address, port) = end.split_once(':').unwrap_or((end, ""));
        let address: std::net::Ipv4Addr = address.parse().unwrap();
        addresses.extend(address.octets());
        if !port.is_empty() {
            ports.extend(port.parse::<u16>().unwrap().to_be_bytes());
        }
    }
    let offset = if ports.is_empty() && protocol != 1 {
        185
    } else {
        0
    };
    ports.resize(20, 0);
    if protocol == 6 {
        ports[12] = 0x50;
    } else {
        ports[5] = 20;
    }
    let mut octets = vec![0; 12];
    octets.extend([0x08, 0, 0x45, 0, 0, 40, 0, 7, 0, offset, 64, protocol, 0, 0]);
    octets.extend(addresses);
    octets.extend(ports);
    octets
}

fn keeps(filter: &str, script: &str) -> bool {
    let data = octets(script);
    let frame = Frame {
        time: Timestamp::from_nanos(0),
        link: LinkType::ETHERNET,
        original_len: 54,
        offload: Offload::Whole,
        data: &data,
        origin: Origin::default(),
    };
    PacketFilter::parse(filter).unwrap().keeps(&frame)
}

#[test]
fn a_question_holds_for_either_end() {
    let call = "tcp 10.0.0.1:40000 > 10.9.0.2:443";
    let answer = "tcp 10.9.0.2:443 > 10.0.0.1:40000";
    for (filter, is_kept) in [
        ("port 443", true),
        ("portrange 400-500", true),
        ("tcp port 443", true),
        ("udp port 443", false),
        ("tcp", true),
        ("udp", false),
        ("ip", true),
        ("ip6", false),
        ("ip6 host fd00::1", false),
        ("host 10.9.0.2", true),
        ("host 10.9.0.3", false),
        ("host 10.9.0.3 or 10.9.0.2", true),
        ("net 10.9.0.0/16", true),
        ("net 10.8.0.0/16", false),
        ("net 10.0.0.1", true),
        ("port 80 or 443", true),
        ("port 80 || port 8080", false),
        ("not port 22", true),
        ("!port 443", false),
        ("net 10.9.0.0/16 and port 443 and tcp", true),
        ("net 10.9.0.0/16 && (port 80 or 8080)", false),
        ("not (udp or port 80)", true),
        ("not not tcp", true),
    ] {
        for packet in [call, answer] {
            assert_eq!(keeps(filter, packet), is_kept, "{filter}: {packet}");
        }
    }
}

#[test]
fn a_fragment_without_ports_is_kept_where_its_first_one_may_have_been() {
    let fragment = "udp 10.0.0.1 > 10.0.0.2";
    for (filter, is_kept) in [
        ("port 53", true),
        ("not port 53", true),
        ("udp port 53", true),
        ("tcp port 53", false),
        ("host 10.0.0.9 and port 53", false),
        ("host 10.0.0.1 or port 53", true),
    ] {
        assert_eq!(keeps(filter, fragment), is_kept, "{filter}");
    }
}

#[test]
fn what_makes_no_flow_is_left_out_by_any_filter() {
    assert!(!keeps("not port 22", "icmp 10.0.0.1 > 10.0.0.2"));
    assert!(!keeps("host 10.0.0.1", "icmp 10.0.0.1 > 10.0.0.2"));
}

#[test]
fn what_is_no_expression_is_refused_where_it_goes_wrong() {
    let refusals = [
        "",
        "port",
        "port http",
        "port 65536",
        "port +1",
        "portrange 9-1",
        "host",
        "host localhost",
        "net 10.1.0.0/8",
        "net 10",
        "src host 10.0.0.1",
        "icmp",
        "tcp 443",
        "10.0.0.1",
        "host 10.0.0.1 port 53",
        "port 53 or port 80 and tcp",
        "(port 53",
        "port 53)",
        "port 53 and",
        "l4proto=tcp",
        "ü port 53 x",
    ];
    let told = refusals.map(|text| match PacketFilter::parse(text) {
        Ok(filter) => panic!("{text} is {filter}"),
        Err(error) => format!("{text:?}: {error}\n"),
    });
    insta::assert_snapshot!(told.concat());
}

#[test]
fn an_expression_is_within_bounds() {
    let deep = |depth: usize| "(".repeat(depth) + "tcp" + &")".repeat(depth);
    assert!(PacketFilter::parse(&deep(32)).is_ok());
    assert!(PacketFilter::parse(&deep(33)).is_err());
    assert!(PacketFilter::parse(&"not ".repeat(1_000)).is_err());
    assert!(PacketFilter::parse(&"tcp or ".repeat(1_000)).is_err());
}

#[test]
fn an_expression_is_told_as_it_is_meant() {
    let filter = PacketFilter::parse("  tcp\n port   443 ").unwrap();
    assert_eq!(filter.to_string(), "tcp port 443");
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_filter_or_refused(text in "(host|net|port|tcp|not|and|or|[()!]|10\\.0\\.0\\.1|53|/8|\\PC| ){0,20}") {
        let _ = PacketFilter::parse(&text);
    }
}
