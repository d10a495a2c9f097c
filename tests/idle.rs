//! What is active and what is idle in the shop, under windows and filters.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use analyzer::engine::Settings;
use analyzer::query::label::label;
use analyzer::query::parse::RowLimit;
use analyzer::query::view::workloads::{Presence, WorkloadView};
use analyzer::query::{self, Answer, Operation, Query};
use analyzer::snapshot::Snapshot;
use replay::{Replay, ReplayInputs};

static SHOP: LazyLock<Snapshot> = LazyLock::new(|| {
    let inputs = ReplayInputs {
        captures: vec!["captures/shop".into()],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, Settings::default()).unwrap();
    while replay.step(1_000) {}
    replay.finish()
});

fn ask(operation: Operation, parameters: &str) -> Answer {
    let pairs = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let query = Query::parse(operation, pairs, RowLimit::Bounded).unwrap();
    query::run(&SHOP, operation, &query).unwrap()
}

fn rows(parameters: &str) -> Vec<WorkloadView> {
    let Answer::Workloads(view) = ask(Operation::Workloads, parameters) else {
        panic!("workloads were asked for");
    };
    view.workloads
}

/// The names of the rows with or without traffic, in order of name.
fn names(parameters: &str, presence: Presence) -> Vec<String> {
    let rows = rows(parameters).into_iter();
    let names = rows.filter(|row| row.state == presence);
    let names: BTreeSet<String> = names.map(|row| label(&row.end, None)).collect();
    names.into_iter().collect()
}

fn idle(parameters: &str) -> Vec<String> {
    names(parameters, Presence::Idle)
}

#[test]
fn idle_is_what_the_cluster_has_and_no_packet_shows() {
    let pods = ["monitoring/grafana-78d6f4c5b9-w2hxk", "shop/debug-shell"];
    assert_eq!(idle(""), pods);
    let workloads = ["monitoring/grafana", "shop/debug-shell"];
    assert_eq!(idle("level=workload"), workloads);
    assert_eq!(idle("level=service"), ["monitoring/grafana"]);
    assert_eq!(idle("level=namespace"), ["default"]);
    assert_eq!(idle("level=node"), [""; 0]);
}

#[test]
fn an_idle_row_is_whole_but_for_traffic() {
    let [grafana] = &rows("state=idle&ns=monitoring&format=full")[..] else {
        panic!("one pod is idle there");
    };
    assert_eq!(grafana.end.svc.as_deref(), Some("grafana"));
    assert_eq!(grafana.end.node.as_deref(), Some("node-2"));
    assert_eq!(&*grafana.end.workload.as_ref().unwrap().kind, "Deployment");
    let counts = (grafana.flows, grafana.peers, grafana.connections);
    assert_eq!((counts, grafana.stats.tx_pkts), ((0, 0, 0), 0));
    assert_eq!((grafana.first_seen, grafana.last_seen), (None, None));
}

#[test]
fn filters_of_either_end_choose_idle_rows_too() {
    assert_eq!(idle("ns=shop"), ["shop/debug-shell"]);
    assert_eq!(idle("pod=shop/debug*"), ["shop/debug-shell"]);
    assert_eq!(idle("ip=10.244.1.15"), ["shop/debug-shell"]);
    assert_eq!(
        idle("svc=grafana&kind=pod"),
        ["monitoring/grafana-78d6f4c5b9-w2hxk"]
    );
    assert_eq!(idle("node=node-1"), ["shop/debug-shell"]);
    assert_eq!(idle("ns=!shop"), ["monitoring/grafana-78d6f4c5b9-w2hxk"]);
    assert_eq!(idle("kind=external"), [""; 0]);
    assert_eq!(idle("level=namespace&kind=unresolved"), [""; 0]);
}

#[test]
fn filters_that_speak_of_traffic_leave_nothing_idle() {
    for filter in [
        "port=8080",
        "l4proto=tcp",
        "rtt_min=1us",
        "client_ns=shop",
        "server_kind=external",
        "across=namespace",
    ] {
        assert_eq!(idle(filter), [""; 0], "{filter}");
        assert!(!names(filter, Presence::Active).is_empty(), "{filter}");
    }
}

#[test]
fn whoever_has_traffic_that_does_not_match_is_not_idle() {
    // Redis is called by cart alone, and so left without a flow.
    let parameters = "ns=data&pod=!cart";
    assert_eq!(names(parameters, Presence::Active), ["data/postgres-0"]);
    assert_eq!(idle(parameters), [""; 0]);
}

#[test]
fn a_window_shows_who_was_idle_in_it() {
    // The report runs from 19:40:03 on, and reads for eleven seconds.
    let idle_then = idle("window=10s&start=2026-11-22T19:39:40Z");
    assert!(
        idle_then.contains(&"payments/settlement-report-29388960-tq8vz".to_owned()),
        "{idle_then:?}"
    );
    assert_eq!(
        idle("start=2026-11-22T20:00:00Z"),
        [""; 0],
        "nothing was captured then"
    );
}

#[test]
fn rows_of_a_state_are_those_rows_of_all() {
    for level in ["pod", "workload", "service", "namespace", "node"] {
        let all = format!("level={level}");
        for presence in [Presence::Active, Presence::Idle] {
            let some = format!("level={level}&state={}", presence.name());
            assert_eq!(names(&some, presence), names(&all, presence), "{some}");
            assert_eq!(rows(&some).len(), names(&some, presence).len(), "{some}");
        }
    }
}

/// What ends sent is what others received, and rows and edges add up to the summary.
#[test]
fn rows_and_edges_add_up_to_the_summary() {
    for filter in ["", "&l4proto=udp", "&across=namespace", "&window=20s"] {
        let Answer::Summary(summary) = ask(Operation::Summary, filter) else {
            panic!("a summary was asked for");
        };
        for level in ["pod", "workload", "service", "namespace", "node"] {
            let asked = format!("limit=10000&level={level}{filter}");
            let rows = rows(&asked);
            let sum = |count: fn(&WorkloadView) -> u64| rows.iter().map(count).sum::<u64>();
            let sent = sum(|row| row.stats.tx_bytes);
            assert_eq!(sent, sum(|row| row.stats.rx_bytes), "{asked}");
            assert_eq!(2 * sent, summary.total_bytes, "{asked}");
            let Answer::Dependencies(graph) = ask(Operation::Dependencies, &asked) else {
                panic!("dependencies were asked for");
            };
            let edges = |count: fn(&query::view::dependencies::EdgeView) -> u64| {
                graph.edges.iter().map(count).sum::<u64>()
            };
            assert_eq!(edges(|edge| edge.bytes), summary.wire_bytes, "{asked}");
            assert_eq!(edges(|edge| edge.pkts), summary.wire_pkts, "{asked}");
            assert_eq!(edges(|edge| edge.flows), summary.total_flows, "{asked}");
        }
    }
}
