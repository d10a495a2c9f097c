//! Every scenario under `captures/`, every view: what Pilotfish answers, as snapshots.
//!
//! A row is one line of JSON, so that a difference names the row that changed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

use std::path::{Path, PathBuf};

use analyzer::engine::Settings;
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Answer, Operation, Query};
use analyzer::snapshot::Snapshot;
use replay::{Replay, ReplayInputs};
use serde::Serialize;

/// The views of a scenario: name, operation, parameters.
const VIEWS: [(&str, Operation, &str); 11] = [
    ("flows", Operation::Flows, "limit=10000"),
    ("flows_full", Operation::Flows, "limit=10000&format=full"),
    ("by_pod", Operation::Flows, "limit=10000&aggregate=pod"),
    (
        "by_workload",
        Operation::Flows,
        "limit=10000&aggregate=workload",
    ),
    (
        "by_service",
        Operation::Flows,
        "limit=10000&aggregate=service",
    ),
    (
        "by_namespace",
        Operation::Flows,
        "limit=10000&aggregate=namespace&format=full",
    ),
    ("by_node", Operation::Flows, "limit=10000&aggregate=node"),
    ("summary", Operation::Summary, ""),
    (
        "connections",
        Operation::Connections,
        "limit=10000&sort=first_seen",
    ),
    (
        "workloads",
        Operation::Workloads,
        "limit=10000&level=workload",
    ),
    ("dependencies", Operation::Dependencies, "limit=10000"),
];

#[test]
fn every_scenario_answers_as_accepted() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let scenarios = scenarios();
    assert!(scenarios.len() > 10, "found only {scenarios:?}");
    for scenario in scenarios {
        let snapshot = replay(&scenario);
        let name = scenario.file_name().unwrap().to_string_lossy().into_owned();
        settings.bind(|| {
            for (view, operation, parameters) in VIEWS {
                let text = render(&ask(&snapshot, operation, parameters));
                insta::assert_snapshot!(format!("{name}__{view}"), text);
            }
            let coverage = snapshot.coverage_view(&query::window::Window::default());
            let text = serde_json::to_string_pretty(&coverage).unwrap();
            insta::assert_snapshot!(format!("{name}__coverage"), text);
        });
    }
}

#[test]
fn every_scenario_accounts_for_every_frame() {
    for scenario in scenarios() {
        let coverage = replay(&scenario).coverage;
        assert!(coverage.frames > 0, "{}", scenario.display());
        assert!(coverage.closes(), "{}: {coverage:?}", scenario.display());
    }
}

#[test]
fn totals_are_the_sum_of_the_four_counters() {
    for scenario in scenarios() {
        let Answer::Flows(view) = ask(&replay(&scenario), Operation::Flows, "limit=10000") else {
            panic!("flows were asked for");
        };
        for flow in view.flows {
            let (client, server) = (&flow.client_stats, &flow.server_stats);
            let packets = client.tx_pkts + client.rx_pkts + server.tx_pkts + server.rx_pkts;
            let bytes = client.tx_bytes + client.rx_bytes + server.tx_bytes + server.rx_bytes;
            assert_eq!((flow.totals.pkts, flow.totals.bytes), (packets, bytes));
        }
    }
}

/// The folders under `captures/` that hold a scenario, in order of name.
fn scenarios() -> Vec<PathBuf> {
    // Tests run in the package's folder: paths in warnings are the same on every machine.
    let captures = Path::new("captures");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(captures)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("truth.json").is_file())
        .collect();
    folders.sort();
    folders
}

fn replay(scenario: &Path) -> Snapshot {
    let inputs = ReplayInputs {
        captures: vec![scenario.to_owned()],
        ..ReplayInputs::default()
    };
    let mut settings = Settings::default();
    settings.limits.connection_records = 100_000;
    let mut replay = Replay::open(&inputs, settings).unwrap();
    while replay.step(1_000) {}
    replay.finish()
}

fn ask(snapshot: &Snapshot, operation: Operation, parameters: &str) -> Answer {
    let pairs = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let query = Query::parse(operation, pairs, RowLimit::Bounded).unwrap();
    query::run(snapshot, operation, &query).unwrap()
}

/// One line a row; coverage has a snapshot of its own.
fn render(answer: &Answer) -> String {
    match answer {
        Answer::Flows(view) => rows(&view.flows, view.total),
        Answer::Connections(view) => rows(&view.connections, view.total),
        Answer::Workloads(view) => rows(&view.workloads, view.total),
        Answer::Dependencies(view) => rows(&view.edges, view.total),
        Answer::Diff(view) => rows(&view.edges, view.total),
        Answer::Summary(view) => {
            let mut view = serde_json::to_value(view).unwrap();
            view.as_object_mut().unwrap().remove("coverage");
            serde_json::to_string_pretty(&view).unwrap()
        }
    }
}

fn rows<T: Serialize>(rows: &[T], total: usize) -> String {
    let lines: Vec<String> = rows
        .iter()
        .map(|row| serde_json::to_string(row).unwrap())
        .collect();
    format!("{}\ntotal: {total}", lines.join("\n"))
}
