use etherparse::{Ipv4Slice, Ipv6Slice, NetSlice, SlicedPacket, TransportSlice};

use super::*;
use crate::profile::{ALL, Profile};

const PACKETS: u64 = 20_000;
const START_NS: u64 = 1_700_000_000_000_000_000;

/// Fewer where they are long.
fn packets(profile: &Profile) -> u64 {
    PACKETS.min(profile.packets / 100)
}

fn size(profile: &'static Profile, seed: u64) -> Size {
    let packets = packets(profile);
    Size {
        profile,
        seed,
        packets,
        conversations: profile.conversations_of(packets).max(20),
        seconds: profile.seconds,
        start_ns: START_NS,
    }
}

fn capture(size: &Size) -> (Vec<u8>, Truth) {
    let mut file = Vec::new();
    let truth = write(size, Topology::new(200), Form::Pcap, &mut file).unwrap();
    (file, truth)
}

/// A record of the file: time, original length and data.
fn records(file: &[u8]) -> Vec<(u64, usize, &[u8])> {
    let mut records = Vec::new();
    let mut at = 24;
    while at < file.len() {
        let word = |n: usize| {
            let from = at + 4 * n;
            u32::from_le_bytes(file[from..from + 4].try_into().unwrap())
        };
        let kept = usize::try_from(word(2)).unwrap();
        let time_ns = u64::from(word(0)) * 1_000_000_000 + u64::from(word(1));
        records.push((
            time_ns,
            usize::try_from(word(3)).unwrap(),
            &file[at + 16..at + 16 + kept],
        ));
        at += 16 + kept;
    }
    assert_eq!(at, file.len());
    records
}

#[test]
fn one_seed_gives_one_file() {
    for profile in &ALL {
        let first = capture(&size(profile, 1));
        assert!(first == capture(&size(profile, 1)), "{}", profile.name);
        assert!(first.0 != capture(&size(profile, 2)).0, "{}", profile.name);
    }
}

#[test]
fn the_size_is_the_one_asked_for() {
    for profile in &ALL {
        let size = size(profile, 3);
        let (file, truth) = capture(&size);
        let name = profile.name;
        assert_eq!(truth.file_bytes, u64::try_from(file.len()).unwrap());
        assert_eq!(
            truth.frames,
            u64::try_from(records(&file).len()).unwrap(),
            "{name}"
        );
        assert_eq!(truth.conversations, size.conversations, "{name}");
        if profile.view == View::Between {
            let packets = truth.tcp.packets + truth.udp.packets;
            let skipped = truth.icmp_frames + truth.fragments_alone;
            assert_eq!(packets + skipped, size.packets, "{name}");
        }
    }
}

#[test]
fn records_are_in_order_of_time_and_cut_at_the_snaplen() {
    for profile in &ALL {
        let (file, truth) = capture(&size(profile, 4));
        let records = records(&file);
        assert!(records.is_sorted_by_key(|(time_ns, ..)| *time_ns));
        let ends = (records.first().unwrap().0, records.last().unwrap().0);
        assert_eq!(ends, (truth.from_ns, truth.to_ns), "{}", profile.name);
        let snaplen = usize::try_from(profile.snaplen).unwrap();
        assert!(
            records
                .iter()
                .all(|(_, original, data)| data.len() == snaplen.min(*original))
        );
    }
}

/// What an independent parser makes of the file; it refuses wrong lengths.
#[derive(Default, PartialEq, Debug)]
struct Read {
    tcp: [u64; 2],
    udp: [u64; 2],
    ipv6: u64,
    refused: u64,
}

fn read(file: &[u8]) -> Read {
    let mut sums = Read::default();
    for (_, original, data) in records(file) {
        let packet = SlicedPacket::from_ethernet(data).unwrap();
        sums.ipv6 += u64::from(matches!(packet.net, Some(NetSlice::Ipv6(_))));
        let ip_bytes = u64::try_from(original - 14).unwrap();
        let [packets, bytes] = match &packet.transport {
            Some(TransportSlice::Tcp(tcp)) => {
                sums.refused += u64::from(tcp.rst());
                &mut sums.tcp
            }
            Some(TransportSlice::Udp(_)) => &mut sums.udp,
            _ => continue,
        };
        *packets += 1;
        *bytes += ip_bytes;
    }
    sums
}

#[test]
fn the_truth_is_what_a_parser_reads() {
    for name in ["small", "elephant", "long", "wide"] {
        let (file, truth) = capture(&size(Profile::named(name).unwrap(), 5));
        let expected = Read {
            tcp: [truth.tcp.packets, truth.tcp.ip_bytes],
            udp: [truth.udp.packets, truth.udp.ip_bytes],
            ipv6: truth.ipv6_frames,
            refused: truth.refused,
        };
        assert_eq!(read(&file), expected, "{name}");
        assert!(truth.ipv6_frames > 0);
    }
}

/// The checksum above IPv4, as stored and as it should be.
fn above_v4(ip: &Ipv4Slice<'_>, transport: &TransportSlice<'_>) -> Option<(u16, u16)> {
    let header = ip.header();
    let (source, destination) = (header.source(), header.destination());
    match transport {
        TransportSlice::Tcp(tcp) => Some((
            tcp.checksum(),
            tcp.calc_checksum_ipv4(source, destination).unwrap(),
        )),
        TransportSlice::Udp(udp) => {
            let expected = udp
                .to_header()
                .calc_checksum_ipv4(&header.to_header(), udp.payload());
            Some((udp.checksum(), expected.unwrap()))
        }
        TransportSlice::Icmpv4(icmp) => Some((
            icmp.checksum(),
            icmp.icmp_type().calc_checksum(icmp.payload()),
        )),
        TransportSlice::Icmpv6(_) | TransportSlice::Igmp(_) => None,
    }
}

/// The checksum above IPv6, as stored and as it should be.
fn above_v6(ip: &Ipv6Slice<'_>, transport: &TransportSlice<'_>) -> Option<(u16, u16)> {
    let header = ip.header().to_header();
    let (source, destination) = (header.source, header.destination);
    match transport {
        TransportSlice::Tcp(tcp) => Some((
            tcp.checksum(),
            tcp.calc_checksum_ipv6(source, destination).unwrap(),
        )),
        TransportSlice::Udp(udp) => {
            let expected = udp.to_header().calc_checksum_ipv6(&header, udp.payload());
            Some((udp.checksum(), expected.unwrap()))
        }
        TransportSlice::Icmpv6(icmp) => {
            let expected = icmp
                .icmp_type()
                .calc_checksum(source, destination, icmp.payload())
                .unwrap();
            Some((icmp.checksum(), expected))
        }
        TransportSlice::Icmpv4(_) | TransportSlice::Igmp(_) => None,
    }
}

#[test]
fn checksums_are_right() {
    let (file, _) = capture(&size(&ALL[0], 6));
    for (_, _, data) in records(&file) {
        let packet = SlicedPacket::from_ethernet(data).unwrap();
        let transport = packet.transport.unwrap();
        let found = match packet.net.unwrap() {
            NetSlice::Ipv4(ip) => {
                let header = ip.header();
                let expected = header.to_header().calc_header_checksum();
                assert_eq!(header.header_checksum(), expected);
                above_v4(&ip, &transport)
            }
            NetSlice::Ipv6(ip) => above_v6(&ip, &transport),
            NetSlice::Arp(_) => None,
        };
        let (stored, expected) = found.unwrap();
        assert_eq!(stored, expected, "{transport:?}");
    }
}
