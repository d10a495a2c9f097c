//! The halves of an engine: what one takes in and the other counts is what a whole one counts.

use analyzer::engine::{Engine, Load, Settings};
use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::query::Operation;
use analyzer::time::Timestamp;

use crate::script::{ask, parse, snapshot};

/// Enough for several loads.
const FRAMES: usize = 5_000;

/// Frames of questions and answers, of which one in `other` is no packet.
fn frames(other: usize) -> Vec<Vec<u8>> {
    let frame = |number: usize| {
        let (client, port) = (number / 2 % 7 + 1, 4_000 + number / 2 % 300);
        let line = match (number % other, number % 2) {
            (0, _) => return vec![0; 3],
            (_, 0) => format!("0 10.0.0.{client}:{port} > 10.0.1.1:53 udp len={client}"),
            (_, _) => format!("0 10.0.1.1:53 > 10.0.0.{client}:{port} udp len=100"),
        };
        parse(&line)[0].octets()
    };
    (1..=FRAMES).map(frame).collect()
}

/// The answers of an engine that was given frames by `give`.
fn answers(
    frames: &[Vec<u8>],
    give: impl FnOnce(&mut Engine, &mut dyn Iterator<Item = Frame<'_>>),
) -> String {
    let mut frames = (0..).zip(frames).map(|(number, data)| Frame {
        time: Timestamp::from_nanos(number * 1_000_000),
        link: LinkType(101),
        original_len: u32::try_from(data.len()).unwrap(),
        offload: Offload::Unknown,
        data,
        origin: Origin::default(),
    });
    let mut engine = Engine::new(Settings::default());
    give(&mut engine, &mut frames);
    let snapshot = snapshot(engine);
    assert!(snapshot.coverage.closes(), "{:?}", snapshot.coverage);
    serde_json::to_string(&ask(&snapshot, Operation::Flows, "format=full")).unwrap()
}

#[test]
fn halves_count_every_packet_once() {
    for other in [2, 3, 50, FRAMES + 1] {
        let frames = frames(other);
        let whole = answers(&frames, |engine, frames| {
            frames.for_each(|frame| engine.ingest(&frame));
        });
        let parted = answers(&frames, |engine, frames| {
            let (mut parsing, mut counting) = engine.halves();
            let mut load = Load::default();
            for frame in frames {
                parsing.ingest(&frame);
                if parsing.is_full() {
                    load = parsing.take(load);
                    counting.count(&load);
                }
            }
        });
        assert_eq!(parted, whole, "one in {other} is no packet");
    }
}
