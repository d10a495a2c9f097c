//! `docs/questions.md`: every question has its call, over HTTP and on the command line, and the
//! answer that is printed there is the one that is given.
//!
//! `PILOTFISH_UPDATE=1 cargo test --test questions` writes the answers anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

use std::fs;
use std::process::Command;

use analyzer::query::Operation;
use analyzer::query::parse::RowLimit;

const PAGE: &str = "docs/questions.md";

/// What people ask.
const QUESTIONS: [&str; 13] = [
    "What services does the frontend depend on?",
    "Generate a dependency graph for the checkout service",
    "Which pods communicate with the database?",
    "Show all cross-namespace traffic",
    "What's connecting to the secrets-manager service?",
    "Are there any unexpected connections to sensitive namespaces?",
    "Which connections use the most bandwidth?",
    "Top 10 flows by packet rate",
    "How much traffic is going to external IPs?",
    "Which pods are actively communicating right now?",
    "What namespaces have traffic flowing?",
    "Is the payment-service receiving any connections?",
    "Show me TCP flows with handshake times over 10ms",
];

/// One question of the page.
struct Entry<'p> {
    question: &'p str,
    curl: &'p str,
    command: &'p str,
    answer: &'p str,
}

/// The questions, each with the block of its calls and the block of its answer.
fn entries(page: &str) -> Vec<Entry<'_>> {
    let sections = page.split("\n## ").skip(1);
    let entry = |section| {
        let (question, rest): (&str, &str) = str::split_once(section, '\n').unwrap();
        let (_, rest) = rest.split_once("```sh\n").expect(question);
        let (calls, rest) = rest.split_once("\n```\n").expect(question);
        let (curl, command) = calls.split_once('\n').expect(question);
        let (_, rest) = rest.split_once("```").expect(question);
        let (_, rest) = rest.split_once('\n').expect(question);
        let (answer, _) = rest.split_once("```\n").expect(question);
        Entry {
            question,
            curl,
            command,
            answer,
        }
    };
    sections.map(entry).collect()
}

/// The operation of a call over HTTP, and its parameters.
fn asked(curl: &str) -> (Operation, Vec<(&str, &str)>) {
    let target = curl.strip_prefix("curl 'localhost:8898").unwrap();
    let target = target.strip_suffix('\'').unwrap();
    let (path, parameters) = target.split_once('?').unwrap();
    let mut operations = Operation::ALL.into_iter();
    let operation = operations.find(|operation| operation.path() == path);
    let parameters = parameters.split('&');
    let parameters = parameters.map(|pair| pair.split_once('=').unwrap());
    (operation.expect(path), parameters.collect())
}

/// The same call on the command line.
fn command(curl: &str) -> String {
    let (operation, parameters) = asked(curl);
    let options = parameters.into_iter().map(|(name, value)| match name {
        "format" => format!(" -o {value}"),
        // A shell takes these for its own.
        _ if value.contains(['!', '*']) => format!(" --{} '{value}'", name.replace('_', "-")),
        _ => format!(" --{} {value}", name.replace('_', "-")),
    });
    let options: String = options.collect();
    format!("pilotfish {} captures/shop{options}", operation.name())
}

fn run(command: &str) -> String {
    let words = command.replace('\'', "");
    let output = Command::new(env!("CARGO_BIN_EXE_pilotfish"))
        .args(words.split(' ').skip(1))
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_question_is_answered_by_one_call_the_same_both_ways() {
    let page = fs::read_to_string(PAGE).unwrap();
    let entries = entries(&page);
    let questions: Vec<&str> = entries.iter().map(|entry| entry.question).collect();
    assert_eq!(questions, QUESTIONS);
    for entry in &entries {
        assert_eq!(entry.command, command(entry.curl), "{}", entry.question);
        let (operation, parameters) = asked(entry.curl);
        let query = analyzer::query::Query::parse(operation, parameters, RowLimit::Bounded);
        assert!(query.is_ok(), "{}: {query:?}", entry.question);
    }
}

#[test]
fn the_answers_are_those_that_are_given() {
    let page = fs::read_to_string(PAGE).unwrap();
    let mut renewed = page.clone();
    for entry in entries(&page) {
        let calls = format!("{}\n{}\n```\n", entry.curl, entry.command);
        let (before, after) = renewed.split_once(&calls).unwrap();
        let after = after.replacen(entry.answer, &run(entry.command), 1);
        renewed = format!("{before}{calls}{after}");
    }
    if std::env::var_os("PILOTFISH_UPDATE").is_some() {
        fs::write(PAGE, &renewed).unwrap();
        return;
    }
    assert!(
        renewed == page,
        "{PAGE} is out of date: look at what changed after PILOTFISH_UPDATE=1 cargo test --test questions"
    );
}
