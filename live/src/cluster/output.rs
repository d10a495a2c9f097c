//! What the watch gives: changes for the engine, and the same as lines for a recorder.

use std::cell::Cell;

use analyzer::cluster::change::Change;
use objects::document::field::FieldError;
use tokio::sync::mpsc;

use crate::clock;
use crate::cluster::known::Happening;

/// A change of the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClusterEvent {
    /// The change, for the engine.
    pub change: Change,
    /// The same as a line of a timeline, without its end: a replay of it makes the same change.
    pub line: String,
}

/// Where events go.
#[derive(Debug)]
pub(super) struct Output {
    sender: mpsc::Sender<ClusterEvent>,
    lines: Cell<u64>,
}

/// Nobody reads the events any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed;

impl Output {
    pub(super) const fn new(sender: mpsc::Sender<ClusterEvent>) -> Self {
        Self {
            sender,
            lines: Cell::new(0),
        }
    }

    /// Gives what happened, if it says anything of the cluster; an object that is wrong is left
    /// out, and its error is the answer.
    pub(super) async fn give(
        &self,
        (kind, object): Happening,
    ) -> Result<Result<(), FieldError>, Closed> {
        let time = clock::now();
        let mut change = match object.change(kind, time, 0) {
            Ok(Some(change)) => change,
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        };
        let line = object.timeline_line(kind, time);
        let place = self.sender.reserve().await.map_err(|_| Closed)?;
        // Numbered as they stand in the channel: nothing comes in between.
        change.line = self.lines.get();
        self.lines.set(change.line + 1);
        place.send(ClusterEvent { change, line });
        Ok(Ok(()))
    }
}
