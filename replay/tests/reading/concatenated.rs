//! pcap captures one after the other in a file: `cat a.pcap b.pcap`.

use crate::builder::*;

/// What is said of a file whose second capture begins there.
fn said(offset: usize) -> String {
    format!(
        "t: holds several captures one after the other, the second from byte {offset} on: all are \
         read, as one"
    )
}

#[test]
fn every_variant_is_read_behind_every_other() {
    for first in [Little, Big] {
        for second in [Little, Big] {
            for magics in [
                [MICROS, MICROS],
                [MICROS, NANOS],
                [NANOS, MODIFIED],
                [MODIFIED, MICROS],
            ] {
                let mut octets = pcap(first, magics[0], &frames()[..3]);
                let offset = octets.len();
                octets.extend(pcap(second, magics[1], &frames()[3..]));
                let reading = read(&octets);
                assert_eq!(
                    reading.frames(),
                    frames(),
                    "{first:?} {second:?} {magics:x?}"
                );
                assert_eq!(reading.warnings(), [said(offset)]);
                assert_eq!(reading.report.interfaces.len(), 1);
                assert_eq!(reading.report.corrupt_blocks, 0);
            }
        }
    }
}

#[test]
fn each_link_type_is_told_once() {
    let mut octets = Vec::new();
    for (name, link) in [(b'a', 1), (b'b', 113), (b'c', 1), (b'd', 276)] {
        octets.extend(pcap_header(Little, MICROS, 0, link));
        octets.extend(pcap_record(Little, MICROS, &frame(name, 0, 60)));
    }
    let reading = read(&octets);
    let seen: Vec<_> = reading.seen.iter().map(|s| (s.link, s.interface)).collect();
    assert_eq!(seen, [(1, 0), (113, 0), (1, 0), (276, 0)]);
    let links: Vec<_> = reading.report.interfaces.iter().map(|i| i.link.0).collect();
    assert_eq!(links, [1, 113, 276]);
}

#[test]
fn captures_without_records_are_passed() {
    let empty = pcap(Little, MICROS, &[]);
    let mut octets = empty.repeat(100_000);
    octets.extend(pcap(Big, NANOS, &frames()));
    octets.extend(&empty);
    let reading = read(&octets);
    assert_eq!(reading.frames(), frames());
    assert_eq!(reading.warnings(), [said(24)]);
}

#[test]
fn a_second_header_that_is_cut_is_no_frame() {
    for magic in [MICROS, MODIFIED] {
        let whole = pcap(Little, magic, &frames());
        for count in 1..24 {
            let mut octets = whole.clone();
            octets.extend(&whole[..count]);
            let reading = read(&octets);
            assert_eq!(reading.frames(), frames(), "{count}");
            assert_eq!(reading.report.truncated_records, 1);
        }
    }
}

#[test]
fn a_record_of_that_second_is_a_frame() {
    let late = TestFrame {
        time: u64::from(MICROS) * SECOND + 123_456_000,
        ..frame(b'z', 0, 60)
    };
    let octets = pcap(Little, MICROS, &[late.clone(), frame(b'a', 0, 60)]);
    let reading = read(&octets);
    assert_eq!(reading.frames(), [late, frame(b'a', 0, 60)]);
    assert_eq!(reading.warnings(), Vec::<String>::new());
}

#[test]
fn a_damaged_record_gives_no_frame_and_ends_the_second_capture_alone() {
    let mut octets = pcap(Little, MICROS, &frames()[..2]);
    octets.extend(pcap(Big, MICROS, &frames()[2..3]));
    octets.extend(pcap_record_header(Big, [u32::MAX, 0, 0x8000_0000, 60]));
    octets.extend(pcap_record(Big, MICROS, &frames()[3]));
    let reading = read(&octets);
    assert_eq!(reading.frames(), frames()[..3]);
    assert_eq!(reading.report.corrupt_blocks, 1);
}
