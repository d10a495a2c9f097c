//! Old intervals are merged near the limit: no count is lost, and answers say what they cover.

use std::fmt::Write;

use analyzer::engine::{Engine, Settings};
use analyzer::query::view::CoverageView;
use analyzer::query::{Answer, Operation};
use analyzer::snapshot::Snapshot;
use analyzer::time::{NANOS_PER_SECOND, Timestamp};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::invariants::lines;
use crate::script::{Line, ask, engine, parse, snapshot};

fn limited(intervals: usize) -> Settings {
    let mut settings = Settings::default();
    settings.limits.intervals = intervals;
    settings
}

/// Clients that send a datagram every ten seconds, for so many minutes.
fn steady(clients: u8, minutes: u64) -> Vec<Line> {
    let mut script = String::new();
    for second in (0..minutes * 60).step_by(10) {
        for client in 1..=clients {
            let len = second % 100 + u64::from(client);
            writeln!(
                script,
                "{second}.{client} 10.0.0.{client}:5000 > 10.0.1.1:53 udp len={len}"
            )
            .unwrap();
        }
    }
    parse(&script)
}

fn flows(snapshot: &Snapshot, parameters: &str) -> (String, CoverageView) {
    let parameters = format!("format=full&limit=10000&{parameters}");
    let Answer::Flows(view) = ask(snapshot, Operation::Flows, &parameters) else {
        panic!("flows were asked for");
    };
    (format!("{:#?}", view.flows), view.coverage)
}

/// `10 intervals, minutes before 540 s, ten minutes before 0 s`.
fn coarsened(snapshot: &Snapshot) -> String {
    let (_, coverage) = flows(snapshot, "");
    let second = |time: Timestamp| time.as_nanos() / NANOS_PER_SECOND;
    coverage.coarsened.map_or_else(String::new, |coarsened| {
        format!(
            "{} intervals, minutes before {} s, ten minutes before {} s",
            coarsened.intervals,
            second(coarsened.minutes_before),
            coarsened.ten_minutes_before.map_or(0, second)
        )
    })
}

#[test]
fn far_from_the_limit_nothing_is_merged() {
    // A limit of 200 is near at 176.
    let script = steady(1, 30);
    let snapshot = snapshot(engine(&script[..175], limited(200)));
    assert_eq!(coarsened(&snapshot), "");
    assert!(snapshot.coverage.grid.is_fine());
}

#[test]
fn the_oldest_are_merged_first_and_no_more_than_must() {
    let told = |minutes, intervals| {
        let snapshot = snapshot(engine(&steady(5, minutes), limited(intervals)));
        assert_eq!(snapshot.coverage.evicted, 0);
        coarsened(&snapshot)
    };
    // An eighth of 1 051: of five clients six minutes, in each of which six become one.
    assert_snapshot!(told(40, 1_200), @"150 intervals, minutes before 360 s, ten minutes before 0 s");
    // All that is older than five minutes, first by minutes, then by ten.
    assert_snapshot!(told(40, 400), @"870 intervals, minutes before 1980 s, ten minutes before 600 s");
    // All but the latest minute, when there is no other way.
    assert_snapshot!(told(40, 160), @"1060 intervals, minutes before 2220 s, ten minutes before 1800 s");
    // Hours of them.
    assert_snapshot!(told(600, 500), @"17555 intervals, minutes before 35760 s, ten minutes before 35400 s");
}

#[test]
fn nothing_is_dropped_while_anything_can_be_merged() {
    let script = steady(5, 180);
    let free = flows(&snapshot(engine(&script, Settings::default())), "").0;
    for intervals in [220, 300, 1_000, 4_000] {
        let coarse = snapshot(engine(&script, limited(intervals)));
        assert_eq!(coarse.coverage.evicted, 0, "{intervals}");
        assert!(coarse.coverage.coarsened > 0, "{intervals}");
        assert_eq!(flows(&coarse, "").0, free, "{intervals}");
    }
    // Of five clients that were there for three hours this is less than there must be.
    assert!(snapshot(engine(&script, limited(60))).coverage.evicted > 0);
}

#[test]
fn the_window_of_late_is_as_fine_as_ever_while_that_can_be() {
    let script = steady(5, 180);
    let fine = snapshot(engine(&script, Settings::default()));
    let coarse = snapshot(engine(&script, limited(400)));
    assert_eq!(flows(&coarse, "window=5m").0, flows(&fine, "window=5m").0);
    assert_eq!(flows(&coarse, "window=10s").0, flows(&fine, "window=10s").0);
}

#[test]
fn a_window_is_widened_to_what_was_merged_and_says_so() {
    let coarse = snapshot(engine(&steady(5, 180), limited(400)));
    let window = |parameters| {
        let (rows, coverage) = flows(&coarse, parameters);
        let window = coverage.window.unwrap();
        let minutes = |time: Timestamp| time.as_nanos() / NANOS_PER_SECOND / 60;
        let packets = rows.matches("first_seen").count();
        format!(
            "{} to {}, {packets} flows",
            minutes(window.start),
            minutes(window.end)
        )
    };
    assert_snapshot!(window("start=3725&end=3730"), @"60 to 70, 5 flows");
    assert_snapshot!(window("start=3590&end=3600"), @"50 to 60, 5 flows");
    let warnings = flows(&coarse, "").1.warnings;
    assert_snapshot!(warnings.join("\n"), @"5090 intervals were merged to longer ones to stay within a limit: no count is lost, but windows are whole minutes before 1970-01-01T02:53:00.000000000Z, before 1970-01-01T02:50:00.000000000Z ten minutes");
}

#[test]
fn a_few_wrong_clocks_make_nothing_coarse_that_is_of_late() {
    let mut script = steady(10, 60);
    // Three of 3 600 are from the next day.
    for line in script.iter_mut().step_by(1_200) {
        line.nanos += 86_400 * NANOS_PER_SECOND;
    }
    let snapshot = snapshot(engine(&script, limited(1_000)));
    assert_snapshot!(coarsened(&snapshot), @"2777 intervals, minutes before 3120 s, ten minutes before 1200 s");
}

#[test]
fn what_was_merged_is_forgotten_as_a_whole() {
    let script = steady(5, 60);
    let mut forgetful = engine(&script, limited(500));
    forgetful.forget(Timestamp::from_nanos(1_234 * NANOS_PER_SECOND));
    let snapshot_then = snapshot(forgetful);
    let from = snapshot_then.coverage.from.unwrap();
    assert_eq!(from.as_nanos() / NANOS_PER_SECOND, 1_200);
    let free = snapshot(engine(&script, Settings::default()));
    assert_eq!(
        flows(&snapshot_then, "start=1200").0,
        flows(&free, "start=1200").0
    );
}

/// Packets between few ends, up to a minute apart: connections that last, begin and end. Those of
/// one client have sequence numbers of their own: none is taken for the translation of another,
/// whose counting points are chosen for a whole period.
fn lasting() -> impl Strategy<Value = Vec<Line>> {
    let kind = prop::sample::select(vec![
        "S seq={}9",
        "SA seq={}1",
        "A seq={}10 len=5",
        "R",
        "udp len=7",
    ]);
    let packet = (0..60_000_u64, 1..3_u8, any::<bool>(), kind);
    prop::collection::vec(packet, 20..120).prop_map(|packets| {
        let mut script = String::new();
        let mut at = 0;
        for (gap, client, asks, kind) in packets {
            at += gap;
            let kind = kind.replace("{}", &client.to_string());
            let (client, server) = (format!("10.0.0.{client}:5000"), "10.0.1.1:80");
            let (from, to) = if asks {
                (&*client, server)
            } else {
                (server, &*client)
            };
            writeln!(
                script,
                "{}.{:03} {from} > {to} {kind}",
                at / 1_000,
                at % 1_000
            )
            .unwrap();
        }
        parse(&script)
    })
}

/// The same traffic within about the least limit at which nothing is dropped.
fn coarsest(lines: &[Line]) -> Snapshot {
    let within = |intervals| snapshot(engine(lines, limited(intervals)));
    let mut all = (4..).step_by(4).map(within);
    all.find(|snapshot| snapshot.coverage.evicted == 0).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn merging_intervals_changes_no_count_of_the_window_that_is_told(
        lines in lasting(), start in 0..3_000_u64, length in 1..1_000_u64,
    ) {
        let fine = snapshot(engine(&lines, Settings::default()));
        let coarse = coarsest(&lines);
        prop_assume!(coarse.coverage.coarsened > 0);
        prop_assert_eq!(flows(&coarse, "").0, flows(&fine, "").0);
        let (rows, coverage) = flows(&coarse, &format!("start={start}&window={length}s"));
        let window = coverage.window.unwrap();
        let told = format!("start={}&end={}", window.start, window.end);
        let (expected, same) = flows(&fine, &told);
        prop_assert_eq!(rows, expected);
        prop_assert_eq!(format!("{window:?}"), format!("{:?}", same.window.unwrap()));
    }

    #[test]
    fn what_was_merged_goes_on_and_does_not_depend_on_snapshots_on_the_way(
        lines in prop_oneof![lines(), lasting()], limit in 4..40_usize, at in 0..60_usize,
    ) {
        let straight = snapshot(engine(&lines, limited(limit)));
        let mut engine = Engine::new(limited(limit));
        for (number, line) in lines.iter().enumerate() {
            if number == at {
                drop(engine.snapshot(crate::script::provenance()));
            }
            crate::script::ingest(&mut engine, line);
        }
        let going_on = snapshot(engine);
        prop_assert!(going_on.coverage.closes());
        prop_assert_eq!(going_on.coverage.coarsened, straight.coverage.coarsened);
        prop_assert_eq!(going_on.coverage.grid, straight.coverage.grid);
        prop_assert_eq!(flows(&going_on, "").0, flows(&straight, "").0);
    }
}
