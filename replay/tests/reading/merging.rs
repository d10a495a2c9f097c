//! Several captures are read as one, in order of time, however they are named.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use replay::Captures;
use tempfile::TempDir;

use crate::builder::*;

/// A folder with these captures in it, and their paths.
fn folder(captures: &[(&str, Vec<u8>)]) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths = captures.iter().map(|(name, octets)| {
        let path = folder.path().join(name);
        fs::write(&path, octets).unwrap();
        path
    });
    let paths = paths.collect();
    (folder, paths)
}

fn read_all(paths: &[PathBuf]) -> Vec<Seen> {
    let mut captures = Captures::open(paths).unwrap();
    let mut seen = Vec::new();
    while let Some(frame) = captures.next_frame() {
        seen.push(Seen::from(frame));
    }
    seen
}

/// The names of frames: their first octets.
fn names(seen: &[Seen]) -> String {
    seen.iter()
        .map(|seen| char::from(seen.frame.data[0]))
        .collect()
}

/// A capture of frames at these microseconds.
fn at(frames: &[(u8, u64)]) -> Vec<u8> {
    let frames: Vec<_> = frames
        .iter()
        .map(|(name, micros)| frame(*name, *micros, 60))
        .collect();
    pcap(Little, MICROS, &frames)
}

#[test]
fn overlapping_captures_come_in_order_of_time() {
    let (_folder, paths) = folder(&[
        ("x.pcap", at(&[(b'a', 10), (b'd', 40), (b'e', 50)])),
        ("w.pcap", at(&[(b'b', 20), (b'c', 30), (b'f', 60)])),
    ]);
    let seen = read_all(&paths);
    assert_eq!(names(&seen), "abcdef");
}

#[test]
fn the_order_of_naming_means_nothing() {
    let (_folder, mut paths) = folder(&[
        ("3.pcap", at(&[(b'a', 10), (b'd', 40)])),
        ("2.pcap", at(&[(b'a', 10), (b'c', 30)])),
        ("1.pcap", at(&[(b'f', 60)])),
        ("0.pcap", at(&[])),
    ]);
    let first = read_all(&paths);
    assert_eq!(names(&first), "aacdf");
    paths.reverse();
    assert_eq!(read_all(&paths), first);
    paths.swap(1, 3);
    assert_eq!(read_all(&paths), first);
}

#[test]
fn times_that_step_back_stay_within_their_capture() {
    let (_folder, paths) = folder(&[
        (
            "1.pcap",
            at(&[(b'a', 10), (b'b', 30), (b'c', 20), (b'd', 31)]),
        ),
        ("2.pcap", at(&[(b'e', 32), (b'f', 5), (b'g', 33)])),
        ("3.pcap", at(&[(b'h', 33), (b'i', 40)])),
    ]);
    assert_eq!(names(&read_all(&paths)), "abcdefghi");
    assert_eq!(names(&read_all(&paths[..1])), "abcd");
}

#[test]
fn a_split_capture_is_the_whole_one() {
    let all: Vec<_> = (0..300)
        .map(|n| frame(b'a', n * n, 60 + n as usize % 40))
        .collect();
    let whole = read(&pcap(Little, MICROS, &all)).frames();
    let (_folder, paths) = folder(&[
        ("z", pcap(Big, NANOS, &all[..100])),
        ("a", pcapng(Little, &all[100..200])),
        (
            "m",
            zstd::encode_all(&pcap(Little, MICROS, &all[200..])[..], 1).unwrap(),
        ),
    ]);
    let seen: Vec<_> = read_all(&paths)
        .into_iter()
        .map(|seen| seen.frame)
        .collect();
    assert_eq!(seen, whole);
}

#[test]
fn more_captures_than_files_may_be_open_are_merged() {
    // Two thousand captures that all overlap.
    let captures: Vec<_> = (0..2_000_u64)
        .map(|n| {
            (
                format!("{n:04}"),
                at(&[(b'a', n), (b'b', 10_000 - n), (b'c', 20_000 + n)]),
            )
        })
        .collect();
    let captures: Vec<_> = captures
        .iter()
        .map(|(n, octets)| (&n[..], octets.clone()))
        .collect();
    let (folder, _) = folder(&captures);
    let seen = read_all(&[folder.path().to_owned()]);
    let times: Vec<_> = seen.iter().map(|seen| seen.frame.time).collect();
    assert!(times.is_sorted());
    assert_eq!(times.len(), 6_000);
    assert_eq!(names(&seen[..2_000]), "a".repeat(2_000));
}

#[test]
fn a_capture_that_vanishes_before_its_turn_is_a_warning() {
    let (_folder, paths) = folder(&[("1.pcap", at(&[(b'a', 10)])), ("2.pcap", at(&[(b'b', 20)]))]);
    let mut captures = Captures::open(&paths).unwrap();
    assert!(captures.next_frame().is_some());
    fs::remove_file(&paths[1]).unwrap();
    assert!(captures.next_frame().is_none());
    let report = captures.report();
    let warnings: Vec<_> = report.captures[1].warnings.lines().collect();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("2.pcap: left out: can not be read: "),
        "{warnings:?}"
    );
}

#[test]
fn progress_counts_octets_as_they_lie_in_the_files() {
    let packed = zstd::encode_all(&at(&[(b'a', 10)])[..], 1).unwrap();
    let total = (packed.len() + at(&[(b'b', 20)]).len()) as u64;
    let (_folder, paths) = folder(&[("1", packed), ("2", at(&[(b'b', 20)]))]);
    let mut captures = Captures::open(&paths).unwrap();
    assert_eq!(captures.progress().bytes_total, Some(total));
    assert_eq!(captures.progress().bytes_read, 0);
    while captures.next_frame().is_some() {}
    assert_eq!(captures.progress().bytes_read, total);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Every frame comes once, in order of the latest time its capture has shown, and in its
    /// capture's own order; naming the captures in another order changes nothing.
    #[test]
    fn merging_loses_nothing_and_orders_all(
        times in proptest::collection::vec(proptest::collection::vec(0..50_u64, 0..12), 1..6),
        turn in 0..6_usize,
    ) {
        let captures: Vec<_> = times.iter().enumerate().map(|(n, times)| {
            let name = b'a' + u8::try_from(n).unwrap();
            let frames: Vec<_> = times.iter().map(|micros| (name, *micros)).collect();
            (format!("{n}.pcap"), at(&frames))
        }).collect();
        let captures: Vec<_> = captures.iter().map(|(n, o)| (&n[..], o.clone())).collect();
        let (_folder, mut paths) = folder(&captures);
        let seen = read_all(&paths);
        prop_assert_eq!(seen.len(), times.iter().map(Vec::len).sum::<usize>());
        let mut latest = vec![0; times.len()];
        let mut order = Vec::new();
        let mut own = vec![Vec::new(); times.len()];
        for seen in &seen {
            let which = usize::from(seen.frame.data[0] - b'a');
            own[which].push(seen.frame.time / 1_000 - 1_700_000_000 * 1_000_000);
            latest[which] = seen.frame.time.max(latest[which]);
            order.push((latest[which], seen.source));
        }
        prop_assert!(order.is_sorted());
        prop_assert_eq!(&own, &times);
        let places = paths.len();
        paths.rotate_left(turn % places);
        prop_assert_eq!(read_all(&paths), seen);
    }
}
