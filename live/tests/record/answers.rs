//! What a snapshot answers, as text: all that a live run and its replay have to agree on.

use std::path::Path;

use analyzer::engine::Settings;
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Operation, Query};
use analyzer::snapshot::Snapshot;
use replay::{Replay, ReplayInputs};
use serde_json::Value;

/// The questions.
const QUESTIONS: [(Operation, &str); 6] = [
    (Operation::Flows, "format=full&limit=10000"),
    (Operation::Flows, "aggregate=workload&limit=10000"),
    (Operation::Summary, ""),
    (Operation::Connections, "limit=10000"),
    (Operation::Workloads, "limit=10000"),
    (Operation::Dependencies, "limit=10000"),
];

/// What differs by nature: who was asked, what files there are, what is said of them.
const OF_THE_PRODUCER: [&str; 3] = ["source", "files", "warnings"];

/// All answers, a line each.
pub(crate) fn of(snapshot: &Snapshot) -> String {
    let answers = QUESTIONS.map(|(operation, parameters)| {
        let pairs = parameters
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let query = Query::parse(operation, pairs, RowLimit::Bounded).unwrap();
        let answer = query::run(snapshot, operation, &query).unwrap();
        let mut answer = serde_json::to_value(answer).unwrap();
        let coverage = answer["coverage"].as_object_mut().unwrap();
        for field in OF_THE_PRODUCER {
            assert!(coverage.remove(field).is_some(), "{field}");
        }
        lines(&answer)
    });
    answers.concat()
}

/// A row is a line, so that a difference names it.
fn lines(answer: &Value) -> String {
    let mut text = Vec::new();
    for (name, value) in answer.as_object().unwrap() {
        match value.as_array() {
            Some(rows) => text.extend(rows.iter().map(|row| format!("{name} {row}\n"))),
            None => text.push(format!("{name} {value}\n")),
        }
    }
    text.concat()
}

/// What the replay of a folder answers.
pub(crate) fn of_replay(folder: &Path) -> String {
    of(&replay(folder))
}

/// The replay of a folder, at its end.
pub(crate) fn replay(folder: &Path) -> Snapshot {
    let inputs = ReplayInputs {
        captures: vec![folder.to_owned()],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, settings()).unwrap();
    while replay.step(1_000) {}
    replay.finish()
}

/// The settings of every engine here.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.limits.connection_records = 100_000;
    settings
}
