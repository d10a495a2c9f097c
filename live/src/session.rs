//! A session: what passes a node and what its cluster tells, given to one engine.
//!
//! ```text
//! ring ─────► blocks of frames ─┐                       ┌─► Watch ──► snapshots
//! cluster ──► changes ──────────┼─► intake ──► engine ──┤
//! clock ────► what time it is ──┘                       └─► Running ──► the last one
//! ```
//!
//! **Shape** one thread owns the ring and the engine, so nothing is locked: it takes a block of
//! frames, then whatever came meanwhile. Who wants a snapshot asks it for a copy of the engine, and
//! makes the snapshot on a thread of its own. **Time** is the kernel's for frames, and the clock's
//! for what happens without any: connections end, answers go on, what is too old is forgotten.
//! **Errors** [`CaptureError`], when the kernel gives the ring up: then the session ends with what it
//! knows. [`ReaderPanicked`], when the thread that reads ended by a fault of its own.

mod finale;
mod intake;
mod limits;
mod own;
mod ownership;
mod pods;
mod reached;
mod reader;
mod watch;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use analyzer::cluster::{Change, Names};
use analyzer::engine::Settings;
use analyzer::snapshot::Snapshot;
use ipnet::IpNet;

use crate::capture::{CaptureError, InterfaceChoice, Ring, RingSettings};
use crate::clock::now;
use crate::cluster;
use crate::cluster::connection::Connection;
use crate::filter::PacketFilter;
use crate::interfaces::{Interfaces, InterfacesError};
use crate::namespaces::Namespaces;
use crate::recorder::{RecordError, Recorder, Recording};
use crate::session::finale::Finale;
use crate::session::intake::Intake;
use crate::session::pods::PodRings;
use crate::session::reached::Reached;
use crate::session::reader::Reader;

pub use crate::session::limits::{least_memory, limits};
pub use crate::session::own::OwnTraffic;
pub use crate::session::ownership::PodChoice;
pub use crate::session::pods::{NAMESPACES, ring_in_pods};
pub use crate::session::watch::Watch;

/// How a session works.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    /// The name of this node.
    pub node: Arc<str>,
    /// How the engine works.
    pub engine: Settings,
    /// How long what was counted is kept.
    pub retention: Duration,
    /// Which interfaces are captured.
    pub interfaces: InterfaceChoice,
    /// Whose interfaces are captured.
    pub pods: PodChoice,
    /// Whether this process's own traffic is left out.
    pub own_traffic: OwnTraffic,
}

/// A session that has not begun.
pub struct Session {
    ring: Ring,
    pods: Option<PodRings>,
    intake: Intake,
    cluster: Option<Connection>,
}

/// A session that goes on.
pub struct Running {
    stop: Arc<AtomicBool>,
    reader: JoinHandle<Ended>,
}

/// What is known at the end.
pub struct Ended {
    /// The last snapshot.
    pub snapshot: Snapshot,
    /// What was recorded, or what ended the recording before; `None` when nothing was to be.
    pub recorded: Option<Result<Recording, RecordError>>,
    /// Why the capture ended before it was stopped.
    pub failure: Option<CaptureError>,
}

/// The thread that reads ended by a fault, which it wrote to standard error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the capture ended by a fault of pilotfish, and what it counted is lost; report what is said \
     above, and start it again"
)]
pub struct ReaderPanicked;

impl Session {
    /// A session over a ring that is open. Where the kernel does not say whose interfaces are, it
    /// is learned from traffic.
    ///
    /// # Errors
    /// The kernel does not say it, and pods are chosen: nothing would ever be captured.
    pub fn new(ring: Ring, settings: SessionSettings) -> Result<Self, InterfacesError> {
        let (interfaces, error) = match Interfaces::open() {
            Ok(interfaces) => (Some(interfaces), None),
            Err(error) if settings.pods.is_all() => (None, Some(error)),
            Err(error) => return Err(error),
        };
        let mut intake = Intake::new(settings, interfaces);
        if let Some(error) = error {
            intake.warn(format!(
                "{error}: whose interfaces are is learned from traffic"
            ));
        }
        Ok(Self {
            ring,
            pods: None,
            intake,
            cluster: None,
        })
    }

    /// What to know while no interface has a name that is asked for: one may come.
    #[must_use]
    pub fn unmet(&self) -> Option<String> {
        self.intake.unmet()
    }

    /// Tells it of an object of the cluster that is known before it begins.
    pub fn apply(&mut self, change: Change) {
        self.intake.apply(change);
    }

    /// Tells it that this machine is the node, with the addresses that the kernel says it has now:
    /// for where no cluster explains them.
    pub fn apply_machine(&mut self) {
        self.intake.apply_machine(now());
    }

    /// Declares a range of addresses as the cluster's.
    pub fn add_cluster_range(&mut self, range: IpNet) {
        self.intake.add_cluster_range(range);
    }

    /// Gives names to addresses that no object explains.
    pub fn set_names(&mut self, names: Names) {
        self.intake.set_names(names);
    }

    /// Adds what is to be known before trusting the answers.
    pub fn warn(&mut self, warning: String) {
        self.intake.warn(warning);
    }

    /// Has it follow a cluster while it goes on.
    pub fn follow(&mut self, cluster: Connection) {
        for warning in &cluster.warnings {
            self.intake.warn(warning.clone());
        }
        self.cluster = Some(cluster);
    }

    /// Has it capture within pods too, in the network namespaces that are entered, with rings like
    /// these. To be called when what is known of pods was told.
    pub fn enter_pods(&mut self, namespaces: Namespaces, settings: RingSettings) {
        let mut pods = PodRings::new(namespaces, settings);
        pods.refresh(&mut self.intake);
        self.pods = Some(pods);
    }

    /// Has it leave out what a filter does not keep, and count that as excluded. Before it is
    /// recorded.
    pub fn filter(&mut self, filter: PacketFilter) {
        self.intake.set_filter(filter);
    }

    /// Has it recorded, from what it is told next on.
    pub fn record(&mut self, recorder: Recorder) {
        self.intake.record(recorder);
    }

    /// Begins. `ended` is called when it ends, for whatever reason, a panic too.
    ///
    /// # Errors
    /// There is no thread left.
    pub fn start(mut self, ended: impl FnOnce() + Send + 'static) -> io::Result<(Watch, Running)> {
        let stop = Arc::new(AtomicBool::new(false));
        let (asks, asked) = mpsc::channel();
        let cluster = self.cluster.map(cluster::watch).transpose()?;
        self.intake.health = cluster.as_ref().map(|(watch, _)| watch.health().clone());
        let over = Arc::new(AtomicBool::new(false));
        let watch = Watch::new(asks, self.intake.look(), Arc::clone(&over));
        let reader = Reader {
            ring: self.ring,
            pods: self.pods,
            intake: self.intake,
            cluster,
            asked,
            stop: Arc::clone(&stop),
            reached: Reached::default(),
        };
        let reader = thread::Builder::new()
            .name("reader".to_owned())
            .spawn(move || {
                let _told = Finale::new(move || {
                    over.store(true, Ordering::Relaxed);
                    ended();
                });
                reader.run()
            })?;
        Ok((watch, Running { stop, reader }))
    }
}

impl Running {
    /// Ends it, and says what is known at the end.
    ///
    /// # Errors
    /// Nothing is known: the thread that reads panicked.
    pub fn stop(self) -> Result<Ended, ReaderPanicked> {
        self.stop.store(true, Ordering::Relaxed);
        self.reader.join().map_err(|_| ReaderPanicked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_reader_is_told_and_is_an_error_of_the_session() {
        let (end, ended) = mpsc::channel();
        let reader = thread::spawn(move || -> Ended {
            let _told = Finale::new(move || end.send("ended").unwrap());
            panic!("a fault");
        });
        assert_eq!(ended.recv(), Ok("ended"));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Running { stop, reader }.stop();
        assert_eq!(stopped.err(), Some(ReaderPanicked));
    }
}
