//! What tcpdump and Wireshark accept is accepted.

use crate::builder::*;

#[test]
fn a_snaplen_of_zero_or_below_the_frames_limits_nothing() {
    for snaplen in [0, 10, u32::MAX] {
        let mut octets = pcap_header(Little, MICROS, snaplen, 1);
        for frame in frames() {
            octets.extend(pcap_record(Little, MICROS, &frame));
        }
        let reading = read(&octets);
        assert_eq!(
            (reading.frames(), reading.warnings().len()),
            (frames(), 0),
            "{snaplen}"
        );
    }
}

#[test]
fn a_fraction_of_a_second_or_more_is_added() {
    for (magic, fraction, expected) in [
        (MICROS, 2_500_000, 3_500_000_000),
        (NANOS, u32::MAX, SECOND + u64::from(u32::MAX)),
    ] {
        let mut octets = pcap(Big, magic, &[]);
        octets.extend(pcap_record_header(Big, [1, fraction, 1, 1]));
        octets.push(7);
        assert_eq!(read(&octets).seen[0].frame.time, expected);
    }
}

#[test]
fn the_link_type_is_the_low_half_of_the_network_field() {
    for order in [Little, Big] {
        let mut octets = pcap_header(order, MICROS, 0, 0x3400_0071);
        octets.extend(pcap_record(order, MICROS, &frame(b'a', 0, 60)));
        assert_eq!(read(&octets).seen[0].link, 113);
    }
}

#[test]
fn an_original_length_below_the_captured_one_is_raised_to_it() {
    let short = [TestFrame {
        original_len: 10,
        ..frame(b'a', 0, 60)
    }];
    for octets in [pcap(Little, MICROS, &short), pcapng(Little, &short)] {
        assert_eq!(read(&octets).frames(), [frame(b'a', 0, 60)]);
    }
}

#[test]
fn lengths_that_old_writers_swapped_are_swapped_back() {
    for (major, minor, numbers) in [
        (2_u16, 0_u16, [1, 0, 90, 5]),
        (2, 2, [1, 0, 90, 5]),
        (543, 0, [1, 0, 90, 5]),
        (2, 3, [1, 0, 90, 5]),
        (2, 3, [1, 0, 5, 90]),
        (2, 4, [1, 0, 5, 90]),
    ] {
        let mut octets = pcap(Little, MICROS, &[]);
        octets.splice(4..6, Little.u16(major));
        octets.splice(6..8, Little.u16(minor));
        octets.extend(pcap_record_header(Little, numbers));
        octets.extend(b"hello");
        let reading = read(&octets);
        let frame = &reading.seen[0].frame;
        assert_eq!(
            (frame.original_len, &frame.data[..]),
            (90, &b"hello"[..]),
            "{major}.{minor}"
        );
    }
}

#[test]
fn zeros_after_the_last_block_end_a_pcapng_capture() {
    for count in [1, 4, 11, 12, 4_096, 1_000_001] {
        let mut octets = pcapng(Little, &frames());
        let end = octets.len();
        octets.resize(end + count, 0);
        let reading = read(&octets);
        assert_eq!(reading.frames(), frames());
        assert_eq!(
            (
                reading.report.corrupt_blocks,
                reading.report.truncated_records
            ),
            (0, 0)
        );
        assert_eq!(
            reading.warnings(),
            [format!(
                "t: {count} zero octets from byte {end} to the end are no records and left out"
            )]
        );
    }
}

#[test]
fn zeros_after_the_last_record_end_a_pcap_capture() {
    for magic in [MICROS, MODIFIED] {
        for count in [48, 49, 4_096, 1_000_001] {
            let mut octets = pcap(Little, magic, &frames());
            let end = octets.len();
            octets.resize(end + count, 0);
            let reading = read(&octets);
            assert_eq!(reading.frames(), frames());
            assert_eq!(
                reading.warnings(),
                [format!(
                    "t: {count} zero octets from byte {end} to the end are no records and left out"
                )]
            );
        }
    }
}

#[test]
fn records_of_zeros_before_others_are_frames() {
    let empty = TestFrame {
        time: 0,
        original_len: 0,
        data: Vec::new(),
    };
    let mut octets = pcap(
        Little,
        MICROS,
        &[empty.clone(), empty.clone(), frame(b'a', 1, 60)],
    );
    assert_eq!(
        read(&octets).frames(),
        [empty.clone(), empty.clone(), frame(b'a', 1, 60)]
    );
    octets.extend([0; 16]);
    let frames = read(&octets).frames();
    assert_eq!(frames.len(), 4, "a single one at the end is a frame too");
    // Sixteen zeros and then the other half of Kuznetzov's header: not zeros, but a frame.
    let mut octets = pcap(Little, MODIFIED, &[empty.clone(), frame(b'a', 1, 60)]);
    assert_eq!(read(&octets).frames(), [empty, frame(b'a', 1, 60)]);
    octets.truncate(24 + 24);
    assert_eq!(read(&octets).frames().len(), 1);
}

#[test]
fn options_of_any_kind_do_not_disturb() {
    let mut octets = section(Little);
    let list: [(u16, &[u8]); 6] = [
        (1, &[0xff, 0xfe, 0xfd]),
        (2, &[b'e', 0xff]),
        (10, &[1, 2, 3, 4]),
        (9, &[]),
        (14, &[1]),
        (2_988, &[1, 2, 3]),
    ];
    octets.extend(interface(Little, 1, 0, &list));
    // An option that claims more than the block has.
    octets.extend(enhanced(
        Little,
        0,
        5,
        &frame(b'a', 0, 60),
        &[(0x0601, &[])],
    ));
    octets.extend({
        let mut body = vec![0; 12];
        body.extend(Little.u32(1));
        body.extend(Little.u32(1));
        body.extend([b'z', 0, 0, 0, 2, 0, 0xff, 0xff]);
        block(Little, 6, &body)
    });
    let reading = read(&octets);
    assert_eq!(reading.seen.len(), 2);
    assert_eq!(reading.seen[0].frame.time, 5_000);
    assert_eq!(
        reading.report.interfaces[0].name.as_deref(),
        Some("e\u{fffd}")
    );
    assert_eq!(reading.warnings(), Vec::<String>::new());
}

#[test]
fn blocks_of_unknown_types_are_passed() {
    let mut octets = section(Big);
    octets.extend(interface(Big, 1, 0, &[]));
    for kind in [7, 9, 10, 0xbad, 0x4000_0bad, 0x8000_0001, u32::MAX] {
        octets.extend(block(Big, kind, b"whatever it is"));
    }
    octets.extend(block(Big, 11, b""));
    octets.extend(enhanced(Big, 0, 5, &frame(b'a', 0, 60), &[]));
    let reading = read(&octets);
    assert_eq!((reading.seen.len(), reading.warnings().len()), (1, 0));
}

#[test]
fn hundreds_of_interfaces_each_keep_their_clock() {
    let mut octets = section(Little);
    for number in 0..300_u16 {
        let resolution: &[u8] = if number % 2 == 0 { &[6] } else { &[9] };
        octets.extend(interface(Little, number, 0, &[(9, resolution)]));
    }
    octets.extend(enhanced(Little, 298, 5_000, &frame(b'a', 0, 60), &[]));
    octets.extend(enhanced(Little, 299, 5_000, &frame(b'b', 0, 60), &[]));
    let seen: Vec<_> = read(&octets)
        .seen
        .iter()
        .map(|s| (s.interface, s.link, s.frame.time))
        .collect();
    assert_eq!(seen, [(298, 298, 5_000_000), (299, 299, 5_000)]);
}

#[test]
fn a_frame_may_be_longer_than_any_link() {
    let huge = [frame(b'h', 0, 524_288)];
    for octets in [pcap(Little, MICROS, &huge), pcapng(Big, &huge)] {
        assert_eq!(read(&octets).frames(), huge);
    }
}
