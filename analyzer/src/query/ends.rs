//! The ends of flows at a level, numbered.
//!
//! In: ends of flows, and objects of the cluster. Out: a number for all that are one at the level,
//! and how it is shown. **Shape** a snapshot has far fewer ends than flows: each is looked at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::cluster::IdentityId;
use crate::flow::{Flow, FlowEnd};
use crate::keyed::Keyed;
use crate::query::end::LevelKey;
use crate::query::filter::EndFacts;
use crate::query::resolved::ResolvedNames;
use crate::query::view::EndView;
use crate::query::window::Bounds;
use crate::query::{Format, Level};
use crate::snapshot::Snapshot;

/// Numbers of ends, given in the order in which they come.
pub struct LevelEnds<'s> {
    snapshot: &'s Snapshot,
    level: Level,
    format: Format,
    numbers: HashMap<KnownEnd, usize, Keyed>,
    by_key: BTreeMap<LevelKey, usize>,
    known: Vec<Known>,
}

/// An end, and the first name that it has for the other one. Ends of one owner may be known by
/// different services.
type KnownEnd = (IpAddr, IdentityId, Option<Arc<str>>);

/// What is known of all ends with one number.
struct Known {
    key: LevelKey,
    view: EndView,
    services: BTreeSet<Arc<str>>,
    nodes: BTreeSet<Arc<str>>,
}

impl<'s> LevelEnds<'s> {
    /// None yet.
    #[must_use]
    pub fn new(snapshot: &'s Snapshot, level: Level, format: Format) -> Self {
        Self {
            snapshot,
            level,
            format,
            numbers: HashMap::with_hasher(snapshot.hashes),
            by_key: BTreeMap::new(),
            known: Vec::new(),
        }
    }

    /// The number of a flow's end, which has these names.
    pub fn number(&mut self, end: FlowEnd, names: &[Arc<str>]) -> usize {
        let known = (end.address, end.identity, names.first().cloned());
        if let Some(number) = self.numbers.get(&known) {
            return *number;
        }
        let facts = EndFacts::of(self.snapshot, end).named(names);
        let number = self.note(LevelKey::named(&facts, self.level), &facts);
        self.numbers.insert(known, number);
        number
    }

    /// The numbers of a flow's client and server.
    pub fn numbers(&mut self, flow: &Flow, bounds: &Bounds) -> (usize, usize) {
        let names = ResolvedNames::of_flow(self.snapshot, flow, bounds);
        let client = self.number(flow.key.client, &names.client);
        (client, self.number(flow.key.server, &names.server))
    }

    /// The number of `key`, of which `facts` tell.
    pub fn note(&mut self, key: LevelKey, facts: &EndFacts<'_>) -> usize {
        let mut view = key.view(facts, self.level);
        if self.format == Format::Full && matches!(key, LevelKey::Pod(..)) {
            view.workload.clone_from(&facts.identity.workload);
        }
        let next = self.known.len();
        let number = *self.by_key.entry(key.clone()).or_insert(next);
        match self.known.get_mut(number) {
            Some(known) => known.add(view),
            None => self.known.push(Known::new(key, view)),
        }
        number
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// All of them with their numbers, in the order of their keys.
    pub fn in_order(&self) -> impl Iterator<Item = (&LevelKey, usize)> {
        self.by_key.iter().map(|(key, number)| (key, *number))
    }

    /// What is one by a number.
    #[must_use]
    pub fn key(&self, number: usize) -> Option<&LevelKey> {
        self.known.get(number).map(|known| &known.key)
    }

    /// The places of all numbers in the order of their keys.
    #[must_use]
    pub fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.known.len()];
        for (place, number) in self.by_key.values().enumerate() {
            if let Some(slot) = places.get_mut(*number) {
                *slot = place;
            }
        }
        places
    }

    /// What tells it from all others.
    #[must_use]
    pub fn id(&self, number: usize) -> String {
        let known = self.known.get(number);
        known.map(|known| known.key.id()).unwrap_or_default()
    }

    /// How it is shown.
    #[must_use]
    pub fn view(&self, number: usize) -> EndView {
        self.known.get(number).map(Known::view).unwrap_or_default()
    }
}

impl Known {
    fn new(key: LevelKey, view: EndView) -> Self {
        let mut known = Self {
            key,
            view: view.clone(),
            services: BTreeSet::new(),
            nodes: BTreeSet::new(),
        };
        known.add(view);
        known
    }

    fn add(&mut self, view: EndView) {
        self.services.extend(view.svc);
        self.nodes.extend(view.node);
    }

    /// A pod that is no endpoint at one port still has its service; of several it has none.
    fn view(&self) -> EndView {
        let only = |names: &BTreeSet<Arc<str>>| match names.len() {
            1 => names.first().map(Arc::clone),
            _ => None,
        };
        EndView {
            svc: only(&self.services),
            node: only(&self.nodes),
            ..self.view.clone()
        }
    }
}
