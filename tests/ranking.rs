//! Flows ranked once a snapshot are those that each question would measure anew.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use analyzer::engine::Settings;
use analyzer::query::parse::RowLimit;
use analyzer::query::row::Volume;
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

fn parsed(operation: Operation, parameters: &str) -> Query {
    let pairs = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    Query::parse(operation, pairs, RowLimit::Bounded).unwrap()
}

fn answer(snapshot: &Snapshot, parameters: &str) -> String {
    answer_of(snapshot, Operation::Flows, parameters)
}

fn answer_of(snapshot: &Snapshot, operation: Operation, parameters: &str) -> String {
    let query = parsed(operation, parameters);
    let answer = match query::run(snapshot, operation, &query) {
        Ok(answer) => answer,
        // Who is asked for is not in every scenario.
        Err(refused) => return format!("{refused:?}"),
    };
    // What the rows after the page count is no field of the answer.
    let rest = match &answer {
        query::Answer::Flows(view) => view.rest,
        query::Answer::Connections(view) => view.rest,
        query::Answer::Workloads(view) => view.rest,
        query::Answer::Dependencies(view) => view.rest,
        query::Answer::Diff(view) => view.rest,
        query::Answer::Summary(_) => Volume::default(),
    };
    format!("{rest:?} {}", serde_json::to_string(&answer).unwrap())
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

#[test]
fn what_is_summed_once_is_what_is_summed_anew() {
    const FLOWS: (Operation, &str) = (Operation::Flows, "aggregate");
    const WORKLOADS: (Operation, &str) = (Operation::Workloads, "level");
    const DEPENDENCIES: (Operation, &str) = (Operation::Dependencies, "level");
    let only = |operation| move |asked: &'static str| (operation, asked.to_owned());
    let summaries = ["", "window=20s", "ns=shop"].map(only(Operation::Summary));
    let states = ["state=idle", "state=active", "state=idle&level=node"];
    let states = states.map(only(Operation::Workloads));
    let roots = ["of=shop/frontend", "level=namespace&of=shop&direction=both"];
    let roots = roots.map(only(Operation::Dependencies));
    let formats = [
        "aggregate=pod&format=full",
        "aggregate=workload&format=full",
    ];
    let formats = formats.map(only(Operation::Flows));
    let parts = [
        "",
        "limit=3",
        "limit=3&offset=1",
        "offset=1000",
        "window=20s",
        "ns=shop",
        "sort=rtt&limit=5",
        "sort=pps",
        "sort=last_seen",
    ];
    let levels = ["pod", "workload", "service", "namespace", "node"];
    let mut questions: Vec<(Operation, String)> = Vec::new();
    for (operation, name) in [FLOWS, WORKLOADS, DEPENDENCIES] {
        let parts = parts.iter();
        // A workload has no handshake time of its own.
        let parts = parts.filter(|part| operation != Operation::Workloads || !part.contains("rtt"));
        for (level, part) in levels
            .iter()
            .flat_map(|l| parts.clone().map(move |p| (l, p)))
        {
            questions.push((operation, format!("{name}={level}&{part}")));
        }
    }
    questions.extend(
        summaries
            .into_iter()
            .chain(states)
            .chain(roots)
            .chain(formats),
    );
    for scenario in [
        "captures/shop",
        "captures/both-ends",
        "captures/service-vip",
    ] {
        let kept = snapshot(scenario);
        for (operation, asked) in &questions {
            // A copy has nothing that is kept.
            let anew = answer_of(&kept.clone(), *operation, asked);
            for _ in 0..3 {
                let answer = answer_of(&kept, *operation, asked);
                assert_eq!(answer, anew, "{scenario} {operation:?} {asked}");
            }
        }
        // All is kept that there is room for, and much was asked for since.
        for (operation, asked) in &questions {
            let anew = answer_of(&kept.clone(), *operation, asked);
            assert_eq!(
                answer_of(&kept, *operation, asked),
                anew,
                "{operation:?} {asked}"
            );
        }
    }
}

#[test]
fn a_page_is_at_hand_once_its_order_is_kept() {
    let snapshot = snapshot("captures/shop");
    let is_at_hand = |operation, parameters| {
        query::is_at_hand(&snapshot, operation, &parsed(operation, parameters))
    };
    for asked in 0..2 {
        assert!(
            !is_at_hand(Operation::Flows, "limit=5"),
            "asked {asked} times"
        );
        answer(&snapshot, "limit=5");
    }
    for at_hand in ["limit=5", "limit=1&offset=3", "format=full"] {
        assert!(is_at_hand(Operation::Flows, at_hand), "{at_hand}");
    }
    for measured in [
        "sort=rtt",
        "window=20s",
        "ns=shop",
        "rtt_min=1ms",
        "aggregate=namespace",
        "offset=1000",
        "limit=1&offset=100000",
    ] {
        assert!(!is_at_hand(Operation::Flows, measured), "{measured}");
    }
    assert!(!is_at_hand(Operation::Summary, ""));
}
