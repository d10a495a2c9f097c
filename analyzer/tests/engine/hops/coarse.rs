//! Counting points where intervals were merged.

use std::fmt::Write;

use super::*;

/// A question every ten seconds and its answer, each at both nodes; of every seven questions one is
/// lost on the way.
fn questions(minutes: u64) -> String {
    let mut script = String::new();
    for second in (0..minutes * 60).step_by(10) {
        let (asks, answers) = ("10.244.1.10:4000", "10.244.2.10:53");
        writeln!(script, "1:5 in {second}.001 {asks} > {answers} udp len=10").unwrap();
        if second / 10 % 7 != 3 {
            writeln!(script, "2:7 out {second}.002 {asks} > {answers} udp len=10").unwrap();
            writeln!(script, "2:7 in {second}.003 {answers} > {asks} udp len=90").unwrap();
            writeln!(script, "1:5 out {second}.004 {answers} > {asks} udp len=90").unwrap();
        }
    }
    script
}

fn within(sightings: &[Sighting], intervals: usize) -> Snapshot {
    let mut settings = Settings::default();
    settings.limits.intervals = intervals;
    let mut engine = Engine::new(settings);
    for change in changes(CLUSTER) {
        engine.apply(change);
    }
    for sighting in sightings {
        ingest(&mut engine, sighting);
    }
    let sources = [
        SourceDeclaration::default(),
        on_node(&"node-1"),
        on_node(&"node-2"),
    ];
    engine.into_snapshot(Provenance {
        sources: sources.into(),
        ..provenance()
    })
}

#[test]
fn what_each_end_counted_is_the_same_by_ten_seconds_and_by_ten_minutes() {
    let sightings = sightings(&questions(120));
    let (fine, coarse) = (within(&sightings, 1_000_000), within(&sightings, 100));
    insta::assert_snapshot!(flows(&fine), @"udp web > cart:53, client 720/617, server 617/617, Both, 1 connections, wire 1337");
    assert_eq!(flows(&coarse), flows(&fine));
    assert_eq!((coarse.coverage.evicted, fine.coverage.coarsened), (0, 0));
    assert!(coarse.coverage.coarsened > 1_000, "{:?}", coarse.coverage);
    assert!(coarse.coverage.closes());
    assert_eq!(coarse.coverage.copies, fine.coverage.copies);
}
