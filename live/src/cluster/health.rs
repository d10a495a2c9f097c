//! How the watch is: what is followed, what is not, since when and why.
//!
//! Out: warnings for `coverage`, in words that say what to do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use analyzer::time::Timestamp;

use crate::cluster::resource::{RESOURCES, Resource};

/// The health of a watch, shared by those who watch and those who say how it is.
#[derive(Clone, Debug)]
pub struct Health(Arc<Mutex<Shared>>);

#[derive(Debug)]
struct Shared {
    server: String,
    resources: BTreeMap<&'static str, ResourceHealth>,
    /// When nothing was followed any more.
    ended: Option<Timestamp>,
}

/// How one resource is followed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResourceHealth {
    /// Whether it is followed now.
    pub state: WatchState,
    /// Whether all its objects were known at some time.
    pub listed: bool,
    /// Objects that were left out because a field of theirs is wrong.
    pub wrong_objects: u64,
    /// The last of them, with what is wrong.
    pub last_wrong: Option<String>,
}

/// Whether a resource is followed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum WatchState {
    /// Its objects are asked for the first time.
    #[default]
    Starting,
    /// Every change is shown as it comes.
    Following,
    /// The cluster does not have it.
    Absent,
    /// It is asked for again and again.
    Retrying {
        /// Since when.
        since: Timestamp,
        /// Why.
        trouble: Trouble,
    },
}

/// Why a resource is not followed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Trouble {
    /// The server does not allow it, in its own words.
    Forbidden(String),
    /// The server does not answer.
    Unreachable(String),
    /// The server answers something else.
    Refused(String),
}

impl Health {
    pub(super) fn new(server: &str) -> Self {
        let resources = RESOURCES
            .iter()
            .map(|resource| (resource.plural, ResourceHealth::default()));
        Self(Arc::new(Mutex::new(Shared {
            server: server.to_owned(),
            resources: resources.collect(),
            ended: None,
        })))
    }

    /// How each resource is, by its name.
    #[must_use]
    pub fn resources(&self) -> BTreeMap<&'static str, ResourceHealth> {
        self.shared().resources.clone()
    }

    /// Whether every object there is has been shown once.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let shared = self.shared();
        let mut all = shared.resources.values();
        all.all(|health| health.listed || health.state == WatchState::Absent)
    }

    /// What to know before trusting names.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let shared = self.shared();
        if let Some(ended) = shared.ended {
            return vec![format!(
                "cluster: it is not watched since {ended}: names are as they were then; start \
                 pilotfish again"
            )];
        }
        let mut unreachable: Option<(Timestamp, &str)> = None;
        let mut warnings = Vec::new();
        for (name, health) in &shared.resources {
            if let WatchState::Retrying { since, trouble } = &health.state {
                match trouble {
                    Trouble::Unreachable(error) => {
                        let known = unreachable.unwrap_or((*since, error));
                        unreachable = Some(known.min((*since, error)));
                    }
                    Trouble::Forbidden(error) => warnings.push(format!(
                        "cluster: {name} are not watched since {since}, the API server forbids it \
                         ({error}): names are missing or old; bind the ClusterRole of \
                         deploy/kubernetes to this account"
                    )),
                    Trouble::Refused(error) => warnings.push(format!(
                        "cluster: {name} are not watched since {since}, trying again ({error}): \
                         names are missing or old"
                    )),
                }
            }
            if let Some(last) = &health.last_wrong {
                warnings.push(format!(
                    "cluster: {} {name} left out for a field that is wrong, last {last}",
                    health.wrong_objects
                ));
            }
        }
        if let Some((since, error)) = unreachable {
            warnings.push(format!(
                "cluster: {} does not answer since {since}, trying again ({error}): names are as \
                 they were then",
                shared.server
            ));
        }
        warnings
    }

    /// Takes note that the watch has ended.
    pub(super) fn ended(&self, now: Timestamp) {
        self.shared().ended = Some(now);
    }

    pub(super) fn following(&self, resource: &Resource) {
        self.set(resource, |health| health.state = WatchState::Following);
    }

    pub(super) fn listed(&self, resource: &Resource) {
        self.set(resource, |health| health.listed = true);
    }

    pub(super) fn absent(&self, resource: &Resource) {
        self.set(resource, |health| health.state = WatchState::Absent);
    }

    /// Takes note of a failed try; the time is that of the first in a row.
    pub(super) fn retrying(&self, resource: &Resource, now: Timestamp, trouble: Trouble) {
        self.set(resource, |health| {
            let since = match health.state {
                WatchState::Retrying { since, .. } => since,
                WatchState::Starting | WatchState::Following | WatchState::Absent => now,
            };
            health.state = WatchState::Retrying { since, trouble };
        });
    }

    pub(super) fn wrong_object(&self, resource: &Resource, what: String) {
        self.set(resource, |health| {
            health.wrong_objects += 1;
            health.last_wrong = Some(what);
        });
    }

    fn set(&self, resource: &Resource, change: impl FnOnce(&mut ResourceHealth)) {
        if let Some(health) = self.shared().resources.get_mut(resource.plural) {
            change(health);
        }
    }

    /// Whoever panicked while holding it left whole values behind.
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: Resource = RESOURCES[0];
    const SERVICES: Resource = RESOURCES[1];

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(1_800_000_000_000_000_000 + seconds * 1_000_000_000)
    }

    #[test]
    fn a_server_that_is_away_is_one_warning_since_the_first_failure() {
        let health = Health::new("https://10.96.0.1");
        for (resource, second) in [(&SERVICES, 1), (&PODS, 2), (&SERVICES, 3)] {
            let trouble = Trouble::Unreachable("connection refused".to_owned());
            health.retrying(resource, at(second), trouble);
        }
        insta::assert_snapshot!(health.warnings().join("\n"), @"cluster: https://10.96.0.1 does not answer since 2027-01-15T08:00:01.000000000Z, trying again (connection refused): names are as they were then");
        health.following(&PODS);
        health.following(&SERVICES);
        assert!(health.warnings().is_empty());
    }

    #[test]
    fn what_is_forbidden_or_wrong_is_said_for_each_resource() {
        let health = Health::new("https://10.96.0.1");
        health.retrying(&PODS, at(0), Trouble::Forbidden("cannot watch".to_owned()));
        health.retrying(&SERVICES, at(0), Trouble::Refused("too many".to_owned()));
        health.wrong_object(&SERVICES, "shop/cart: spec.ports[0].port".to_owned());
        insta::assert_snapshot!(health.warnings().join("\n"), @r"
        cluster: pods are not watched since 2027-01-15T08:00:00.000000000Z, the API server forbids it (cannot watch): names are missing or old; bind the ClusterRole of deploy/kubernetes to this account
        cluster: services are not watched since 2027-01-15T08:00:00.000000000Z, trying again (too many): names are missing or old
        cluster: 1 services left out for a field that is wrong, last shop/cart: spec.ports[0].port
        ");
    }

    #[test]
    fn a_watch_that_has_ended_is_the_one_thing_to_know() {
        let health = Health::new("");
        health.retrying(&PODS, at(0), Trouble::Refused("too many".to_owned()));
        health.ended(at(1));
        insta::assert_snapshot!(health.warnings().join("\n"), @"cluster: it is not watched since 2027-01-15T08:00:01.000000000Z: names are as they were then; start pilotfish again");
    }

    #[test]
    fn it_is_complete_when_all_that_is_there_was_listed() {
        let health = Health::new("");
        for resource in &RESOURCES {
            assert!(!health.is_complete());
            if resource.kind == "CiliumNode" {
                health.absent(resource);
            } else {
                health.listed(resource);
            }
        }
        assert!(health.is_complete());
    }
}
