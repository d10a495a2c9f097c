//! The watch: snapshots of a session, for any number of threads.
//!
//! **Shape** a snapshot is made when somebody asks and the newest one is old: at most one a second,
//! and so seldom that the reader spends at most a tenth of its time copying. Nobody asks, nothing is
//! made. Who comes while one is being made waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use analyzer::snapshot::Snapshot;

use crate::clock::Stopwatch;
use crate::session::intake::Look;

/// A snapshot is new for so long.
const FRESH: Duration = Duration::from_secs(1);
/// And for this many times as long as it took to make.
const REST: u32 = 10;

/// Looks at a session.
pub struct Watch {
    asks: Sender<Sender<Look>>,
    newest: Mutex<Newest>,
    /// Whether the session has ended.
    over: Arc<AtomicBool>,
}

struct Newest {
    snapshot: Arc<Snapshot>,
    made: Stopwatch,
    /// How long it counts as new.
    fresh: Duration,
}

impl Watch {
    /// `over` says from when on nobody answers who asks.
    pub(super) fn new(asks: Sender<Sender<Look>>, start: Look, over: Arc<AtomicBool>) -> Self {
        let snapshot = Arc::new(start.engine.into_snapshot(start.provenance));
        Self {
            asks,
            newest: Mutex::new(Newest {
                snapshot,
                made: Stopwatch::start(),
                fresh: Duration::ZERO,
            }),
            over,
        }
    }

    /// Whether it goes on: snapshots are of now. It does not after a fault of the thread that reads.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    /// What is known now, or was a moment ago. When the session has ended, what was known last.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        // What a thread that panicked left is whole: it is replaced as a whole.
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.made.elapsed() >= newest.fresh
            && let Some(look) = self.ask()
        {
            let made = Stopwatch::start();
            let snapshot = Arc::new(look.engine.into_snapshot(look.provenance));
            let fresh = FRESH.max(made.elapsed() * REST);
            *newest = Newest {
                snapshot,
                made,
                fresh,
            };
        }
        Arc::clone(&newest.snapshot)
    }

    fn ask(&self) -> Option<Look> {
        let (reply, look) = mpsc::channel();
        self.asks.send(reply).ok()?;
        look.recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use analyzer::engine::{Engine, Settings};
    use analyzer::snapshot::{Provenance, Source};

    use super::*;

    fn look(dropped: u64) -> Look {
        Look {
            engine: Engine::new(Settings::default()),
            provenance: Provenance {
                dropped,
                ..Provenance::new(Source::Live)
            },
        }
    }

    fn dropped(watch: &Watch) -> u64 {
        watch.snapshot().provenance.dropped
    }

    #[test]
    fn a_snapshot_is_made_when_somebody_asks_and_the_newest_is_old() {
        let (asks, asked) = mpsc::channel::<Sender<Look>>();
        let watch = Watch::new(asks, look(0), Arc::default());
        let session = thread::spawn(move || {
            for (number, asker) in (1..).zip(asked.iter().take(2)) {
                asker.send(look(number)).unwrap();
            }
        });
        assert_eq!(dropped(&watch), 1, "the one of the start is old");
        assert_eq!(dropped(&watch), 1, "this one is new");
        watch.newest.lock().unwrap().fresh = Duration::ZERO;
        assert_eq!(dropped(&watch), 2);
        session.join().unwrap();
        watch.newest.lock().unwrap().fresh = Duration::ZERO;
        assert_eq!(dropped(&watch), 2, "of a session that has ended, the last");
        assert!(watch.goes_on(), "nobody said that it ended");
        watch.over.store(true, Ordering::Relaxed);
        assert!(!watch.goes_on());
    }
}
