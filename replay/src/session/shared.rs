//! A replay that one thread reads and others watch.
//!
//! **Shape** the engine is behind a lock that is taken for each frame, and never while a frame is
//! waited for: what has arrived can be seen while a pipe is silent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use analyzer::engine::Engine;
use analyzer::snapshot::{Provenance, Snapshot};

use crate::captures::{Captures, Progress};
use crate::session::{Account, Replay};

/// The thread that reads has this.
pub struct Reading {
    captures: Captures,
    account: Account,
    known: Arc<Mutex<Known>>,
}

/// Threads that look on have this.
#[derive(Clone)]
pub struct Watch(Arc<Mutex<Known>>);

/// What both know.
struct Known {
    engine: Engine,
    frames: u64,
    /// As of some frames ago: it is renewed at the next frame after somebody looked.
    provenance: Provenance,
    progress: Progress,
    freshness: Freshness,
}

/// Whether the account of the captures is to be renewed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Fresh,
    LookedAt,
}

impl Replay {
    /// Parts the reading from what is known.
    #[must_use]
    pub fn share(mut self) -> (Reading, Watch) {
        let provenance = self.provenance();
        let known = Arc::new(Mutex::new(Known {
            engine: self.engine,
            frames: self.frames,
            provenance,
            progress: self.captures.progress(),
            freshness: Freshness::LookedAt,
        }));
        let reading = Reading {
            captures: self.captures,
            account: self.account,
            known: Arc::clone(&known),
        };
        (reading, Watch(known))
    }
}

impl Reading {
    /// Reads a frame; `false` when there are no more.
    pub fn step(&mut self) -> bool {
        let Some(frame) = self.captures.next_frame() else {
            return false;
        };
        let mut known = locked(&self.known);
        known.engine.ingest(&frame);
        known.frames += 1;
        if known.freshness == Freshness::LookedAt {
            renew(&mut known, &self.captures, &mut self.account);
        }
        true
    }

    /// What is known at the end. Where nobody watches any more nothing is copied.
    #[must_use]
    pub fn finish(mut self) -> Snapshot {
        self.account.end(&mut locked(&self.known).engine);
        renew(&mut locked(&self.known), &self.captures, &mut self.account);
        match Arc::try_unwrap(self.known) {
            Ok(known) => {
                let known = known.into_inner().unwrap_or_else(PoisonError::into_inner);
                known.engine.into_snapshot(known.provenance)
            }
            Err(known) => Watch(known).snapshot(),
        }
    }
}

impl Watch {
    /// Frames read.
    #[must_use]
    pub fn frames(&self) -> u64 {
        locked(&self.0).frames
    }

    /// How far the reading was when it was last looked at.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut known = locked(&self.0);
        known.freshness = Freshness::LookedAt;
        known.progress
    }

    /// What is known now. The reading waits while the engine is copied, so ask for it now and then.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let (engine, provenance) = {
            let mut known = locked(&self.0);
            known.freshness = Freshness::LookedAt;
            (known.engine.clone(), known.provenance.clone())
        };
        engine.into_snapshot(provenance)
    }
}

fn renew(known: &mut Known, captures: &Captures, account: &mut Account) {
    known.provenance = account.of(&captures.report(), &mut known.engine);
    known.progress = captures.progress();
    known.freshness = Freshness::Fresh;
}

/// What a thread that panicked left is whole: every change of it is.
fn locked(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
