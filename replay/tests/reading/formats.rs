//! Every variant of pcap and pcapng gives the frames that were written.

use analyzer::frame::Direction;
use replay::report::{Format, NamedAddress};

use crate::builder::*;

#[test]
fn every_pcap_variant_gives_the_same_frames() {
    for order in [Little, Big] {
        for magic in [MICROS, NANOS, MODIFIED] {
            let reading = read(&pcap(order, magic, &frames()));
            assert_eq!(reading.frames(), frames(), "{order:?} {magic:x}");
            assert_eq!(reading.warnings(), Vec::<String>::new());
            assert_eq!(reading.report.format, Format::Pcap);
            assert!(
                reading
                    .seen
                    .iter()
                    .all(|seen| seen.link == 1 && seen.interface == 0)
            );
        }
    }
}

#[test]
fn nanoseconds_are_kept() {
    let exact = TestFrame {
        time: 5 * SECOND + 123_456_789,
        ..frame(b'n', 0, 60)
    };
    assert_eq!(
        read(&pcap(Big, NANOS, std::slice::from_ref(&exact))).frames(),
        [exact]
    );
}

#[test]
fn pcapng_of_both_orders_gives_the_same_frames() {
    for order in [Little, Big] {
        let reading = read(&pcapng(order, &frames()));
        assert_eq!(reading.frames(), frames(), "{order:?}");
        assert_eq!(reading.warnings(), Vec::<String>::new());
        assert_eq!(reading.report.format, Format::PcapNg);
        assert_eq!(reading.report.interfaces[0].name.as_deref(), Some("eth0"));
    }
}

/// The time a frame gets whose interface has these options.
fn time_with(list: &[(u16, &[u8])], ticks: u64) -> u64 {
    let mut octets = section(Little);
    octets.extend(interface(Little, 1, 0, list));
    octets.extend(enhanced(Little, 0, ticks, &frame(b't', 0, 60), &[]));
    read(&octets).seen[0].frame.time
}

#[test]
fn resolution_and_offset_make_the_time() {
    let offset = |seconds: i64| seconds.to_le_bytes();
    for (resolution, seconds, ticks, expected) in [
        (6, 0, 1_500_000, 1_500_000_000),
        (9, 0, 1_500_000_001, 1_500_000_001),
        (0, 0, 3, 3 * SECOND),
        (3, 0, 1_500, 1_500_000_000),
        (12, 0, 1_500_000_000_999, 1_500_000_000),
        (0x8a, 0, 1_536, 1_500_000_000),
        (0x80, 0, 2, 2 * SECOND),
        (0xa0, 0, 3 << 31, 1_500_000_000),
        (6, 100, 1_500_000, 101_500_000_000),
        (6, -1, 1_500_000, 500_000_000),
        // What no timestamp can say saturates.
        (6, -2, 1_500_000, 0),
        (0, 0, u64::MAX, u64::MAX - 2),
        (6, i64::MAX, 1, u64::MAX - 2),
        (6, i64::MIN, u64::MAX, 0),
        (127, 0, u64::MAX - 1, 0),
        (0xff, 0, u64::MAX, 0),
    ] {
        let list: [(u16, &[u8]); 2] = [(9, &[resolution]), (14, &offset(seconds))];
        assert_eq!(
            time_with(&list, ticks),
            expected,
            "{resolution} {seconds} {ticks}"
        );
    }
    assert_eq!(
        time_with(&[], 1_500_000),
        1_500_000_000,
        "microseconds by default"
    );
}

#[test]
fn times_beyond_the_range_are_said_once() {
    let mut octets = section(Little);
    octets.extend(interface(Little, 1, 0, &[]));
    for _ in 0..3 {
        octets.extend(enhanced(Little, 0, u64::MAX, &frame(b't', 0, 60), &[]));
    }
    assert_eq!(
        read(&octets).warnings(),
        [
            "t: frames from byte 52 on have times after the year 2554, which are taken as the last \
          moment there is"
        ]
    );
}

#[test]
fn simple_packets_take_the_time_before_them_and_lose_their_padding() {
    let mut octets = section(Big);
    octets.extend(interface(Big, 1, 64, &[]));
    octets.extend(enhanced(Big, 0, 7, &frame(b'a', 0, 60), &[]));
    octets.extend(simple(Big, &frame(b'b', 0, 61)));
    let cut = TestFrame {
        original_len: 1_500,
        ..frame(b'c', 0, 64)
    };
    octets.extend(simple(Big, &cut));
    let reading = read(&octets);
    let seen: Vec<_> = reading
        .frames()
        .iter()
        .map(|f| (f.time, f.original_len, f.data.len()))
        .collect();
    assert_eq!(seen, [(7_000, 60, 60), (7_000, 61, 61), (7_000, 1_500, 64)]);
    assert_eq!(
        reading.warnings(),
        [
            "t: frames from byte 144 on have no time (simple packet blocks): each takes the time of \
          the frame before it"
        ]
    );
}

#[test]
fn obsolete_packets_are_frames_and_count_losses() {
    let mut octets = section(Little);
    octets.extend(interface(Little, 1, 0, &[]));
    octets.extend(interface(Little, 1, 0, &[]));
    for drops in [3_u16, 0xffff] {
        let mut body = Little.u16(1);
        body.extend(Little.u16(drops));
        for number in [0, 1_500_000, 5, 90] {
            body.extend(Little.u32(number));
        }
        body.extend(b"hello\0\0\0");
        body.extend(options(Little, &[(2, &[1, 0, 0, 0])]));
        octets.extend(block(Little, 2, &body));
    }
    let reading = read(&octets);
    let seen = &reading.seen[0];
    assert_eq!((seen.interface, seen.direction), (1, Direction::Incoming));
    assert_eq!(seen.frame.time, 1_500_000_000);
    assert_eq!(
        (seen.frame.original_len, &seen.frame.data[..]),
        (90, &b"hello"[..])
    );
    assert_eq!(reading.seen.len(), 2);
    assert_eq!(
        reading.report.interfaces[1].dropped(),
        3,
        "all ones is unknown"
    );
}

#[test]
fn flags_give_the_direction() {
    for (flags, expected) in [
        (0_u32, Direction::Unknown),
        (1, Direction::Incoming),
        (2, Direction::Outgoing),
        (3, Direction::Unknown),
        (0x21e, Direction::Outgoing),
    ] {
        let mut octets = section(Big);
        octets.extend(interface(Big, 1, 0, &[]));
        let list: [(u16, &[u8]); 2] = [(1, b"a comment"), (2, &flags.to_be_bytes())];
        octets.extend(enhanced(Big, 0, 7, &frame(b'a', 0, 61), &list));
        assert_eq!(read(&octets).seen[0].direction, expected, "{flags:x}");
    }
}

#[test]
fn sections_change_the_order_and_number_interfaces_anew() {
    let mut octets = section(Little);
    octets.extend(interface(Little, 1, 0, &[(2, b"first")]));
    octets.extend(enhanced(Little, 0, 1, &frame(b'a', 0, 60), &[]));
    octets.extend(section(Big));
    octets.extend(interface(Big, 1, 0, &[(2, b"second")]));
    octets.extend(interface(Big, 113, 0, &[(2, b"third\0"), (9, &[9])]));
    octets.extend(enhanced(Big, 1, 2_000, &frame(b'b', 0, 60), &[]));
    octets.extend(enhanced(Big, 0, 3, &frame(b'c', 0, 60), &[]));
    let reading = read(&octets);
    let seen: Vec<_> = reading
        .seen
        .iter()
        .map(|s| (s.frame.data[0], s.frame.time, s.link, s.interface))
        .collect();
    assert_eq!(
        seen,
        [
            (b'a', 1_000, 1, 0),
            (b'b', 2_000, 113, 1),
            (b'c', 3_000, 1, 0)
        ]
    );
    let names: Vec<_> = reading
        .report
        .interfaces
        .iter()
        .map(|i| i.name.as_deref())
        .collect();
    assert_eq!(names, [Some("first"), Some("second"), Some("third")]);
    assert_eq!(reading.warnings(), Vec::<String>::new());
}

#[test]
fn statistics_count_losses_and_the_last_block_stands() {
    let mut octets = section(Little);
    octets.extend(interface(Little, 1, 96, &[]));
    for (interface_drops, system_drops) in [(1_u64, 2_u64), (10, 20)] {
        let mut body = Little.u32(0);
        body.extend([0; 8]);
        let (a, b) = (interface_drops.to_le_bytes(), system_drops.to_le_bytes());
        body.extend(options(Little, &[(4, &[9; 8]), (5, &a), (7, &b)]));
        octets.extend(block(Little, 5, &body));
    }
    let lost: [(u16, &[u8]); 1] = [(4, &7_u64.to_le_bytes())];
    octets.extend(enhanced(Little, 0, 1, &frame(b'a', 0, 60), &lost));
    octets.extend(enhanced(Little, 0, 2, &frame(b'b', 0, 60), &lost));
    let report = read(&octets).report;
    let interface = &report.interfaces[0];
    assert_eq!(
        (interface.statistics_drops, interface.packet_drops),
        (Some(30), 14)
    );
    assert_eq!((interface.snaplen, report.dropped()), (96, 30));
}

#[test]
fn name_resolution_is_kept() {
    let mut body = Big.u16(1);
    body.extend(Big.u16(4 + 10));
    body.extend([10, 0, 0, 1]);
    body.extend(b"web\0web-2\0\0\0");
    body.extend(Big.u16(2));
    body.extend(Big.u16(16 + 4));
    body.extend([0; 15]);
    body.extend([1]);
    body.extend(b"lo6\0");
    body.extend([0; 4]);
    let mut octets = pcapng(Big, &frames());
    octets.extend(block(Big, 4, &body));
    let reading = read(&octets);
    let name = |ip: &str, name: &str| NamedAddress {
        ip: ip.parse().unwrap(),
        name: name.into(),
    };
    assert_eq!(
        reading.report.names,
        [
            name("10.0.0.1", "web"),
            name("10.0.0.1", "web-2"),
            name("::1", "lo6")
        ]
    );
    assert_eq!(reading.frames(), frames());
}

#[test]
fn a_header_alone_is_a_capture_without_frames() {
    for octets in [pcap(Little, MICROS, &[]), section(Big), pcapng(Little, &[])] {
        let reading = read(&octets);
        assert_eq!((reading.seen.len(), reading.warnings().len()), (0, 0));
    }
}
