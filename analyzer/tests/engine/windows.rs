//! Windows: which intervals and which connections an answer covers.

use analyzer::query::{Answer, Operation};
use insta::assert_snapshot;

use crate::script::{ask, engine, flows_asked, parse, snapshot};

const SCRIPT: &str = "
    1 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
    2 10.0.0.2:80 > 10.0.0.1:40000 SA seq=5 ack=2
    3 10.0.0.1:40000 > 10.0.0.2:80 A seq=2
    4 10.0.0.1:40001 > 10.0.0.2:80 S seq=1
    5 10.0.0.2:80 > 10.0.0.1:40001 R
    25 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 len=10
    26 10.0.0.1:40002 > 10.0.0.2:80 S seq=1
    45 10.0.0.1:40000 > 10.0.0.2:80 A seq=12 len=10";

#[test]
fn all_by_default() {
    assert_snapshot!(flows_asked(SCRIPT, ""), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 3 connections, 6 packets 260 bytes out, 2 80 back, handshake 1000000us 2000000us");
}

#[test]
fn connections_are_those_carried_into_a_window_and_those_started_in_it() {
    assert_snapshot!(flows_asked(SCRIPT, "start=20&end=30"), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 2 connections, 2 packets 90 bytes out, 0 0 back, handshake - -");
    assert_snapshot!(flows_asked(SCRIPT, "start=0&end=10"), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 2 connections, 3 packets 120 bytes out, 2 80 back, handshake 1000000us 2000000us");
}

#[test]
fn a_window_is_widened_to_whole_intervals() {
    assert_snapshot!(flows_asked(SCRIPT, "start=28&end=28.5"), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 2 connections, 2 packets 90 bytes out, 0 0 back, handshake - -");
    assert_snapshot!(flows_asked(SCRIPT, "window=1s"), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 2 connections, 1 packets 50 bytes out, 0 0 back, handshake - -");
}

#[test]
fn a_flow_that_sent_nothing_in_the_window_is_not_in_the_answer() {
    assert_snapshot!(flows_asked(SCRIPT, "start=10&end=20"), @"");
}

#[test]
fn handshakes_of_merged_flows_are_those_of_the_window() {
    let script = "
        1 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
        1.001 10.0.0.2:80 > 10.0.0.1:40000 SA seq=5 ack=2
        1.002 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 ack=6
        11 10.0.0.3:40000 > 10.0.0.2:80 S seq=1
        11.007 10.0.0.2:80 > 10.0.0.3:40000 SA seq=5 ack=2
        12 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 len=10";
    let snapshot = snapshot(engine(
        &parse(script),
        analyzer::engine::Settings::default(),
    ));
    let merged = |window: &str| {
        let asked = format!("aggregate=namespace&format=full&{window}");
        let Answer::Flows(view) = ask(&snapshot, Operation::Flows, &asked) else {
            panic!("flows were asked for");
        };
        let [row] = &view.flows[..] else {
            panic!("one namespace calls another");
        };
        let stats = &row.client_stats;
        (stats.tcp_handshake_p50_us, stats.tcp_handshake_p99_us)
    };
    // Of several to within a hundredth, of one as it was.
    assert_eq!(merged(""), (Some(1_002), Some(6_992)));
    assert_eq!(merged("start=10"), (Some(7_000), Some(7_000)));
}
