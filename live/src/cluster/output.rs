//! What the watch gives: changes, numbered in the order in which they come.

use std::cell::Cell;

use analyzer::cluster::change::Change;
use objects::document::field::FieldError;
use tokio::sync::mpsc;

use crate::clock;
use crate::cluster::known::Happening;

/// Where changes go.
#[derive(Debug)]
pub(super) struct Output {
    sender: mpsc::Sender<Change>,
    lines: Cell<u64>,
}

/// Nobody reads the changes any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed;

impl Output {
    pub(super) const fn new(sender: mpsc::Sender<Change>) -> Self {
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
        let place = self.sender.reserve().await.map_err(|_| Closed)?;
        // Numbered as they stand in the channel: nothing comes in between.
        change.line = self.lines.get();
        self.lines.set(change.line + 1);
        place.send(change);
        Ok(Ok(()))
    }
}
