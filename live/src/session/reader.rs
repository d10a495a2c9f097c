//! The reader: takes blocks from the ring, and what else came between them.

use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use analyzer::time::Timestamp;

use crate::capture::{CaptureError, InterfaceNames, Ring};
use crate::clock::{Stopwatch, now};
use crate::cluster::{ClusterEvents, ClusterWatch};
use crate::session::Ended;
use crate::session::intake::{Intake, Look};
use crate::session::pods::PodRings;
use crate::session::reached::Reached;

/// How long a block is waited for before it is looked whether something else came.
const WAIT: Duration = Duration::from_millis(50);
/// How long the last block is waited for: longer than the kernel keeps one that is not full.
const LAST: Duration = Duration::from_millis(250);
/// How often the kernel is asked what it lost.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is looked for new sockets of this process.
const LOOK_FOR_SOCKETS: Duration = Duration::from_millis(100);
/// Changes of the cluster that are taken between two blocks: frames are not to wait long.
const CHANGES: usize = 1_000;

/// What the thread that reads has.
pub(super) struct Reader {
    pub(super) ring: Ring,
    pub(super) pods: Option<PodRings>,
    pub(super) intake: Intake,
    pub(super) cluster: Option<(ClusterWatch, ClusterEvents)>,
    /// Where copies of the engine are to go.
    pub(super) asked: Receiver<Sender<Look>>,
    pub(super) stop: Arc<AtomicBool>,
    /// How far the ring was read.
    pub(super) reached: Reached,
}

impl Reader {
    /// Reads until it is told to stop, or the kernel gives the ring up. Either way it says what is
    /// known then, and ends what is recorded.
    pub(super) fn run(mut self) -> Ended {
        let read = self.ring.interface_names().and_then(|names| {
            self.read_until_stopped(&names)?;
            self.read_rest(&names)
        });
        self.intake.pass(now());
        let (Look { engine, provenance }, recorded) = self.intake.end();
        Ended {
            snapshot: engine.into_snapshot(provenance),
            recorded,
            failure: read.err(),
        }
    }

    fn read_until_stopped(&mut self, names: &InterfaceNames) -> Result<(), CaptureError> {
        let (mut looked, mut looked_for_sockets) = (Stopwatch::start(), Stopwatch::start());
        self.intake.find_own_sockets();
        // It is watched from now on, also where nothing passes.
        self.intake.pass(now());
        while !self.stop.load(Ordering::Relaxed) {
            self.read(names, &mut looked_for_sockets)?;
            self.take_changes();
            if let Some(pods) = &mut self.pods {
                pods.take_news(&mut self.intake);
            }
            if looked.elapsed() >= LOOK {
                looked = Stopwatch::start();
                if let Some(pods) = &mut self.pods {
                    pods.refresh(&mut self.intake);
                }
                self.lose()?;
                self.intake.pass(self.time());
                self.intake.flush();
            }
            self.answer();
        }
        Ok(())
    }

    /// Counts the next block of each ring, if there is one soon.
    fn read(
        &mut self,
        names: &InterfaceNames,
        looked_for_sockets: &mut Stopwatch,
    ) -> Result<(), CaptureError> {
        let block = match &self.pods {
            None => self.ring.next_block(WAIT)?,
            Some(pods) => {
                let rings = iter::once(&self.ring).chain(pods.rings());
                Ring::wait_for_any(rings, WAIT)?;
                self.ring.next_block(Duration::ZERO)?
            }
        };
        // A socket is there before its first frame.
        if looked_for_sockets.elapsed() >= LOOK_FOR_SOCKETS {
            *looked_for_sockets = Stopwatch::start();
            self.intake.find_own_sockets();
        }
        if let Some(block) = block {
            let mut latest = Timestamp::MIN;
            let frames = block
                .frames()
                .inspect(|frame| latest = latest.max(frame.time));
            self.intake.take(frames, |index| names.name(index));
            self.reached.block(latest);
        } else {
            self.reached.drained();
        }
        if let Some(pods) = &mut self.pods {
            pods.read(&mut self.intake);
        }
        Ok(())
    }

    /// How late it is in what was read of every ring.
    fn time(&self) -> Timestamp {
        let now = now();
        let here = self.reached.time(now);
        let in_pods = self.pods.as_ref().map(|pods| pods.time(now));
        in_pods.map_or(here, |in_pods| here.min(in_pods))
    }

    /// Takes note of what every ring lost.
    fn lose(&mut self) -> Result<(), CaptureError> {
        let here = self.ring.statistics()?;
        let in_pods = self.pods.as_mut().map(PodRings::statistics);
        self.intake.lose(here + in_pods.unwrap_or_default());
        Ok(())
    }

    fn take_changes(&mut self) {
        let Some((_, events)) = &mut self.cluster else {
            return;
        };
        for _ in 0..CHANGES {
            let Some(change) = events.try_next() else {
                return;
            };
            self.intake.apply(change);
        }
    }

    /// Gives a copy to everyone who asked.
    fn answer(&mut self) {
        while let Ok(asker) = self.asked.try_recv() {
            self.intake.pass(self.time());
            // Who went away meanwhile wants it no more.
            drop(asker.send(self.intake.look()));
        }
    }

    /// Takes what passed until now. What goes on passing is not waited for, and neither does a clock
    /// that is set back keep it here.
    fn read_rest(&mut self, names: &InterfaceNames) -> Result<(), CaptureError> {
        let stopped = now();
        for _ in 0..=self.ring.blocks() {
            let Some(block) = self.ring.next_block(LAST)? else {
                break;
            };
            let mut latest = Timestamp::MIN;
            let frames = block
                .frames()
                .inspect(|frame| latest = latest.max(frame.time));
            self.intake.take(frames, |index| names.name(index));
            if latest > stopped {
                break;
            }
        }
        if let Some(pods) = &mut self.pods {
            // What passed is handed over by now, as the node's last block was waited for.
            for _ in 0..=pods.blocks() {
                pods.read(&mut self.intake);
            }
        }
        self.lose()
    }
}
