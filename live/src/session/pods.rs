//! Rings within pods: one in each network namespace whose addresses are those of a pod of this
//! node.
//!
//! In: what the opener tells of namespaces, and which pods there are. Out: blocks of frames, each
//! ring's a source of its own that was taken in its pod.
//! **Shape** a namespace whose pod is not known yet is asked for its addresses again each second. One
//! that nobody is in any more is read to its end, then let go: until then the kernel keeps it.
//! **Errors** none ends the session: what can not be captured is told, and counted elsewhere.

mod told;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::time::Duration;

use analyzer::hop::declaration::PodName;
use analyzer::time::Timestamp;

use crate::capture::{CaptureError, Ring, RingSettings, Statistics};
use crate::clock::Stopwatch;
use crate::interfaces::Interfaces;
use crate::namespaces::{NamespaceId, Namespaces, News, Sockets};
use crate::session::intake::Intake;
use crate::session::pods::told::Told;
use crate::session::reached::Reached;

/// Pods that are captured in at a time: more than a node has by default.
pub const NAMESPACES: usize = 128;
/// Namespaces that may turn out to be a pod's, besides.
const WAITING: usize = 128;
/// Sources of a session, by the names of pods.
const SOURCES: usize = 4_096;
/// How long a ring is read that nobody sends to: longer than the kernel keeps a block that is not
/// full.
const LAST: Duration = Duration::from_millis(250);
/// A pod's ring is so much smaller than its node's.
const SHARE: usize = 64;

/// The rings of pods beside a ring of a node: smaller, and each as large.
#[must_use]
pub fn ring_in_pods(of_node: &RingSettings) -> RingSettings {
    RingSettings {
        octets: (of_node.octets / SHARE).max(RingSettings::LEAST_OCTETS),
        ..*of_node
    }
}

/// The namespaces that were entered, and their rings.
pub(super) struct PodRings {
    namespaces: Namespaces,
    settings: RingSettings,
    known: BTreeMap<NamespaceId, Namespace>,
    /// What rings counted that are closed.
    closed: Statistics,
    told: Told,
}

/// A namespace that was entered.
struct Namespace {
    interfaces: Interfaces,
    state: State,
}

enum State {
    /// It is no pod's yet, or of none that is kept.
    Unknown(OwnedFd),
    /// It is a pod's, and captured in.
    Captured(PodRing),
    /// It can not be captured in.
    Failed,
}

struct PodRing {
    pod: PodName,
    source: u32,
    ring: Ring,
    reached: Reached,
    /// Since when nobody is in the namespace.
    left: Option<Stopwatch>,
}

impl PodRings {
    pub(super) fn new(namespaces: Namespaces, settings: RingSettings) -> Self {
        Self {
            namespaces,
            settings,
            known: BTreeMap::new(),
            closed: Statistics::default(),
            told: Told::default(),
        }
    }

    /// The rings that are read.
    pub(super) fn rings(&self) -> impl Iterator<Item = &Ring> {
        self.captured().map(|captured| &captured.ring)
    }

    /// Takes in what the opener told, what pods there are, and what interfaces are called.
    pub(super) fn refresh(&mut self, intake: &mut Intake) {
        self.take_news(intake);
        let ids: Vec<NamespaceId> = self.known.keys().copied().collect();
        for id in ids {
            self.capture(id, intake);
        }
        self.tell(intake);
    }

    /// Takes in what the opener told.
    pub(super) fn take_news(&mut self, intake: &mut Intake) {
        while let Some(news) = self.namespaces.try_next() {
            match news {
                News::Entered(id, sockets) => self.enter(id, sockets, intake),
                News::Left(id) => self.leave(id),
                News::Refused(_, error) => self.told.refuse(error),
                News::Ended => self.told.end(),
                News::Looked => {}
            }
        }
    }

    /// Counts the next block of each ring that has one.
    pub(super) fn read(&mut self, intake: &mut Intake) {
        let mut over = Vec::new();
        for (id, namespace) in &mut self.known {
            let State::Captured(captured) = &mut namespace.state else {
                continue;
            };
            match captured.read(intake) {
                Ok(Progress::GoesOn) => {}
                Ok(Progress::Over) => over.push(*id),
                Err(error) => {
                    self.told.fail(&captured.pod, &error);
                    over.push(*id);
                }
            }
        }
        for id in over {
            self.close(id, intake);
        }
    }

    /// How late it is in what was read of all rings.
    pub(super) fn time(&self, now: Timestamp) -> Timestamp {
        let times = self.captured().map(|captured| captured.reached.time(now));
        times.min().unwrap_or(now)
    }

    /// Blocks that may be waiting to be read, in the ring that has most.
    pub(super) fn blocks(&self) -> usize {
        self.rings().map(Ring::blocks).max().unwrap_or_default()
    }

    /// What was stored and lost, in all rings there were.
    pub(super) fn statistics(&mut self) -> Statistics {
        let mut all = self.closed;
        for namespace in self.known.values_mut() {
            if let State::Captured(captured) = &mut namespace.state {
                all = all + captured.ring.statistics().unwrap_or_default();
            }
        }
        all
    }

    fn captured(&self) -> impl Iterator<Item = &PodRing> {
        self.known
            .values()
            .filter_map(|namespace| match &namespace.state {
                State::Captured(captured) => Some(captured),
                State::Unknown(_) | State::Failed => None,
            })
    }

    fn enter(&mut self, id: NamespaceId, sockets: Sockets, intake: &mut Intake) {
        if self.known.len() >= NAMESPACES + WAITING {
            self.told.leave_out();
            return;
        }
        match Interfaces::open_in(sockets.answers, sockets.news) {
            Ok(interfaces) => {
                let state = State::Unknown(sockets.packets);
                self.known.insert(id, Namespace { interfaces, state });
                self.capture(id, intake);
            }
            Err(error) => self.told.fail_namespace(&error),
        }
    }

    /// Nobody is in it: what was captured is read, then the ring is closed.
    fn leave(&mut self, id: NamespaceId) {
        match self.known.get_mut(&id).map(|known| &mut known.state) {
            Some(State::Captured(captured)) => captured.left = Some(Stopwatch::start()),
            Some(State::Unknown(_) | State::Failed) => drop(self.known.remove(&id)),
            None => {}
        }
    }

    /// Looks for the pod of a namespace, and begins to capture there; of one that is captured, takes
    /// in what interfaces are called.
    fn capture(&mut self, id: NamespaceId, intake: &mut Intake) {
        let Some(Namespace { interfaces, state }) = self.known.get_mut(&id) else {
            return;
        };
        // What is known stays known while the kernel does not answer.
        drop(interfaces.refresh());
        match state {
            State::Captured(captured) => {
                intake.name_interfaces(captured.source, interfaces.names());
            }
            State::Failed => {}
            State::Unknown(_) => {
                let pod = intake.kept_pod(&interfaces.addresses()).cloned();
                if let Some(pod) = pod.filter(|pod| self.captured().all(|other| other.pod != *pod))
                {
                    self.begin(id, pod, intake);
                }
            }
        }
    }

    /// Begins to capture in the namespace of a pod.
    fn begin(&mut self, id: NamespaceId, pod: PodName, intake: &mut Intake) {
        let is_room = self.captured().count() < NAMESPACES;
        let Some(Namespace { interfaces, state }) = self.known.get_mut(&id) else {
            return;
        };
        let State::Unknown(socket) = std::mem::replace(state, State::Failed) else {
            return;
        };
        let Some(source) = is_room.then(|| intake.source_in(&pod, SOURCES)).flatten() else {
            self.told.leave_out();
            return;
        };
        let settings = RingSettings {
            source,
            ..self.settings
        };
        match Ring::open_in(socket, &settings) {
            Ok(ring) => {
                intake.name_interfaces(source, interfaces.names());
                *state = State::Captured(PodRing {
                    pod,
                    source,
                    ring,
                    reached: Reached::default(),
                    left: None,
                });
            }
            Err(error) => self.told.fail(&pod, &error),
        }
    }

    fn close(&mut self, id: NamespaceId, intake: &mut Intake) {
        let Some(State::Captured(mut captured)) = self.known.remove(&id).map(|known| known.state)
        else {
            return;
        };
        let counted = captured.ring.statistics().unwrap_or_default();
        self.closed = self.closed + counted;
        intake.rest(captured.source);
    }

    fn tell(&self, intake: &mut Intake) {
        let is_blind = self.known.is_empty() && intake.has_pods();
        intake.in_pods = self.told.warnings(is_blind);
    }
}

/// Whether a ring is read any further.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    GoesOn,
    Over,
}

impl PodRing {
    fn read(&mut self, intake: &mut Intake) -> Result<Progress, CaptureError> {
        let left = self.left.is_some_and(|left| left.elapsed() >= LAST);
        let Some(block) = self.ring.next_block(Duration::ZERO)? else {
            self.reached.drained();
            return Ok(if left {
                Progress::Over
            } else {
                Progress::GoesOn
            });
        };
        let mut latest = Timestamp::MIN;
        let frames = block
            .frames()
            .inspect(|frame| latest = latest.max(frame.time));
        intake.take(frames, |_| None);
        self.reached.block(latest);
        Ok(Progress::GoesOn)
    }
}
