//! How long queries of a million flows take, in process.
//!
//! In: a capture and the objects of its cluster, whose names are the generator's. Out: a table in
//! Markdown; median, 99th percentile and longest time, in milliseconds. Each query is asked with
//! many values, one after the other, on one thread; the first of a kind are not counted, as a
//! snapshot keeps what it was once asked for.

use std::env;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use analyzer::engine::{Limits, Settings};
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Operation, Query};
use analyzer::snapshot::Snapshot;
use anyhow::Context as _;
use replay::{Replay, ReplayInputs};

/// Values that a query is asked with, in turn, and so often.
const VALUES: u32 = 300;
/// Asked before, and not counted.
const WARM_UP: u32 = 2;
/// What is slow is asked no longer than this, but so often at least.
const AT_MOST: Duration = Duration::from_secs(5);
const AT_LEAST: u32 = 5;

/// A question: what it is called, what is asked, and its parameters with a value's number in them.
struct Question {
    name: &'static str,
    operation: Operation,
    parameters: fn(u32) -> Vec<(&'static str, String)>,
    measured: Measured,
}

/// What is measured of an answer.
#[derive(Clone, Copy)]
enum Measured {
    /// Finding it.
    Query,
    /// Writing it, once it is found.
    Json,
}

const QUESTIONS: [Question; 12] = [
    of("a page of 100", Operation::Flows, |_| vec![]),
    of("100 of a namespace", Operation::Flows, |n| {
        vec![("ns", format!("team-{}", 1 + n % 19))]
    }),
    of("100 of a workload", Operation::Flows, |n| {
        vec![("pod", format!("app-{}", 1 + n))]
    }),
    of("100 of a service", Operation::Flows, |n| {
        vec![("server_svc", format!("app-{}", 1 + n))]
    }),
    of("100 of an address", Operation::Flows, |n| {
        vec![("ip", format!("10.244.{}.{}", n % 45, 2 + n % 100))]
    }),
    of("100 of a port, over TCP", Operation::Flows, |n| {
        let ports = ["8080", "5432", "8443", "6379", "80", "9092", "443", "3306"];
        let port = ports.get(n as usize % ports.len()).copied().unwrap_or("80");
        vec![("port", port.to_owned()), ("l4proto", "tcp".to_owned())]
    }),
    of("100 by rate, not of a namespace", Operation::Flows, |n| {
        vec![
            ("sort", "bps".to_owned()),
            ("server_ns", format!("!team-{}", 1 + n % 19)),
        ]
    }),
    of("by namespace", Operation::Flows, |_| {
        vec![("aggregate", "namespace".to_owned())]
    }),
    of("by workload", Operation::Flows, |_| {
        vec![("aggregate", "workload".to_owned())]
    }),
    of("the summary", Operation::Summary, |_| vec![]),
    of("10 000 flows", Operation::Flows, ten_thousand),
    Question {
        measured: Measured::Json,
        ..of("10 000 flows as JSON", Operation::Flows, ten_thousand)
    },
];

const fn of(
    name: &'static str,
    operation: Operation,
    parameters: fn(u32) -> Vec<(&'static str, String)>,
) -> Question {
    Question {
        name,
        operation,
        parameters,
        measured: Measured::Query,
    }
}

/// In both formats, in turn.
fn ten_thousand(number: u32) -> Vec<(&'static str, String)> {
    let format = if number.is_multiple_of(2) {
        "compact"
    } else {
        "full"
    };
    vec![("limit", "10000".to_owned()), ("format", format.to_owned())]
}

fn main() -> anyhow::Result<()> {
    // What cargo adds to the command line of any bench says nothing here.
    let mut arguments = env::args_os()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let usage = "expected a capture and a file of objects; `just bench-queries` names them";
    let (capture, objects) = (
        arguments.next().context(usage)?,
        arguments.next().context(usage)?,
    );
    let snapshot = replayed(&ReplayInputs {
        captures: vec![capture.into()],
        cluster: vec![objects.into()],
        ..ReplayInputs::default()
    })?;
    let mut out = io::stdout().lock();
    writeln!(out, "{} flows\n", snapshot.flows.len())?;
    writeln!(out, "| query | asked | median ms | 99 % ms | longest ms |")?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for question in &QUESTIONS {
        let times = asked(&snapshot, question)?;
        let at = |hundredths: usize| {
            let rank = (times.len() * hundredths).div_ceil(100).max(1) - 1;
            let time = times.get(rank).copied().unwrap_or_default();
            format!("{:.2}", time.as_secs_f64() * 1e3)
        };
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            question.name,
            times.len(),
            at(50),
            at(99),
            at(100)
        )?;
    }
    Ok(())
}

/// What `pilotfish flows` makes of the inputs: single connections are not kept.
fn replayed(inputs: &ReplayInputs) -> anyhow::Result<Snapshot> {
    let limits = Limits {
        connection_records: 0,
        ..Limits::default()
    };
    let settings = Settings {
        limits,
        ..Settings::default()
    };
    let mut replay = Replay::open(inputs, settings)?;
    while replay.step(1 << 16) {}
    Ok(replay.finish())
}

/// How long the question took each time, the shortest first.
fn asked(snapshot: &Snapshot, question: &Question) -> anyhow::Result<Vec<Duration>> {
    let (mut times, mut spent) = (Vec::new(), Duration::ZERO);
    for number in 0..VALUES + WARM_UP {
        let parameters = (question.parameters)(number);
        let query = Query::parse(question.operation, parameters, RowLimit::Bounded)?;
        let began = now();
        let answer = query::run(snapshot, question.operation, &query)?;
        let found = began.elapsed();
        let time = match question.measured {
            Measured::Query => found,
            Measured::Json => {
                black_box(serde_json::to_vec(&answer)?);
                began.elapsed().saturating_sub(found)
            }
        };
        black_box(answer);
        if number >= WARM_UP {
            times.push(time);
            spent += began.elapsed();
        }
        if number >= WARM_UP + AT_LEAST && spent > AT_MOST {
            break;
        }
    }
    times.sort_unstable();
    Ok(times)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long an answer takes is what is measured"
)]
fn now() -> Instant {
    Instant::now()
}
