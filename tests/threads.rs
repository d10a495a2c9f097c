//! However many threads read, and however they are scheduled, the answer is the same.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use analyzer::engine::Settings;
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Operation, Query};
use replay::{Replay, ReplayInputs};

/// What is asked, and with which parameters.
const QUESTIONS: [(Operation, &[(&str, &str)]); 4] = [
    (Operation::Flows, &[("format", "full"), ("limit", "10000")]),
    (Operation::Connections, &[("limit", "10000")]),
    (Operation::Summary, &[]),
    (Operation::Dependencies, &[]),
];

/// All answers, when so many frames are read at a time.
fn answers(scenario: &Path, threads: usize, frames: usize) -> String {
    let inputs = ReplayInputs {
        captures: vec![scenario.to_owned()],
        ..ReplayInputs::default()
    };
    let mut settings = Settings::default();
    settings.limits.connection_records = 100_000;
    let mut replay = Replay::open(&inputs, settings).unwrap();
    replay.set_threads(NonZeroUsize::new(threads).unwrap());
    while replay.step(frames) {}
    let snapshot = replay.finish();
    let mut answers = String::new();
    for (operation, parameters) in QUESTIONS {
        let parameters = parameters.iter().copied();
        let query = Query::parse(operation, parameters, RowLimit::Bounded).unwrap();
        let answer = query::run(&snapshot, operation, &query).unwrap();
        answers += &serde_json::to_string_pretty(&answer).unwrap();
    }
    answers
}

#[test]
fn any_number_of_threads_comes_to_the_answers_of_one() {
    let mut scenarios = 0;
    for entry in fs::read_dir("captures").unwrap() {
        let scenario = entry.unwrap().path();
        if !scenario.join("truth.json").is_file() {
            continue;
        }
        scenarios += 1;
        let expected = answers(&scenario, 1, 1 << 16);
        for (threads, frames) in [(2, 7), (2, 1 << 16), (3, 100)] {
            let found = answers(&scenario, threads, frames);
            assert!(
                found == expected,
                "{}, {threads} threads, {frames} at a time",
                scenario.display()
            );
        }
    }
    assert!(scenarios > 20, "{scenarios}");
}
