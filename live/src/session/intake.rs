//! The intake: frames, changes and the time, in the order in which they come, to an engine.
//!
//! In: whatever the reader has. Out: an engine, and the account of what it was given.
//! **Time** what is expired or forgotten lies behind the clock by more than a frame waits in the
//! ring, so that no packet of it is still to come.

use std::time::Duration;

use analyzer::cluster::{Change, Names};
use analyzer::engine::Engine;
use analyzer::frame::Frame;
use analyzer::hop::declaration::{SourceDeclaration, TakenAt};
use analyzer::snapshot::{Provenance, Source};
use analyzer::time::Timestamp;
use analyzer::traffic::IntervalIndex;
use ipnet::IpNet;

use crate::capture::{InterfaceChoice, Statistics};
use crate::session::SessionSettings;
use crate::session::own::{OwnSockets, OwnTraffic};

/// A frame is read within a second of its time, unless the reader is starved.
const LAG: Duration = Duration::from_secs(10);

/// What there is at a moment: an engine, and where its inputs come from.
pub(super) struct Look {
    pub(super) engine: Engine,
    pub(super) provenance: Provenance,
}

/// The engine and what is known about its inputs.
pub(super) struct Intake {
    engine: Engine,
    interfaces: InterfaceChoice,
    retention: Duration,
    own: Option<OwnSockets>,
    provenance: Provenance,
    /// What is to be known in any case.
    warnings: Vec<String>,
    lost: Statistics,
    /// The interval in which it was last looked for what is old.
    swept: IntervalIndex,
}

impl Intake {
    pub(super) fn new(settings: SessionSettings) -> Self {
        let SessionSettings {
            node,
            engine,
            retention,
            interfaces,
            own_traffic,
        } = settings;
        let here = SourceDeclaration {
            name: node.to_string(),
            at: TakenAt::Node(node),
            ..SourceDeclaration::default()
        };
        let provenance = Provenance {
            sources: vec![SourceDeclaration::default(), here],
            ..Provenance::new(Source::Live)
        };
        Self {
            engine: Engine::new(engine),
            interfaces,
            retention,
            own: match own_traffic {
                OwnTraffic::LeftOut { listening } => Some(OwnSockets::new(listening)),
                OwnTraffic::Counted => None,
            },
            provenance,
            warnings: Vec::new(),
            lost: Statistics::default(),
            swept: IntervalIndex::default(),
        }
    }

    /// Counts the frames of a block; `name` says what an interface is called.
    pub(super) fn take<'f>(
        &mut self,
        frames: impl Iterator<Item = Frame<'f>>,
        name: impl Fn(u32) -> Option<String>,
    ) {
        for frame in frames {
            if self
                .interfaces
                .keeps(frame.origin.interface, frame.time, &name)
            {
                self.engine.ingest(&frame);
            } else {
                self.engine.exclude(&frame);
            }
        }
    }

    pub(super) fn apply(&mut self, change: Change) {
        self.engine.apply(change);
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
    pub(super) const fn lose(&mut self, statistics: Statistics) {
        self.lost = statistics;
    }

    /// Looks which sockets this process has, before their frames are counted.
    pub(super) fn find_own_sockets(&mut self) {
        if let Some(own) = &mut self.own
            && own.look()
        {
            self.engine.exclude_endpoints(own.endpoints());
        }
    }

    /// Takes note that it is `now`: once an interval what is over ends and what is old is
    /// forgotten.
    pub(super) fn pass(&mut self, now: Timestamp) {
        self.engine.reach(now);
        let interval = IntervalIndex::of(now);
        if interval != self.swept {
            self.swept = interval;
            let seen = now.saturating_sub(LAG);
            self.engine.expire(seen);
            self.engine.forget(seen.saturating_sub(self.retention));
        }
    }

    /// What there is now, copied.
    pub(super) fn look(&self) -> Look {
        Look {
            engine: self.engine.clone(),
            provenance: self.account(),
        }
    }

    /// What there is in the end.
    pub(super) fn end(self) -> Look {
        Look {
            provenance: self.account(),
            engine: self.engine,
        }
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
        Provenance {
            dropped,
            warnings: self.warnings.iter().cloned().chain(lost).collect(),
            ..self.provenance.clone()
        }
    }
}
