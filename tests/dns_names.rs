//! The scenario `dns-names` against its README: who knows which address by which name.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

use std::collections::BTreeMap;
use std::path::Path;

use analyzer::engine::Settings;
use analyzer::query::parse::RowLimit;
use analyzer::query::view::FlowView;
use analyzer::query::{self, Answer, Operation, Query};
use analyzer::snapshot::Snapshot;
use replay::{Replay, ReplayInputs};

/// Client, server, the name of the server.
const TRUTH: [(&str, &str, &str); 8] = [
    ("web", "203.0.113.9:443", "www.shop.example"),
    ("worker", "203.0.113.9:443", "api.bank.example"),
    ("web", "203.0.113.20:443", "flash.example"),
    ("web", "203.0.113.20:8443", ""),
    ("web", "203.0.113.20:9443", "next.example"),
    ("web", "203.0.113.30:443", "feed.example"),
    ("worker", "203.0.113.100:443", "pool.example"),
    ("worker", "192.0.2.45:443", ""),
];

#[test]
fn external_ends_have_the_names_their_clients_asked_for() {
    let snapshot = replay();
    let found = names(&flows(&snapshot, "port=!53"));
    let truth = TRUTH.map(|(client, server, name)| ((client, server), name));
    let truth: BTreeMap<_, _> = truth
        .iter()
        .map(|((client, server), name)| (format!("{client} {server}"), (*name).to_owned()))
        .collect();
    assert_eq!(found, truth);
    assert_eq!(
        snapshot.coverage.dns_cut, 3,
        "pool, huge, and huge over TCP"
    );
}

#[test]
fn names_are_asked_for_by_pattern() {
    let snapshot = replay();
    let count = |parameters: &str| flows(&snapshot, parameters).len();
    assert_eq!(count("server_dns=*.example"), 6);
    assert_eq!(count("server_dns=!*"), 6, "two, and four to name servers");
    assert_eq!(count("dns=*.bank.example,feed.example"), 2);
    assert_eq!(count("client_dns=*"), 0);
    assert_eq!(
        count("pod=web-*&dns=api.bank.example"),
        0,
        "a name of worker's"
    );
}

#[test]
fn a_connection_keeps_its_name_when_the_answer_is_over() {
    let snapshot = replay();
    let late = flows(&snapshot, "window=5s");
    let expected = [("web 203.0.113.30:443".to_owned(), "feed.example".to_owned())];
    assert_eq!(names(&late), expected.into());
}

/// Of each flow its client's workload, its server, and the server's names.
fn names(flows: &[FlowView]) -> BTreeMap<String, String> {
    let named = flows.iter().map(|flow| {
        let (client, server) = (&flow.client, &flow.server);
        let (workload, _) = client.pod.as_ref().unwrap().split_once('-').unwrap();
        let server_port = server.port.unwrap();
        let key = format!("{workload} {}:{server_port}", server.ip.unwrap());
        (key, server.dns.join(" "))
    });
    named.collect()
}

fn replay() -> Snapshot {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/dns-names");
    let inputs = ReplayInputs {
        captures: vec![folder],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, Settings::default()).unwrap();
    while replay.step(1_000) {}
    replay.finish()
}

fn flows(snapshot: &Snapshot, parameters: &str) -> Vec<FlowView> {
    let pairs = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .chain([("format", "full")]);
    let query = Query::parse(Operation::Flows, pairs, RowLimit::Bounded).unwrap();
    let Ok(Answer::Flows(view)) = query::run(snapshot, Operation::Flows, &query) else {
        panic!("flows were asked for");
    };
    view.flows
}
