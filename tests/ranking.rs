//! Flows ranked once a snapshot are those that each question would measure anew.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use analyzer::engine::Settings;
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Operation, Query};
use analyzer::snapshot::Snapshot;
use replay::{Replay, ReplayInputs};

fn snapshot(scenario: &str) -> Snapshot {
    let inputs = ReplayInputs {
        captures: vec![scenario.into()],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, Settings::default()).unwrap();
    while replay.step(1_000) {}
    replay.finish()
}

fn answer(snapshot: &Snapshot, parameters: &str) -> String {
    let pairs = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let query = Query::parse(Operation::Flows, pairs, RowLimit::Bounded).unwrap();
    let answer = query::run(snapshot, Operation::Flows, &query).unwrap();
    // What the rows after the page count is no field of the answer.
    let query::Answer::Flows(view) = &answer else {
        return String::new();
    };
    format!(
        "{:?} {}",
        view.rest,
        serde_json::to_string(&answer).unwrap()
    )
}

#[test]
fn a_ranked_page_is_the_page_that_is_measured_anew() {
    let filters = [
        "",
        "ns=shop",
        "ns=!shop",
        "client_ns=shop&server_ns=!shop",
        "pod=frontend",
        "svc=kube-dns",
        "node=node-1",
        "kind=external",
        "server_kind=external&ns=payments",
        "port=53,8080",
        "port=80",
        "l4proto=udp",
        "state=closed",
        "ip=10.244.0.0/16",
        "dns=*.example",
        "ns=nonesuch",
        "across=namespace",
        "rtt_min=1ms",
        "window=20s",
        "window=20s&ns=shop",
    ];
    let pages = ["", "limit=3", "limit=3&offset=2", "offset=1000"];
    let sorts = [
        "bytes",
        "pkts",
        "bps",
        "pps",
        "rtt",
        "first_seen",
        "last_seen",
    ];
    for scenario in [
        "captures/shop",
        "captures/both-ends",
        "captures/service-vip",
    ] {
        let ranked = snapshot(scenario);
        // Nothing is kept before a second question.
        answer(&ranked, "");
        for (filter, page) in filters
            .iter()
            .flat_map(|f| pages.iter().map(move |p| (f, p)))
        {
            for sort in sorts {
                let asked = format!("{filter}&{page}&sort={sort}");
                // A copy has nothing that is kept.
                let anew = answer(&ranked.clone(), &asked);
                assert_eq!(answer(&ranked, &asked), anew, "{scenario} {asked}");
            }
        }
    }
}
