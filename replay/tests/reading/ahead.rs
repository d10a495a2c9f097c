//! Reading ahead: whoever fills pieces, and however many do, the reading is that of one thread.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use flate2::write::GzEncoder;
use proptest::prelude::*;
use replay::Captures;
use replay::captures::{FrameKind, SourceReport};

use crate::builder::*;

/// Octets of frames in the captures here: a dozen pieces.
const OCTETS: usize = 3 << 20;

/// All frames and what is reported of them, when so many threads read ahead.
fn reading(files: &[PathBuf], threads: usize) -> (Vec<Seen>, SourceReport) {
    let mut captures = Captures::open(files).unwrap();
    captures.set_threads_ahead(threads);
    captures.read_ahead(FrameKind::Long);
    let mut seen = Vec::new();
    while captures.give(50, |frame| seen.push(Seen::from(*frame))) == 50 {}
    (seen, captures.report())
}

/// Frames of noise, which does not compress away: most are short, some longer than what is kept in
/// front of a piece, and one longer than pieces.
fn long() -> Vec<TestFrame> {
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005) + 1;
        (state >> 33) as usize
    };
    let (mut frames, mut octets) = (Vec::new(), 0);
    while octets < OCTETS {
        let len = match frames.len() % 400 {
            100 => 64 << 10,
            200 => 150_000,
            300 => 700_000,
            _ => noise() % 1_600,
        };
        let mut frame = frame(0, frames.len() as u64, len);
        frame.data.fill_with(|| noise() as u8);
        octets += len;
        frames.push(frame);
    }
    frames
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// The same frames in every form.
static FORMS: LazyLock<[Vec<u8>; 5]> = LazyLock::new(|| {
    let (little, big) = (pcap(Little, MICROS, &long()), pcapng(Big, &long()));
    [
        gzip(&little),
        zstd::encode_all(&little[..], 1).unwrap(),
        zstd::encode_all(&big[..], 1).unwrap(),
        little,
        big,
    ]
});

fn written(folder: &Path, name: &str, octets: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, octets).unwrap();
    path
}

#[test]
fn every_frame_is_read_ahead() {
    let folder = tempfile::tempdir().unwrap();
    for octets in FORMS.iter() {
        let file = written(folder.path(), "a", octets);
        for threads in [0, 1, 3] {
            let (seen, report) = reading(std::slice::from_ref(&file), threads);
            let frames: Vec<_> = seen.into_iter().map(|seen| seen.frame).collect();
            assert!(frames == long(), "{threads} threads");
            assert!(report.captures[0].warnings.lines().next().is_none());
        }
    }
}

#[test]
fn damage_behind_a_record_that_ends_the_reading_is_not_told() {
    // The length of a record is wrong, and the stream ends behind it in the same piece.
    let before = &long()[..450];
    let mut octets = pcap(Little, MICROS, before);
    let at = octets.len();
    octets.extend(&pcap(Little, MICROS, &long()[450..])[24..]);
    octets[at + 8..at + 12].fill(0xff);
    octets.truncate(at + 80_000);
    let mut octets = gzip(&octets);
    octets.truncate(octets.len() - 40_000);
    let folder = tempfile::tempdir().unwrap();
    let file = [written(folder.path(), "a", &octets)];
    for threads in [0, 1, 3] {
        let (seen, report) = reading(&file, threads);
        let warnings: Vec<_> = report.captures[0].warnings.lines().collect();
        assert_eq!(seen.len(), before.len());
        assert_eq!(warnings.len(), 1, "{threads} threads: {warnings:?}");
        assert!(warnings[0].contains("record 451"), "{warnings:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 30, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_told_the_same_however_it_is_read(
        form in 0..FORMS.len(),
        end in 0..OCTETS,
        wrong in proptest::collection::vec((0..OCTETS, 1_u8..), 0..4),
        garbage in proptest::collection::vec(any::<u8>(), 0..100),
        threads in 1..4_usize,
    ) {
        let mut octets = FORMS[form].clone();
        // What is cut a little is cut at the end.
        octets.truncate((OCTETS + 1_000_000).saturating_sub(end * end / OCTETS));
        for (at, change) in wrong {
            if let Some(octet) = octets.get_mut(at + 4_096) {
                *octet ^= change;
            }
        }
        octets.extend(garbage);
        let folder = tempfile::tempdir().unwrap();
        let file = [written(folder.path(), "a", &octets)];
        prop_assume!(Captures::open(&file).is_ok());
        prop_assert!(reading(&file, threads) == reading(&file, 0));
    }

    #[test]
    fn captures_that_overlap_come_in_the_same_order(
        parts in proptest::collection::vec(0..4_usize, 1..40),
        threads in 1..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut frames = vec![Vec::new(); 4];
        for (at, frame) in long().into_iter().enumerate() {
            frames[parts[at % parts.len()]].push(frame);
        }
        let files: Vec<_> = frames
            .iter()
            .enumerate()
            .map(|(at, part)| {
                let octets = match at {
                    0 => pcap(Big, NANOS, part),
                    1 => zstd::encode_all(&pcap(Little, NANOS, part)[..], 1).unwrap(),
                    2 => pcapng(Little, part),
                    _ => pcap(Little, MICROS, part),
                };
                written(folder.path(), &format!("{at}.pcap"), &octets)
            })
            .collect();
        prop_assert!(reading(&files, threads) == reading(&files, 0));
    }
}
