//! The engine: frames and cluster changes in, snapshots out.
//!
//! **Time** is that of the frames. **Shape** two halves: the intake reads frames, the tally counts
//! what was in them, a load at a time. One thread may run both, or each of two one of them: the
//! answer is the same. Every collection is limited in records, and every limit has a counter in
//! [`Coverage`](crate::coverage::Coverage). **Errors** none: what cannot be counted is skipped with
//! a reason.

mod excluded;
mod halves;
mod intake;
mod load;
mod memory;
mod offload;
mod owners;
mod parcel;
mod passing;
mod settings;
mod tally;

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::cluster::{Change, Names};
use crate::engine::intake::Intake;
use crate::engine::tally::Tally;
use crate::frame::Frame;
use crate::keyed::Keyed;
use crate::snapshot::{Parts, Provenance, Snapshot};
use crate::workers::{Alone, Workers};

pub use crate::engine::excluded::Socket;
pub use crate::engine::halves::{Counting, Parsing};
pub use crate::engine::load::Load;
pub use crate::engine::memory::Answers;
pub use crate::engine::passing::Unrecorded;
pub use crate::engine::settings::{DuplicatePolicy, Limits, Settings};

/// Groups that are counted together where one thread does both: while one is counted, what the
/// next will look up is fetched.
const GROUPS: usize = 4;

/// The flow engine.
#[derive(Clone)]
pub struct Engine {
    settings: Settings,
    intake: Intake,
    tally: Tally,
    /// Taken in and not yet counted, in order.
    load: Load,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let tally = Tally::new(settings);
        Self {
            settings,
            intake: Intake::new(&settings, tally.hasher()),
            tally,
            load: Load::default(),
        }
    }

    /// Takes note of a change of the cluster. Any order will do.
    pub fn apply(&mut self, change: Change) {
        self.tally.tenancy.apply(change);
    }

    /// Declares a range of addresses as the cluster's.
    pub fn add_cluster_range(&mut self, range: IpNet) {
        self.tally.tenancy.add_range(range);
    }

    /// Gives names to addresses that no object of the cluster explains.
    pub fn set_names(&mut self, names: Names) {
        self.tally.tenancy.set_names(names);
    }

    /// Takes note of a name that name resolution gave an address.
    pub fn add_dns_name(&mut self, address: IpAddr, name: &str) {
        self.intake.names.insert(address, name);
    }

    /// Counts one frame, or skips it with a reason.
    #[inline]
    pub fn ingest(&mut self, frame: &Frame<'_>) {
        self.intake.ingest(frame, &mut self.load);
        if self.load.groups() >= GROUPS {
            self.count();
        }
    }

    /// Its halves, for a thread each.
    #[must_use]
    pub fn halves(&mut self) -> (Parsing<'_>, Counting<'_>) {
        let parsing = Parsing::new(&mut self.intake, &mut self.load);
        (parsing, Counting::new(&mut self.tally))
    }

    /// What is known now, while more may come.
    #[must_use]
    pub fn snapshot(&self, provenance: Provenance) -> Snapshot {
        self.clone().into_snapshot(provenance)
    }

    /// What is known at the end.
    #[must_use]
    pub fn into_snapshot(self, provenance: Provenance) -> Snapshot {
        self.into_snapshot_by(provenance, &Alone)
    }

    /// The same, and as quick as `workers` are.
    #[must_use]
    pub fn into_snapshot_by(mut self, provenance: Provenance, workers: &dyn Workers) -> Snapshot {
        self.settle();
        let Self {
            settings,
            intake,
            mut tally,
            ..
        } = self;
        let (mut coverage, mut names) = (intake.coverage, intake.names);
        coverage.add(&tally.coverage);
        names.settle();
        let latest = coverage.to.unwrap_or_default();
        coverage.believe_clock();
        let now = coverage.to.unwrap_or_default();
        if tally.tenancy.is_stale() {
            let begin = coverage.from.unwrap_or(latest);
            let eras = tally.tenancy.renew(begin, latest, coverage.frames);
            tally.number_eras(&eras);
        }
        let (eras, idle) = (tally.tenancy.eras(), settings.idle);
        tally
            .ledger
            .fold_all(&tally.table, tally.table.iter(), eras, |connection| {
                connection.end_at(now, eras.get(connection.era), idle)
            });
        drop(tally.table);
        let (ledger, places) = (tally.ledger, intake.places);
        let directory = tally.tenancy.directory();
        coverage.evicted =
            tally.evicted + ledger.evicted() + intake.fragments.evicted() + places.refused();
        coverage.names_not_kept = names.refused();
        coverage.dns_cut = names.cut();
        coverage.objects_not_kept = tally.tenancy.refused();
        (coverage.coarsened, coverage.grid) = (ledger.coarsened(), ledger.grid());
        let (legs, records) = ledger.into_legs();
        let twins = tally.translations.into_twins();
        coverage.evicted += twins.evicted;
        let parts = Parts {
            legs,
            twins,
            records,
            places,
            coverage,
            provenance,
            directory,
            names: Arc::new(names),
            hashes: Keyed::new(settings.seed),
        };
        Snapshot::new(parts, workers)
    }

    /// Counts all that was taken in.
    fn settle(&mut self) {
        self.intake.close(&mut self.load, None);
        self.count();
    }

    fn count(&mut self) {
        self.tally.count_load(&self.load);
        self.load.clear_closed();
    }
}
