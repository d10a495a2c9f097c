//! The same octets seen twice within a millisecond: what that means depends on where.

use analyzer::engine::{DuplicatePolicy, Engine, Settings};
use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::time::Timestamp;

use super::{ingest, sightings};
use crate::script::{parse, provenance};

const RAW: LinkType = LinkType(101);
/// An Ethernet address as an interface shows it, in front of IPv4.
const COOKED: [u8; 16] = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];

const POLICIES: [DuplicatePolicy; 2] = [DuplicatePolicy::Suspect, DuplicatePolicy::Copy];

fn engine(duplicates: DuplicatePolicy) -> Engine {
    Engine::new(Settings {
        duplicates,
        ..Settings::default()
    })
}

/// Gives octets of a link to an engine, at a microsecond and by a source.
fn give(engine: &mut Engine, micros: u64, source: u32, link: LinkType, octets: &[u8]) {
    engine.ingest(&Frame {
        time: Timestamp::from_nanos(micros * 1_000),
        link,
        original_len: u32::try_from(octets.len()).unwrap(),
        offload: Offload::Unknown,
        data: octets,
        origin: Origin {
            source,
            ..Origin::default()
        },
    });
}

/// Packets counted, copies, and repeats that may be one or the other.
fn counted(engine: Engine) -> (u64, u64, u64) {
    let coverage = engine.into_snapshot(provenance()).coverage;
    assert!(coverage.closes(), "{coverage:?}");
    let doubts = coverage.suspected_duplicates + coverage.copies_uncertain;
    (coverage.counted, coverage.copies, doubts)
}

/// The first and the second fragment of a datagram.
fn fragments() -> [Vec<u8>; 2] {
    let whole = parse("0 10.0.1.5:1 > 10.0.2.8:2 udp len=24 id=7")[0].octets();
    let [mut first, mut second] = [whole.clone(), whole];
    first[6] = 0x20;
    second[7] = 4;
    [first, second]
}

#[test]
fn at_an_interface_that_is_told_what_is_seen_twice_was_sent_twice() {
    for policy in POLICIES {
        let mut engine = engine(policy);
        for sighting in sightings(
            "1:5 in 0.000 10.0.0.1:4000 > 10.0.0.2:80 A seq=7 ack=9 id=3
             1:5 in 0.0001 10.0.0.1:4000 > 10.0.0.2:80 A seq=7 ack=9 id=3",
        ) {
            ingest(&mut engine, &sighting);
        }
        assert_eq!(counted(engine), (2, 0, 0), "{policy:?}");
    }
}

#[test]
fn one_packet_in_two_captures_is_no_repeat() {
    let packet = parse("0 10.0.0.1:4000 > 10.0.0.2:80 A seq=7 ack=9 id=3")[0].octets();
    for policy in POLICIES {
        let mut engine = engine(policy);
        for (micros, source) in [(0, 1), (100, 2)] {
            give(&mut engine, micros, source, RAW, &packet);
        }
        assert_eq!(counted(engine).2, 0, "{policy:?}");
    }
}

#[test]
fn a_fragment_that_a_mirror_port_repeats_is_suspected() {
    let [first, second] = fragments();
    for (policy, expected) in POLICIES.into_iter().zip([(4, 0, 2), (2, 2, 0)]) {
        let mut engine = engine(policy);
        for (micros, octets) in [(0, &first), (1, &first), (2, &second), (3, &second)] {
            give(&mut engine, micros, 1, RAW, octets);
        }
        assert_eq!(counted(engine), expected, "{policy:?}");
    }
}

#[test]
fn a_fragment_that_any_interface_shows_again_is_a_copy() {
    let [first, second] = fragments().map(|octets| [COOKED.to_vec(), octets].concat());
    for policy in POLICIES {
        let mut engine = engine(policy);
        for (micros, octets) in [(0, &first), (1, &first), (2, &second), (3, &second)] {
            give(&mut engine, micros, 1, LinkType::LINUX_SLL, octets);
        }
        assert_eq!(counted(engine), (2, 2, 0), "{policy:?}");
    }
}

/// What a client of IPv6 acknowledges again and again, with options that grow: its checksum is left
/// to the card.
fn acknowledgement(missing_until: u32) -> Vec<u8> {
    let mut octets = vec![0; 40 + 44];
    octets[..8].copy_from_slice(&[0x60, 0, 0, 0, 0, 44, 6, 64]);
    octets[23] = 1;
    octets[39] = 2;
    octets[40..44].copy_from_slice(&[0x9c, 0x40, 0, 80]);
    octets[52..54].copy_from_slice(&[11 << 4, 0x10]);
    octets[72..76].copy_from_slice(&[1, 1, 5, 10]);
    octets[80..].copy_from_slice(&missing_until.to_be_bytes());
    octets
}

#[test]
fn segments_that_differ_in_their_last_option_are_no_repeats() {
    for policy in POLICIES {
        let mut engine = engine(policy);
        for number in 0..5 {
            give(&mut engine, number.into(), 1, RAW, &acknowledgement(number));
        }
        assert_eq!(counted(engine), (5, 0, 0), "{policy:?}");
    }
}
