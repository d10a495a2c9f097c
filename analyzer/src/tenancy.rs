//! Tenancy: whose addresses they are, while packets are counted and when a snapshot is made.
//!
//! In: what the engine is told of the cluster. Out: the era of a connection, and the directory.
//! **Shape** the directory is made once for both, and again only when something was told since.
//! **Time** what is told while packets are counted is looked at before the next ones, unless it
//! costs more than they do: then with the next interval of traffic, so that many changes of a
//! large cluster cost as little as one. What was counted before stays as it was folded.

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
    /// The interval in which the boundaries were made, and the frames that there were before.
    renewed: Option<(IntervalIndex, u64)>,
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

    /// Forgets what was so no more at `before`.
    pub fn forget(&mut self, before: Timestamp) {
        if Arc::make_mut(&mut self.cluster).forget(before) {
            self.directory = None;
        }
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

    /// Whether the boundaries are to be made anew, at most once in an interval, or in as many of
    /// all `frames` as there is to be looked at; or the eras, when there are many more than the
    /// `live` connections can be in.
    #[inline]
    #[must_use]
    pub fn is_due(&self, time: Timestamp, frames: u64, live: usize) -> bool {
        let is_due = |(interval, before): (IntervalIndex, u64)| {
            let cost = (self.cluster.records() + live) as u64;
            interval != IntervalIndex::of(time) || frames.saturating_sub(before) >= cost
        };
        let stale = self.is_stale() && self.renewed.is_none_or(is_due);
        stale || self.eras.len() > ERAS.saturating_add(live.saturating_mul(2))
    }

    /// Whether something was told since the boundaries were made.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        self.directory.is_none()
    }

    /// Makes the boundaries anew at the time `now` of so many frames, when the first packet was at
    /// `begin`, and hands back the eras that were in use until now.
    pub fn renew(&mut self, begin: Timestamp, now: Timestamp, frames: u64) -> Eras {
        if self.renewed.is_none() {
            self.since = begin.saturating_sub(BACK);
        }
        self.boundaries = Arc::new(Boundaries::of(&self.directory(), self.since));
        self.renewed = Some((IntervalIndex::of(now), frames));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ChangeKind;
    use crate::cluster::object::{Labels, Object, Phase, Pod, PodNetwork};
    use crate::endpoint::Endpoint;
    use crate::hop::HopId;
    use crate::protocol::Protocol;
    use crate::time::NANOS_PER_SECOND;

    const ADDRESS: [u8; 4] = [10, 0, 0, 5];

    fn second(second: u64) -> Timestamp {
        Timestamp::from_nanos(second * NANOS_PER_SECOND)
    }

    /// One pod after the other has the address, from a second to the next.
    fn pod(second_of_start: u64) -> Change {
        let name: Arc<str> = Arc::from(format!("p{second_of_start}"));
        Change {
            time: Some(second(second_of_start)),
            kind: ChangeKind::Added,
            resource_version: None,
            line: 0,
            object: Object::Pod(Pod {
                namespace: Arc::from("s"),
                uid: Some(Arc::clone(&name)),
                name,
                created: None,
                started: Some(second(second_of_start)),
                phase: Phase::Alive,
                node: None,
                network: PodNetwork::Own,
                addresses: vec![ADDRESS.into()],
                host_addresses: Vec::new(),
                host_ports: Vec::new(),
                owner: None,
                labels: Labels::default(),
                named_ports: Vec::new(),
                template_hash: None,
                container_id: None,
            }),
        }
    }

    fn key() -> ConnectionKey {
        let end = |last: u8| Endpoint {
            address: [10, 0, 0, last].into(),
            port: 53,
        };
        ConnectionKey::of(HopId::BETWEEN, Protocol::Udp, end(5), end(6)).0
    }

    #[test]
    fn eras_that_no_connection_is_in_any_more_are_not_kept() {
        let mut tenancy = Tenancy::new(ClusterLimits::default());
        tenancy.apply(pod(5));
        tenancy.renew(second(0), second(0), 0);
        let id = tenancy.era_of(&key(), second(7));
        for from in 0..ERAS as u64 {
            let (from, until) = (second(from), second(from + 1));
            tenancy.eras.intern(Era { from, until });
        }
        assert!(tenancy.is_due(second(8), 0, 0), "there are too many");
        assert!(!tenancy.is_due(second(8), 0, 10), "unless they are in use");
        let old = tenancy.renew(second(0), second(8), 0);
        assert_eq!(old.get(id).from, second(5));
        assert!(tenancy.eras().is_empty());
    }

    #[test]
    fn boundaries_long_before_the_first_packet_are_looked_at_when_a_packet_is_as_old() {
        let mut tenancy = Tenancy::new(ClusterLimits::default());
        for start in [100, 200, 20_000] {
            tenancy.apply(pod(start));
        }
        tenancy.renew(second(10_000), second(10_000), 0);
        let from = |tenancy: &mut Tenancy, at| {
            let era = tenancy.era_of(&key(), second(at));
            tenancy.eras().get(era).from
        };
        assert_eq!(from(&mut tenancy, 10_000), Timestamp::MIN);
        assert_eq!(from(&mut tenancy, 20_000), second(20_000));
        assert_eq!(from(&mut tenancy, 150), second(100));
        assert_eq!(from(&mut tenancy, 10_000), second(200));
    }

    #[test]
    fn what_is_told_is_looked_at_once_in_an_interval_or_in_as_many_frames_as_it_costs() {
        let mut tenancy = Tenancy::new(ClusterLimits::default());
        assert!(!tenancy.is_due(second(1), 0, 0), "nothing was told");
        tenancy.apply(pod(5));
        assert!(tenancy.is_due(second(1), 0, 0));
        tenancy.renew(second(1), second(1), 0);
        tenancy.apply(pod(7));
        assert!(!tenancy.is_due(second(9), 0, 0));
        assert!(tenancy.is_due(second(10), 0, 0));
        let records = tenancy.cluster.records() as u64;
        assert!(tenancy.is_due(second(9), records, 0));
        assert!(!tenancy.is_due(second(9), records, 7));
        assert!(tenancy.is_due(second(9), records + 7, 7));
    }
}
