//! The intake: frames, changes and the time, in the order in which they come, to an engine, and the
//! same to a recorder.
//!
//! In: whatever the reader has. Out: an engine, and the account of what it was given.
//! **Time** what is expired or forgotten lies behind the clock by more than a frame waits in the
//! ring, so that no packet of it is still to come.
//! **Errors** a recording that cannot go on ends, and is told of; the capture goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use analyzer::cluster::{Change, Names};
use analyzer::engine::Engine;
use analyzer::frame::Frame;
use analyzer::hop::declaration::{PodName, Shown, SourceDeclaration, TakenAt};
use analyzer::snapshot::{Provenance, Source};
use analyzer::time::Timestamp;
use analyzer::traffic::IntervalIndex;
use ipnet::IpNet;

use crate::capture::{InterfaceChoice, Statistics};
use crate::cluster::Health;
use crate::filter::PacketFilter;
use crate::interfaces::Interfaces;
use crate::recorder::{RecordError, Recorder, Recording};
use crate::session::SessionSettings;
use crate::session::own::{OwnSockets, OwnTraffic};
use crate::session::ownership::{Ownership, PodChoice, chosen};

/// A frame is read within a second of its time, unless the reader is starved.
const LAG: Duration = Duration::from_secs(10);
/// The number of the ring among the sources; 0 is the tap between.
const HERE: usize = 1;

/// What there is at a moment: an engine, and where its inputs come from.
pub(super) struct Look {
    pub(super) engine: Engine,
    pub(super) provenance: Provenance,
}

/// The engine and what is known about its inputs.
pub(super) struct Intake {
    engine: Engine,
    interfaces: InterfaceChoice,
    pods: PodChoice,
    /// The interfaces of those pods; `None` while all are captured.
    chosen: Option<BTreeSet<u32>>,
    /// Of their packets, those that are captured; `None` for all.
    filter: Option<PacketFilter>,
    retention: Duration,
    own: Option<OwnSockets>,
    ownership: Option<Ownership>,
    pub(super) health: Option<Health>,
    recorder: Option<Recorder>,
    record_error: Option<RecordError>,
    provenance: Provenance,
    /// What is to be known in any case.
    warnings: Vec<String>,
    /// What is to be known of captures within pods.
    pub(super) in_pods: Vec<String>,
    lost: Statistics,
    /// The interval in which it was last looked for what is old.
    swept: IntervalIndex,
}

impl Intake {
    pub(super) fn new(settings: SessionSettings, interfaces: Option<Interfaces>) -> Self {
        let here = SourceDeclaration {
            name: settings.node.to_string(),
            at: TakenAt::Node(settings.node.clone()),
            shows: shown(&settings),
            ..SourceDeclaration::default()
        };
        Self {
            engine: Engine::new(settings.engine),
            interfaces: settings.interfaces,
            chosen: (!settings.pods.is_all()).then(BTreeSet::new),
            pods: settings.pods,
            filter: None,
            retention: settings.retention,
            own: match settings.own_traffic {
                OwnTraffic::LeftOut { listening, service } => {
                    Some(OwnSockets::new(listening, service))
                }
                OwnTraffic::Counted => None,
            },
            ownership: interfaces.map(|known| Ownership::new(known, settings.node)),
            health: None,
            recorder: None,
            record_error: None,
            provenance: Provenance {
                sources: vec![SourceDeclaration::default(), here],
                ..Provenance::new(Source::Live)
            },
            warnings: Vec::new(),
            in_pods: Vec::new(),
            lost: Statistics::default(),
            swept: IntervalIndex::default(),
        }
    }

    /// Leaves out what a filter does not keep. What it leaves out at a hop may have passed there.
    pub(super) fn set_filter(&mut self, filter: PacketFilter) {
        if let Some(here) = self.provenance.sources.get_mut(HERE) {
            here.shows = Shown::Some;
        }
        self.filter = Some(filter);
    }

    /// Gives a recorder all that comes from now on.
    pub(super) fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
        self.recorded(|recorder, intake| recorder.declare(&intake.provenance.sources));
    }

    /// Counts the frames of a block; `name` says what an interface is called.
    pub(super) fn take<'f>(
        &mut self,
        frames: impl Iterator<Item = Frame<'f>>,
        name: impl Fn(u32) -> Option<String>,
    ) {
        if self.chosen.is_some() {
            // A pod's first packet is there no sooner than the kernel knows its neighbour.
            self.find_owners();
        }
        for frame in frames {
            if self.recorder.is_some() {
                self.take_recorded(&frame, &name);
            } else if self.keeps(&frame, &name) {
                self.engine.ingest(&frame);
            } else {
                self.engine.exclude(&frame);
            }
        }
    }

    fn take_recorded(&mut self, frame: &Frame<'_>, name: impl Fn(u32) -> Option<String>) {
        if self.keeps(frame, name) && !self.engine.excludes(frame) {
            self.recorded(|recorder, _| recorder.frame(frame));
            self.engine.ingest(frame);
        } else {
            self.recorded(|recorder, _| recorder.leave_out(frame));
            self.engine.exclude(frame);
        }
    }

    /// Whether a frame is of an interface that is asked for, and of what is asked for there.
    #[inline]
    fn keeps(&mut self, frame: &Frame<'_>, name: impl Fn(u32) -> Option<String>) -> bool {
        let interface = frame.origin.interface;
        // Within pods only what is kept is captured, and names say nothing of whose they are.
        if frame.origin.source as usize != HERE {
            return true;
        }
        let of_chosen = self.chosen.as_ref();
        of_chosen.is_none_or(|chosen| chosen.contains(&interface))
            && self.interfaces.keeps(interface, frame.time, name)
            && self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.keeps(frame))
    }

    pub(super) fn apply(&mut self, change: Change) {
        self.recorded(|recorder, _| recorder.change(&change));
        if let Some(ownership) = &mut self.ownership {
            ownership.note(&change);
        }
        self.engine.apply(change);
    }

    /// Explains this machine's own addresses, which no cluster does, from now on.
    pub(super) fn apply_machine(&mut self, now: Timestamp) {
        let ownership = self.ownership.as_mut();
        if let Some(machine) = ownership.and_then(|ownership| ownership.machine(now)) {
            self.apply(machine);
        }
    }

    pub(super) fn add_cluster_range(&mut self, range: IpNet) {
        self.engine.add_cluster_range(range);
    }

    pub(super) fn set_names(&mut self, names: Names) {
        self.engine.set_names(names);
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Takes note of what the kernel could not store.
    pub(super) fn lose(&mut self, statistics: Statistics) {
        self.lost = statistics;
        if let Some(recorder) = &mut self.recorder {
            recorder.set_dropped(statistics.dropped);
        }
    }

    /// Looks which sockets this process has, before their frames are counted.
    pub(super) fn find_own_sockets(&mut self) {
        if let Some(own) = &mut self.own
            && own.look()
        {
            self.engine.exclude_sockets(own.sockets());
        }
    }

    /// Takes note that it is `now`: whose interfaces are may have changed, and once an interval
    /// what is over ends and what is old is forgotten.
    pub(super) fn pass(&mut self, now: Timestamp) {
        self.find_owners();
        if self
            .ownership
            .as_ref()
            .is_some_and(Ownership::tells_machine)
        {
            self.apply_machine(now);
        }
        self.engine.reach(now);
        if let Some(recorder) = &mut self.recorder {
            recorder.reach(now);
        }
        let interval = IntervalIndex::of(now);
        if interval != self.swept {
            self.swept = interval;
            let seen = now.saturating_sub(LAG);
            self.engine.expire(seen);
            self.engine.forget(seen.saturating_sub(self.retention));
        }
    }

    /// The pod of this node that has these addresses, when it is one of those that are kept.
    pub(super) fn kept_pod(&self, addresses: &BTreeSet<IpAddr>) -> Option<&PodName> {
        let pod = self.ownership.as_ref()?.pod_at(addresses)?;
        self.pods.holds(pod).then_some(pod)
    }

    /// Whether a pod of this node is known that has a network of its own.
    pub(super) fn has_pods(&self) -> bool {
        self.ownership.as_ref().is_some_and(Ownership::has_pods)
    }

    /// The number of the source that shows the interfaces within a pod; `None` when there are `most`
    /// sources. Pods that follow each other under one name have one.
    pub(super) fn source_in(&mut self, pod: &PodName, most: usize) -> Option<u32> {
        let at = TakenAt::Pod(pod.clone());
        let sources = &mut self.provenance.sources;
        let known = sources.iter().position(|source| source.at == at);
        let number = known.unwrap_or(sources.len());
        if known.is_none() {
            if number >= most {
                return None;
            }
            sources.push(SourceDeclaration {
                name: format!("{}/{}", pod.namespace, pod.name),
                at,
                ..SourceDeclaration::default()
            });
            self.recorded(|recorder, intake| recorder.declare(&intake.provenance.sources));
        }
        u32::try_from(number).ok()
    }

    /// Tells what the interfaces of a source are called.
    pub(super) fn name_interfaces(&mut self, source: u32, names: BTreeMap<u32, Arc<str>>) {
        let declared = self.provenance.sources.get_mut(source as usize);
        if let Some(declared) = declared.filter(|declared| declared.names != names) {
            declared.names = names;
            self.recorded(|recorder, intake| recorder.declare(&intake.provenance.sources));
        }
    }

    /// Takes note that a source shows nothing for now.
    pub(super) fn rest(&mut self, source: u32) {
        self.recorded(|recorder, _| recorder.rest(source));
    }

    /// Hands what is recorded to the system.
    pub(super) fn flush(&mut self) {
        self.recorded(|recorder, _| recorder.flush());
    }

    fn find_owners(&mut self) {
        let (Some(ownership), Some(here)) =
            (&mut self.ownership, self.provenance.sources.get_mut(HERE))
        else {
            return;
        };
        if ownership.refresh(here) {
            if let Some(chosen_before) = &mut self.chosen {
                *chosen_before = chosen(here, &self.pods);
            }
            self.recorded(|recorder, intake| recorder.declare(&intake.provenance.sources));
        }
    }

    /// What there is now, copied.
    pub(super) fn look(&self) -> Look {
        Look {
            engine: self.engine.clone(),
            provenance: self.account(),
        }
    }

    /// What there is in the end, and what was recorded.
    pub(super) fn end(self) -> (Look, Option<Result<Recording, RecordError>>) {
        let look = Look {
            provenance: self.account(),
            engine: self.engine,
        };
        let recorded = match (self.recorder, self.record_error) {
            (_, Some(error)) => Some(Err(error)),
            (recorder, None) => recorder.map(Recorder::finish),
        };
        (look, recorded)
    }

    /// Does something with the recorder, if there is one.
    fn recorded(&mut self, write: impl FnOnce(&mut Recorder, &Self) -> Result<(), RecordError>) {
        let Some(mut recorder) = self.recorder.take() else {
            return;
        };
        match write(&mut recorder, self) {
            Ok(()) => self.recorder = Some(recorder),
            Err(error) => self.record_error = Some(recorder.end_by(error)),
        }
    }

    /// What to know while no interface has a name that is asked for; nothing where the kernel does
    /// not tell what they are called.
    pub(super) fn unmet(&self) -> Option<String> {
        let present = self.ownership.as_ref()?.present();
        let unmet: Vec<&str> = self.interfaces.unmet(&present).collect();
        (!unmet.is_empty()).then(|| {
            format!(
                "--interface {}: no interface of this node is called that, so nothing is captured \
                 of it until there is one; `ip link` lists them",
                unmet.join(", ")
            )
        })
    }

    fn account(&self) -> Provenance {
        let Statistics {
            dropped, freezes, ..
        } = self.lost;
        let lost = (dropped > 0).then(|| {
            format!(
                "{dropped} frames were lost: the ring was full {freezes} times before it was read; \
                 a larger one (--ring-size) outlasts longer bursts, more processor time sustains \
                 more"
            )
        });
        let health = self.health.as_ref().map(Health::warnings);
        let owners = self.ownership.as_ref().and_then(Ownership::warning);
        let none = unknown(self.chosen.as_ref());
        let known = self.warnings.iter().cloned().chain(lost);
        let known = known.chain(owners).chain(none).chain(self.unmet());
        let known = known.chain(self.in_pods.iter().cloned());
        Provenance {
            dropped,
            warnings: known.chain(health.unwrap_or_default()).collect(),
            ..self.provenance.clone()
        }
    }
}

/// What to know while none of the pods that are chosen has an interface here.
fn unknown(chosen: Option<&BTreeSet<u32>>) -> Option<String> {
    chosen.is_some_and(BTreeSet::is_empty).then(|| {
        "nothing is captured: no interface of a pod that --namespace and --pod choose is known on \
         this node; see that they name pods that run here, and that --node names this node"
            .to_owned()
    })
}

/// A choice leaves interfaces out, of which nothing is known then.
fn shown(settings: &SessionSettings) -> Shown {
    if settings.pods.is_all() && settings.interfaces == InterfaceChoice::default() {
        Shown::All
    } else {
        Shown::Some
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_that_captures_nothing_is_said_until_an_interface_is_known() {
        assert_eq!(unknown(None), None);
        assert_eq!(unknown(Some(&[5].into())), None);
        insta::assert_snapshot!(unknown(Some(&BTreeSet::new())).unwrap(), @"nothing is captured: no interface of a pod that --namespace and --pod choose is known on this node; see that they name pods that run here, and that --node names this node");
    }
}
