//! Tenancy: whose addresses they are, while packets are counted and when a snapshot is made.
//!
//! In: what the engine is told of the cluster. Out: the era of a connection, and the directory.
//! **Shape** the directory is made once for both, and again only when something was told since.
//! **Time** a change that arrives late is looked at with the next interval of traffic, so that
//! many changes cost as little as one; what was counted before stays as it was folded.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::cluster::{Boundaries, Change, Cluster, ClusterLimits, Directory, Names};
use crate::connection::ConnectionKey;
use crate::era::{Era, EraId, Eras};
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;

/// Changes of owners this long before the first packet are not looked at: objects are mostly older
/// than a capture, and then nothing is to be looked up for any connection.
const BACK: Duration = Duration::from_secs(3600);
/// Packets may be this much earlier than the first of their connection.
const SLACK: Duration = Duration::from_secs(600);
/// Eras that are kept without asking whether a connection is still in them.
const ERAS: usize = 65_536;

/// What is known of the cluster, and the eras that follow from it.
#[derive(Clone)]
pub struct Tenancy {
    cluster: Arc<Cluster>,
    /// `None` when something was told since it was made.
    directory: Option<Arc<Directory>>,
    boundaries: Arc<Boundaries>,
    /// The boundaries after it are known.
    since: Timestamp,
    eras: Eras,
    /// The interval in which the boundaries were made.
    renewed: Option<IntervalIndex>,
}

impl Tenancy {
    /// Nothing is known of the cluster.
    #[must_use]
    pub fn new(limits: ClusterLimits) -> Self {
        let cluster = Cluster::new(limits);
        Self {
            directory: Some(Arc::new(cluster.directory())),
            cluster: Arc::new(cluster),
            boundaries: Arc::default(),
            since: Timestamp::MIN,
            eras: Eras::default(),
            renewed: None,
        }
    }

    /// Takes note of a change of the cluster. Any order will do.
    pub fn apply(&mut self, change: Change) {
        self.told().apply(change);
    }

    /// Declares a range of addresses as the cluster's.
    pub fn add_range(&mut self, range: IpNet) {
        self.told().add_range(range);
    }

    /// Gives names to addresses that no object of the cluster explains.
    pub fn set_names(&mut self, names: Names) {
        self.told().set_names(names);
    }

    /// Changes of the cluster, and claims of its objects, that a limit kept out.
    #[must_use]
    pub fn refused(&self) -> u64 {
        let directory = self.directory.as_ref();
        self.cluster.refused() + directory.map_or(0, |directory| directory.refused())
    }

    /// Who had which address, as far as is known now.
    pub fn directory(&mut self) -> Arc<Directory> {
        let cluster = &self.cluster;
        let directory = self
            .directory
            .get_or_insert_with(|| Arc::new(cluster.directory()));
        Arc::clone(directory)
    }

    /// Whether the boundaries are to be made anew, at most once in an interval; or the eras, when
    /// there are many more than the `live` connections can be in.
    #[inline]
    #[must_use]
    pub fn is_due(&self, time: Timestamp, live: usize) -> bool {
        let stale = self.is_stale() && self.renewed != Some(IntervalIndex::of(time));
        stale || self.eras.len() > ERAS.saturating_add(live.saturating_mul(2))
    }

    /// Whether something was told since the boundaries were made.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        self.directory.is_none()
    }

    /// Makes the boundaries anew at the time `now`, when the first packet was at `begin`, and hands
    /// back the eras that were in use until now.
    pub fn renew(&mut self, begin: Timestamp, now: Timestamp) -> Eras {
        if self.renewed.is_none() {
            self.since = begin.saturating_sub(BACK);
        }
        self.boundaries = Arc::new(Boundaries::of(&self.directory(), self.since));
        self.renewed = Some(IntervalIndex::of(now));
        mem::take(&mut self.eras)
    }

    /// The era of a connection at a moment.
    #[inline]
    pub fn era_of(&mut self, key: &ConnectionKey, at: Timestamp) -> EraId {
        if at < self.since.saturating_add(SLACK) && self.since != Timestamp::MIN {
            self.reach_back();
        }
        if self.boundaries.is_empty() {
            return EraId::ALL;
        }
        let era = self.around(key, at);
        self.eras.intern(era)
    }

    /// The era of a connection that goes on from one that began at `from`: what it counted stays
    /// with what it counts.
    pub fn go_on(&mut self, from: Timestamp, key: &ConnectionKey, at: Timestamp) -> EraId {
        let Era { until, .. } = self.around(key, at);
        self.eras.intern(Era { from, until })
    }

    /// The era of a connection at a moment, not numbered.
    #[must_use]
    pub fn around(&self, key: &ConnectionKey, at: Timestamp) -> Era {
        self.boundaries
            .around(key.protocol, [key.low, key.high], at)
    }

    /// The eras in use.
    #[must_use]
    pub const fn eras(&self) -> &Eras {
        &self.eras
    }

    /// What is known, to be changed.
    fn told(&mut self) -> &mut Cluster {
        self.directory = None;
        Arc::make_mut(&mut self.cluster)
    }

    /// A packet is far older than the first one: from now on all boundaries are known.
    #[cold]
    fn reach_back(&mut self) {
        self.boundaries = Arc::new(Boundaries::of(&self.directory(), Timestamp::MIN));
        self.since = Timestamp::MIN;
    }
}
