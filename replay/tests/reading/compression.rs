//! gzip and zstd, known by their first octets, in one piece or many, cut or whole.

use std::io::{Cursor, Write};

use flate2::write::GzEncoder;
use replay::report::Compression;

use crate::builder::*;

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    zstd::encode_all(octets, 1).unwrap()
}

/// A capture of some 100 KB that does not compress away.
fn large() -> (Vec<TestFrame>, Vec<u8>) {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut frames: Vec<_> = (0..500).map(|n| frame(0, n, 200)).collect();
    for frame in &mut frames {
        frame.data.fill_with(&mut noise);
    }
    let octets = pcap(Little, MICROS, &frames);
    (frames, octets)
}

#[test]
fn packed_captures_give_the_same_frames() {
    for octets in [pcap(Big, NANOS, &frames()), pcapng(Little, &frames())] {
        for (packed, compression) in [
            (gzip(&octets), Compression::Gzip),
            (zstd(&octets), Compression::Zstd),
        ] {
            let reading = read(&packed);
            assert_eq!(reading.frames(), frames());
            assert_eq!(reading.report.compression, compression);
            assert_eq!(reading.warnings(), Vec::<String>::new());
        }
    }
}

#[test]
fn captures_packed_one_by_one_and_put_together_are_all_read() {
    let parts = [
        pcap(Little, MICROS, &frames()[..2]),
        pcap(Big, NANOS, &frames()[2..]),
    ];
    for pack in [gzip, zstd] {
        let reading = read(&parts.iter().flat_map(|part| pack(part)).collect::<Vec<_>>());
        assert_eq!(reading.frames(), frames());
        assert_eq!(
            reading.warnings(),
            [
                "t: holds several captures one after the other, the second from byte 177 on: all \
                 are read, as one"
            ]
        );
    }
}

#[test]
fn many_members_are_one_stream() {
    let (frames, octets) = large();
    for pack in [gzip, zstd] {
        let packed: Vec<u8> = octets.chunks(7_001).flat_map(pack).collect();
        let reading = read(&packed);
        assert_eq!(
            (reading.frames(), reading.warnings().len()),
            (frames.clone(), 0)
        );
    }
}

#[test]
fn a_skippable_frame_may_come_first() {
    let mut packed = vec![0x5d, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    packed.extend(zstd(&pcap(Little, MICROS, &frames())));
    assert_eq!(read(&packed).frames(), frames());
}

#[test]
fn a_cut_stream_keeps_the_frames_before_the_cut() {
    let (frames, octets) = large();
    // Flushed members of a writer that was killed, and one that never flushed.
    for pack in [gzip, zstd] {
        let packed: Vec<u8> = octets.chunks(10_000).flat_map(pack).collect();
        for end in (0..packed.len()).step_by(997).chain([packed.len() - 1]) {
            let Ok(part) = try_read(Cursor::new(packed[..end].to_vec())) else {
                assert!(end < 10_000, "cut at {end}");
                continue;
            };
            let count = part.seen.len();
            assert_eq!(part.frames(), frames[..count], "cut at {end}");
            assert!(
                !part.warnings().is_empty() || count < frames.len(),
                "cut at {end}"
            );
            if end > 30_000 {
                assert!(count > 90, "{count} frames, cut at {end}");
            }
        }
        let most = read(&packed[..packed.len() - 1]);
        assert!(most.frames().len() > 450, "{}", most.frames().len());
        let warnings = most.warnings().join("\n");
        assert!(
            warnings.contains("t: can not be read beyond byte "),
            "{warnings}"
        );
    }
}

#[test]
fn octets_after_the_last_member_lose_nothing() {
    for (pack, tail) in [
        (gzip as fn(&[u8]) -> Vec<u8>, [0_u8; 512]),
        (gzip, [7; 512]),
        (zstd, [7; 512]),
    ] {
        let mut packed = pack(&pcap(Little, MICROS, &frames()));
        packed.extend(tail);
        let reading = read(&packed);
        assert_eq!(reading.frames(), frames());
        assert_eq!(reading.report.truncated_records, 0);
    }
}

#[test]
fn a_packed_file_that_holds_no_capture_is_an_error() {
    for pack in [gzip, zstd] {
        let error = try_read(Cursor::new(pack(b"hello, world"))).unwrap_err();
        assert!(
            error.starts_with("t: not a capture: starts with `68 65 6c 6c`"),
            "{error}"
        );
        let error = try_read(Cursor::new(pack(b""))).unwrap_err();
        assert!(error.starts_with("t: empty: "), "{error}");
    }
    let error = try_read(Cursor::new(vec![0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).unwrap_err();
    assert!(error.starts_with("t: can not be read: "), "{error}");
}
