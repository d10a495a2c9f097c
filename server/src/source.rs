//! Where snapshots come from: the seam between a server and whoever feeds it.

use std::mem;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use analyzer::snapshot::Snapshot;

/// What a server asks for snapshots.
pub trait SnapshotSource: Send + Sync + 'static {
    /// The newest snapshot. It is called once a query, on a thread that may block.
    fn snapshot(&self) -> Arc<Snapshot>;

    /// The same, where that takes no time: it is called on a thread that serves sockets.
    fn at_hand(&self) -> Option<Arc<Snapshot>> {
        None
    }

    /// Whether its snapshots cover what was asked for. It is called on a thread that serves
    /// sockets, so it answers at once.
    fn readiness(&self) -> Readiness;
}

/// Whether snapshots cover everything that is to be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// Not yet; answers cover what was read so far.
    Reading(Progress),
    /// They do.
    Ready,
    /// They never will; answers cover what was read until then.
    Failed(String),
}

/// How far reading has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Octets of captures that were read.
    pub read_bytes: u64,
    /// Octets there are; `None` for a pipe.
    pub total_bytes: Option<u64>,
}

/// A source that one thread writes and any number read.
///
/// A reader takes a reference under a lock that is held for a moment, so a query goes on with the
/// snapshot it began with while the next one is published.
#[derive(Debug)]
pub struct Published(RwLock<Newest>);

#[derive(Debug)]
struct Newest {
    snapshot: Arc<Snapshot>,
    readiness: Readiness,
}

impl Published {
    /// Serves `snapshot`, of which nothing is read yet.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self(RwLock::new(Newest {
            snapshot: Arc::new(snapshot),
            readiness: Readiness::Reading(Progress::default()),
        }))
    }

    /// Serves `snapshot` from now on.
    pub fn publish(&self, snapshot: Snapshot) {
        let replaced = mem::replace(&mut self.write().snapshot, Arc::new(snapshot));
        // Freeing a large snapshot takes a while: not under the lock.
        drop(replaced);
    }

    /// Says how far reading has come, that it has ended, or why it never will.
    pub fn set_readiness(&self, readiness: Readiness) {
        self.write().readiness = readiness;
    }

    fn read(&self) -> RwLockReadGuard<'_, Newest> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Newest> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SnapshotSource for Published {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.read().snapshot)
    }

    fn at_hand(&self) -> Option<Arc<Snapshot>> {
        Some(self.snapshot())
    }

    fn readiness(&self) -> Readiness {
        self.read().readiness.clone()
    }
}
