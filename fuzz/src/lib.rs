//! What the targets share: a capture's octets to a snapshot, and every answer about it.

use std::io::Cursor;

use analyzer::cluster::change::Change;
use analyzer::engine::{Engine, Limits, Settings};
use analyzer::query::{self, Operation, Query};
use analyzer::snapshot::{Provenance, Snapshot, Source};
use replay::Capture;

/// Small limits, so that a few hundred frames reach every one of them.
#[must_use]
pub fn small_limits() -> Limits {
    Limits {
        connections: 32,
        intervals: 64,
        fragments: 8,
        connection_records: 16,
        names: 8,
        ..Limits::default()
    }
}

/// Reads a capture to its end, in a cluster of these changes; `None` when it is no capture.
///
/// # Panics
/// When frames are lost between the reader and the coverage.
#[must_use]
pub fn snapshot(capture: &[u8], changes: Vec<Change>, limits: Limits) -> Option<Snapshot> {
    let mut capture = Capture::from_reader("input", Cursor::new(capture.to_vec())).ok()?;
    let mut engine = Engine::new(Settings {
        limits,
        ..Settings::default()
    });
    for change in changes {
        engine.apply(change);
    }
    let mut frames = 0;
    while let Some(frame) = capture.next_frame() {
        engine.ingest(&frame);
        frames += 1;
    }
    let snapshot = engine.into_snapshot(Provenance::new(Source::Replay));
    assert_eq!(snapshot.coverage.frames, frames, "every frame is seen");
    assert!(snapshot.coverage.closes(), "{:?}", snapshot.coverage);
    Some(snapshot)
}

/// Asks every operation without parameters, to the last octet of its JSON.
///
/// # Panics
/// When an answer is no JSON.
pub fn answer_everything(snapshot: &Snapshot) {
    for operation in Operation::ALL {
        let answer = query::run(snapshot, operation, &Query::default_of(operation));
        assert!(answer.is_ok_and(|answer| serde_json::to_string(&answer).is_ok()));
    }
}
