//! Frames that stand for several packets: they count as those.

use analyzer::coverage::Coverage;
use analyzer::engine::Settings;
use insta::assert_snapshot;

use crate::script::{engine, flows, parse, snapshot};

fn coverage(script: &str) -> Coverage {
    snapshot(engine(&parse(script), Settings::default())).coverage
}

#[test]
fn a_merged_segment_counts_as_what_it_becomes_each_with_its_headers() {
    // 3 segments of 1000, 1000 and 500 octets, 40 octets of headers each.
    assert_snapshot!(flows("
        0 10.0.0.1:40000 > 10.0.0.2:80 S gso=none
        1 10.0.0.1:40000 > 10.0.0.2:80 A len=2500 gso=1000"
    ), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1 connections, 4 packets 2660 bytes out, 0 0 back, handshake - -");
    assert_snapshot!(flows("
        0 [fd00::1]:40000 > [fd00::2]:80 S gso=none
        1 [fd00::1]:40000 > [fd00::2]:80 A len=3000 gso=1000"
    ), @"tcp fd00::1 > fd00::2:80 by Syn, Active, 1 connections, 4 packets 3240 bytes out, 0 0 back, handshake - -");
}

#[test]
fn merged_datagrams_count_one_by_one() {
    assert_snapshot!(flows("
        1 10.0.0.1:40000 > 10.0.0.2:443 udp len=2500 gso=1200
        2 [fd00::1]:40000 > [fd00::2]:443 udp len=2400 gso=1200"
    ), @r"
    udp 10.0.0.1 > 10.0.0.2:443 by Port, Active, 1 connections, 3 packets 2584 bytes out, 0 0 back, handshake - -
    udp fd00::1 > fd00::2:443 by Port, Active, 1 connections, 2 packets 2496 bytes out, 0 0 back, handshake - -
    ");
}

#[test]
fn what_fits_into_one_segment_is_one_packet() {
    assert_snapshot!(flows("
        0 10.0.0.1:40000 > 10.0.0.2:80 A gso=1000
        1 10.0.0.1:40000 > 10.0.0.2:80 A len=1000 gso=1000"
    ), @"tcp 10.0.0.1 > 10.0.0.2:80 by Port, Active, 1 connections, 2 packets 1080 bytes out, 0 0 back, handshake - -");
}

#[test]
fn only_large_frames_that_nothing_explains_are_merged_ones() {
    let merged = |gso| {
        let script = format!("1 10.0.0.1:1 > 10.0.0.2:80 A len=2500{gso}");
        let coverage = coverage(&script);
        assert!(coverage.closes());
        assert_eq!(coverage.frames, 1 + coverage.offload_segments);
        coverage.merged_frames
    };
    assert_eq!(
        [merged(""), merged(" gso=none"), merged(" gso=1000")],
        [1, 0, 0]
    );
}

#[test]
fn the_smallest_segments_of_the_greatest_frame_are_counted() {
    assert_snapshot!(flows(
        "1 10.0.0.1:40000 > 10.0.0.2:80 A len=65000 gso=1"
    ), @"tcp 10.0.0.1 > 10.0.0.2:80 by Port, Active, 1 connections, 65000 packets 2665000 bytes out, 0 0 back, handshake - -");
}
