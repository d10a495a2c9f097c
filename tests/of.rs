//! What the graph is of when an address or a name of DNS is asked for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

use analyzer::engine::Settings;
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Answer, Operation, Query};
use analyzer::snapshot::Snapshot;
use replay::{Replay, ReplayInputs};

fn replay(scenario: &str) -> Snapshot {
    let inputs = ReplayInputs {
        captures: vec![format!("captures/{scenario}").into()],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, Settings::default()).unwrap();
    while replay.step(1_000) {}
    replay.finish()
}

fn ask(snapshot: &Snapshot, parameters: &str) -> Result<Vec<String>, String> {
    let pairs = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let operation = Operation::Dependencies;
    let query = Query::parse(operation, pairs, RowLimit::Bounded).unwrap();
    match query::run(snapshot, operation, &query) {
        Ok(Answer::Dependencies(view)) => {
            let edges = view.edges.iter();
            let mut edges: Vec<_> = edges.map(|e| format!("{} > {}", e.from, e.to)).collect();
            edges.sort_unstable();
            Ok(edges)
        }
        Ok(_) => panic!("dependencies were asked for"),
        Err(error) => Err(error.to_string()),
    }
}

fn edges(snapshot: &Snapshot, parameters: &str) -> Vec<String> {
    ask(snapshot, parameters).unwrap()
}

#[test]
fn an_address_means_all_who_had_it_in_the_window() {
    let snapshot = replay("ip-reuse");
    let who_calls = |window: &str| {
        let asked = format!("of=10.244.1.20&direction=upstream&depth=1&port=8080&{window}");
        edges(&snapshot, &asked)
    };
    let (api, ledger) = (
        "workload:shop/Deployment/api",
        "workload:payments/Deployment/ledger",
    );
    let before_and_after = [api, ledger].map(|server| {
        let callers = ["shop/Pod/cart", "shop/Pod/web"];
        callers.map(|caller| format!("workload:{caller} > {server}"))
    });
    let mut before_and_after = before_and_after.concat();
    before_and_after.sort_unstable();
    assert_eq!(who_calls(""), before_and_after);
    let after = ["workload:shop/Pod/web > workload:payments/Deployment/ledger"];
    assert_eq!(who_calls("window=1s"), after, "the last interval");
    assert_eq!(
        edges(&snapshot, "of=10.244.1.20&direction=upstream&level=node"),
        edges(&snapshot, "of=node-1&direction=upstream&level=node")
    );
}

#[test]
fn a_cluster_ip_means_its_service() {
    let snapshot = replay("service-vip");
    for level in ["pod", "workload", "service", "namespace", "node"] {
        let asked = |of| format!("of={of}&direction=upstream&level={level}");
        let by_address = edges(&snapshot, &asked("10.96.14.20"));
        assert!(!by_address.is_empty(), "{level}");
        assert_eq!(by_address, edges(&snapshot, &asked("shop/api")), "{level}");
    }
}

#[test]
fn an_address_of_version_6_may_be_written_in_any_way() {
    let snapshot = replay("ipv6");
    let [short, long] = ["fd00:10:244:1::a", "FD00:10:244:1:0:0:0:A"]
        .map(|of| edges(&snapshot, &format!("of={of}&direction=both")));
    assert!(!short.is_empty());
    assert_eq!(short, long);
}

#[test]
fn an_address_that_nobody_had_is_unknown() {
    let refused = ask(&replay("ip-reuse"), "of=192.0.2.77").unwrap_err();
    assert!(
        refused.contains("`192.0.2.77` is unknown in the window"),
        "{refused}"
    );
}
