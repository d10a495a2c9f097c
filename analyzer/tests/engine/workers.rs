//! A snapshot made by any number of workers: the same flows, in the same order.

use std::fmt::Write;
use std::num::NonZeroUsize;

use analyzer::engine::{Engine, Settings};
use analyzer::frame::{Direction, Origin};
use analyzer::query::Operation;
use analyzer::workers::{Alone, Workers};

use crate::script::{Line, ask, ingest_at, parse, provenance};

/// So many, of whom the last one is done first.
struct Backwards(usize);

impl Workers for Backwards {
    fn count(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.0).unwrap()
    }

    fn each(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        assert!(parts <= self.0, "{parts}");
        (0..parts).rev().for_each(work);
    }
}

/// More than lie together when flows are built: each is a question, from a port of its own.
const QUESTIONS: u32 = 9_000;

/// Questions of many clients in turn, some of them over TCP, and answers.
fn questions() -> String {
    let mut script = String::new();
    for number in 0..QUESTIONS {
        let time = f64::from(number) / 250.0;
        let client = format!("10.0.{}.{}:{}", number % 40, number % 97, 2_000 + number);
        let server = format!("10.1.0.{}:53", number % 3);
        let (asks, answers) = if number % 5 == 0 {
            ("S seq=1", "SA seq=9 ack=2")
        } else {
            ("udp len=9", "udp len=30")
        };
        writeln!(script, "{time:.6} {client} > {server} {asks}").unwrap();
        writeln!(script, "{:.6} {server} > {client} {answers}", time + 0.001).unwrap();
    }
    script
}

/// The flows of what was seen at each of some interfaces, and how many they are.
fn flows(lines: &[Line], interfaces: &[u32], workers: &dyn Workers) -> (usize, String) {
    let mut engine = Engine::new(Settings::default());
    for line in lines {
        for interface in interfaces {
            let origin = Origin {
                source: u32::from(*interface > 0),
                interface: *interface,
                direction: Direction::Unknown,
            };
            ingest_at(&mut engine, line, origin);
        }
    }
    let snapshot = engine.into_snapshot_by(provenance(), workers);
    assert!(snapshot.coverage.closes(), "{:?}", snapshot.coverage);
    assert!(snapshot.flows.is_sorted_by_key(|flow| {
        let ends = (flow.key.client.address, flow.key.server.address);
        (flow.key.protocol, ends, flow.key.server_port)
    }));
    let answer = ask(&snapshot, Operation::Flows, "format=full&limit=10000");
    (
        snapshot.flows.len(),
        serde_json::to_string(&answer).unwrap(),
    )
}

#[test]
fn flows_are_the_same_however_many_build_them() {
    let lines = parse(&questions());
    // On the wire, and where each packet passes two interfaces, so that half of them are copies.
    for interfaces in [&[0][..], &[1, 2]] {
        let alone = flows(&lines, interfaces, &Alone);
        assert!(alone.0 > 4_096, "{}", alone.0);
        for workers in [2, 64] {
            let found = flows(&lines, interfaces, &Backwards(workers));
            assert!(found == alone, "{interfaces:?}, {workers} workers");
        }
    }
}
