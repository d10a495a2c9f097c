//! A damaged capture gives what is sound in it, and says what was not.

use crate::builder::*;

#[test]
fn a_cut_record_is_a_warning_and_a_count() {
    let octets = pcap(Little, MICROS, &frames()[..3]);
    let reading = read(&octets[..octets.len() - 56]);
    assert_eq!(reading.frames(), frames()[..2]);
    assert_eq!(reading.report.truncated_records, 1);
    assert_eq!(
        reading.warnings(),
        ["t: record 3 at byte 177 is cut: 56 of 112 octets; the frames before it are kept"]
    );
}

#[test]
fn a_cut_block_is_a_warning_and_a_count() {
    let octets = pcapng(Little, &frames()[..3]);
    let reading = read(&octets[..octets.len() - 28]);
    assert_eq!(reading.frames(), frames()[..2]);
    assert_eq!(reading.report.truncated_records, 1);
    assert_eq!(
        reading.warnings(),
        ["t: block at byte 248 is cut: 100 of 128 octets; the frames before it are kept"]
    );
}

#[test]
fn a_capture_cut_anywhere_gives_the_frames_before_the_cut() {
    let mut sections = pcapng(Big, &frames());
    sections.extend(pcapng(Little, &frames()));
    let mut concatenated = pcap(Big, NANOS, &frames());
    concatenated.extend(pcap(Little, MODIFIED, &frames()));
    for octets in [
        pcap(Big, MICROS, &frames()),
        pcap(Little, MODIFIED, &frames()),
        sections,
        concatenated,
    ] {
        let whole = read(&octets);
        let mut before = 0;
        for end in 0..octets.len() {
            let Ok(part) = try_read(std::io::Cursor::new(octets[..end].to_vec())) else {
                assert!(end < 28, "only a header that is cut is an error");
                continue;
            };
            let count = part.seen.len();
            assert_eq!(part.seen, whole.seen[..count], "cut at {end}");
            assert!(count >= before, "cut at {end}");
            assert_eq!(part.report.corrupt_blocks, 0, "cut at {end}");
            before = count;
        }
        assert!(before + 1 >= whole.seen.len());
    }
}

#[test]
fn a_pcap_record_that_claims_too_much_ends_the_reading() {
    let mut octets = pcap(Little, MICROS, &frames()[..2]);
    octets.extend(pcap_record_header(Little, [1, 1, 0x8000_0000, 60]));
    octets.extend(pcap_record(Little, MICROS, &frames()[2]));
    let reading = read(&octets);
    assert_eq!(reading.frames(), frames()[..2]);
    assert_eq!(reading.report.corrupt_blocks, 1);
    assert_eq!(
        reading.warnings(),
        [
            "t: record 3 at byte 177 is damaged: it claims 2147483648 octets, more than the 1048576 a \
          frame may have; reading stops there, the frames before it are kept"
        ]
    );
}

/// A pcapng capture of five frames whose third block of them is changed, and what comes of it.
fn with_damage(order: Order, change: impl Fn(&mut Vec<u8>)) -> (String, Vec<String>) {
    let all = frames();
    let mut octets = pcapng(order, &all[..2]);
    let start = octets.len();
    let mut third = enhanced(order, 0, all[2].time / 1_000, &all[2], &[]);
    change(&mut third);
    octets.extend(third);
    for frame in &all[3..] {
        octets.extend(enhanced(order, 0, frame.time / 1_000, frame, &[]));
    }
    assert_eq!(start, 248);
    let reading = read(&octets);
    assert_eq!(reading.report.corrupt_blocks, 1);
    let names = reading
        .frames()
        .into_iter()
        .map(|f| f.data.first().map_or('d', |n| char::from(*n)));
    (names.collect(), reading.warnings())
}

#[test]
fn a_damaged_block_is_left_out_and_the_next_one_found() {
    type Change = fn(&mut Vec<u8>, Order);
    let cases: [(Change, &str); 9] = [
        (
            |block, order| drop(block.splice(4..8, order.u32(7))),
            "its length is 7; reading goes on at byte 376",
        ),
        (
            |block, order| drop(block.splice(4..8, order.u32(0xffff_fff0))),
            "its length is 4294967280; reading goes on at byte 376",
        ),
        (
            |block, order| drop(block.splice(4..8, order.u32(1_000_000))),
            "its length is 1000000; reading goes on at byte 376",
        ),
        (
            |block, order| drop(block.splice(4..8, order.u32(132))),
            "the lengths at its start and end differ; reading goes on at byte 376",
        ),
        (
            |block, _| drop(block.splice(124..128, [9; 4])),
            "the lengths at its start and end differ; reading goes on at byte 376",
        ),
        (
            |block, _| drop(block.splice(0..12, [0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 1, 2, 3, 4])),
            "a section header without a byte order mark; reading goes on at byte 376",
        ),
        (
            |block, order| drop(block.splice(20..24, order.u32(97))),
            "its frame of 97 octets does not fit; it is left out",
        ),
        (
            |block, order| drop(block.splice(8..12, order.u32(1))),
            "its section describes no interface 1; it is left out",
        ),
        (
            |block, order| {
                *block = crate::builder::block(order, 6, &[0; 16]);
            },
            "it is too short for its type; it is left out",
        ),
    ];
    for order in [Little, Big] {
        for (change, expected) in &cases {
            let (names, warnings) = with_damage(order, |block| change(block, order));
            assert_eq!(names, "abde", "{expected}");
            let expected = format!("t: block at byte 248 is damaged: {expected}");
            assert_eq!(warnings, [expected]);
        }
    }
}

#[test]
fn lost_and_foreign_octets_between_blocks_are_passed() {
    for change in [
        (|block| drop(block.drain(..13))) as fn(&mut Vec<u8>),
        |block| drop(block.drain(50..53)),
        |block| *block = b"this is no block at all, of any length".to_vec(),
        |block| *block = vec![0; 20],
    ] {
        let (names, warnings) = with_damage(Little, change);
        assert_eq!(names, "abde");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].contains("reading goes on at byte "),
            "{warnings:?}"
        );
    }
}

#[test]
fn damage_with_nothing_sound_behind_it_ends_the_reading() {
    let mut octets = pcapng(Little, &frames());
    let end = octets.len();
    octets.extend(b"tail of some other file, long enough");
    let reading = read(&octets);
    assert_eq!(reading.frames(), frames());
    assert_eq!(
        reading.warnings(),
        [format!(
            "t: block at byte {end} is damaged: its length is 543584032; no sound block follows, \
             the frames before it are kept"
        )]
    );
}

#[test]
fn a_section_of_an_unknown_version_is_said_and_read() {
    let mut octets = pcapng(Little, &frames()[..1]);
    let at = octets.len();
    octets.extend(pcapng(Big, &frames()[1..]));
    octets[at + 13] = 2;
    let reading = read(&octets);
    assert_eq!(reading.frames(), frames());
    assert_eq!(
        reading.warnings(),
        [format!(
            "t: block at byte {at} is damaged: a section of version 2, expected 1; it is left out"
        )]
    );
}

#[test]
fn warnings_are_bounded_and_the_rest_is_counted() {
    let mut octets = section(Little);
    for _ in 0..50 {
        octets.extend(enhanced(Little, 0, 0, &frame(b'a', 0, 60), &[]));
    }
    let reading = read(&octets);
    assert_eq!((reading.seen.len(), reading.report.corrupt_blocks), (0, 50));
    let warnings = reading.warnings();
    assert_eq!(
        (warnings.len(), warnings[20].as_str()),
        (21, "t: 30 more warnings")
    );
    assert_eq!(reading.report.warnings.left_out(), 30);
}

#[test]
fn what_is_no_capture_is_one_error() {
    let mut version = pcap(Little, MICROS, &[]);
    version[4] = 9;
    let mut mark = section(Little);
    mark[8] = 0;
    for (octets, expected) in [
        (
            Vec::new(),
            "t: empty: expected a pcap or pcapng capture; was its recording stopped before \
             anything was written?",
        ),
        (
            b"hello, world".to_vec(),
            "t: not a capture: starts with `68 65 6c 6c`, expected pcap or pcapng, \
             plain or compressed with gzip or zstd; other formats become pcapng with `editcap -F \
             pcapng IN OUT`",
        ),
        (
            pcap(Little, MICROS, &[])[..10].to_vec(),
            "t: the capture's header is cut: 10 of 24 octets are there; copy or record it again",
        ),
        (
            section(Big)[..27].to_vec(),
            "t: the capture's header is cut: 27 of 28 octets are there; copy or record it again",
        ),
        (
            version,
            "t: pcap version 9.4 at byte 4 is not known: expected 2.0 to 2.4; convert it with the \
             tool that wrote it",
        ),
        (
            mark,
            "t: the section header at byte 0 is damaged: a section header without a byte order \
             mark; copy or record it again",
        ),
    ] {
        assert_eq!(
            try_read(std::io::Cursor::new(octets)).unwrap_err(),
            expected
        );
    }
}
