//! A watch, and what is known by it.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use analyzer::cluster::{Change, ChangeKind, Cluster, ClusterLimits};
use analyzer::time::Timestamp;
use live::cluster::connection::{Connection, Listing};
use live::cluster::{ClusterEvents, ClusterSource, ClusterWatch, watch};

/// A running watch, with all that it told.
pub(crate) struct Watching {
    pub(crate) watch: ClusterWatch,
    events: ClusterEvents,
    cluster: Cluster,
    /// The changes, in order.
    pub(crate) changes: Vec<Change>,
}

impl Watching {
    /// Begins to watch as a kubeconfig says.
    pub(crate) fn start(kubeconfig: PathBuf, listing: Listing) -> Self {
        let source = ClusterSource::Kubeconfig(vec![kubeconfig]);
        let connection = Connection::open(&source).unwrap().unwrap();
        let (watch, events) = watch(connection.with_listing(listing)).unwrap();
        Self {
            watch,
            events,
            cluster: Cluster::new(ClusterLimits::default()),
            changes: Vec::new(),
        }
    }

    /// Takes in what is told until something holds, for a minute at most.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..1200 {
            self.take_in();
            if holds(self) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        panic!(
            "{what}: not after a minute; health: {:#?}\ntold: {:#?}",
            self.watch.health().resources(),
            self.told(0)
        );
    }

    /// Until everything is listed and followed.
    pub(crate) fn until_complete(&mut self) {
        self.until("complete", |watching| {
            let health = watching.watch.health();
            health.is_complete() && health.warnings().is_empty()
        });
    }

    /// Takes in what is told by now.
    pub(crate) fn take_in(&mut self) {
        while let Some(change) = self.events.try_next() {
            assert_eq!(change.line, self.changes.len() as u64);
            self.cluster.apply(change.clone());
            self.changes.push(change);
        }
    }

    /// Whose an address is at a time: kind, namespace, pod, workload.
    pub(crate) fn who(&self, address: &str, at: &str) -> String {
        let directory = self.cluster.directory();
        let at = Timestamp::parse_rfc3339(at).unwrap();
        let id = directory.resolve(address.parse().unwrap(), None, at);
        let found = directory.identity(id);
        // A pod that nobody owns is its own workload.
        let workload = found.workload.as_ref().filter(|top| &*top.kind != "Pod");
        let workload = workload.map(|top| format!("{}/{}", top.kind, top.name));
        let words = [
            Some(found.kind.name()),
            found.namespace.as_deref(),
            found.pod.as_deref(),
            workload.as_deref(),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// What was told of pods from a number of changes on: `Added cart-1`.
    pub(crate) fn told(&self, from: usize) -> Vec<String> {
        let changes = self.changes.iter().skip(from);
        changes
            .map(|change| format!("{:?} {}", change.kind, change.object.key().name))
            .collect()
    }

    /// Whether a change of an object was told, from a number of changes on.
    pub(crate) fn was_told(&self, from: usize, kind: ChangeKind, name: &str) -> bool {
        let mut changes = self.changes.iter().skip(from);
        changes.any(|change| change.kind == kind && &*change.object.key().name == name)
    }
}
