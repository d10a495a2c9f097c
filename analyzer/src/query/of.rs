//! What a name means: the nodes of a graph that are asked for.
//!
//! In: `NS/NAME` of a pod, workload or service, or `NAME` where one namespace has it; the name of
//! a node, at level `namespace` of a namespace; an address, of whoever had it in the window, or of
//! the service that is called by it; a name that name resolution gave; the id of a graph's node. Out: the nodes at the level asked. **Errors** nothing of that name, with
//! the nearest one; several things, with their full names.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hashbrown::HashSet;

use crate::cluster::EndKind;
use crate::query::end::LevelKey;
use crate::query::ends::LevelEnds;
use crate::query::filter::EndFacts;
use crate::query::measure::Measure;
use crate::query::parse::QueryError;
use crate::query::present::present;
use crate::query::resolved::ResolvedNames;
use crate::query::suggest::nearest;
use crate::query::value::{bounded, list};
use crate::query::{Level, Query};
use crate::snapshot::Snapshot;

/// The most things that an error names.
const NAMED: usize = 10;

/// The numbers of what `name` means.
///
/// # Errors
/// It means nothing that was there in the window, or several things.
pub fn roots(
    name: &str,
    snapshot: &Snapshot,
    query: &Query,
    ends: &mut LevelEnds<'_>,
) -> Result<Vec<usize>, QueryError> {
    let wanted = Wanted::of(name, snapshot, query);
    let (mut meant, mut roots) = (BTreeSet::new(), BTreeSet::new());
    each_known(snapshot, query, |facts, known_by| {
        let key = LevelKey::named(facts, query.level);
        let fitting = wanted.meanings(facts, &key);
        if fitting.is_empty() {
            return;
        }
        meant.extend(fitting);
        if known_by == KnownBy::Traffic || key.is(query.level) {
            roots.insert(ends.note(key, facts));
        }
    });
    let problem = match meant.len() {
        0 => unknown(name, snapshot, query),
        1 => return Ok(roots.into_iter().collect()),
        _ => ambiguous(name, &meant),
    };
    Err(QueryError {
        parameter: "of".to_owned(),
        problem,
    })
}

/// What is asked for.
struct Wanted<'n> {
    name: &'n str,
    level: Level,
    /// The name, where it is an address.
    address: Option<IpAddr>,
    /// The services that are called by this address.
    services: BTreeSet<LevelKey>,
}

impl<'n> Wanted<'n> {
    fn of(name: &'n str, snapshot: &Snapshot, query: &Query) -> Self {
        let address = name.parse().ok();
        Self {
            name,
            level: query.level,
            address,
            services: address
                .map_or_else(BTreeSet::new, |address| called_by(address, snapshot, query)),
        }
    }

    /// What it means when it means this end; nothing when it means others.
    fn meanings(&self, facts: &EndFacts<'_>, key: &LevelKey) -> Vec<String> {
        let full = full_names(facts, self.level).into_iter();
        let mut meanings: Vec<String> = full
            .filter(|full| full == self.name || short(full, self.level) == Some(self.name))
            .collect();
        let is_id = self.name.contains(':') && key.id() == self.name;
        if is_id || self.is_address_of(facts) {
            meanings.push(self.name.to_owned());
        }
        meanings
    }

    fn is_address_of(&self, facts: &EndFacts<'_>) -> bool {
        let has_it = self.address.is_some() && facts.address == self.address;
        has_it
            || (!self.services.is_empty()
                && self.services.contains(&LevelKey::of(facts, Level::Service)))
    }
}

/// The services that had an address in the window. Their traffic is shown at the pods that serve it.
fn called_by(address: IpAddr, snapshot: &Snapshot, query: &Query) -> BTreeSet<LevelKey> {
    let mut services = BTreeSet::new();
    for object in present(snapshot, &query.window) {
        let facts = object.facts().into_iter();
        let called = facts.filter(|facts| {
            facts.address == Some(address) && facts.identity.kind == EndKind::Service
        });
        services.extend(called.map(|facts| LevelKey::of(&facts, Level::Service)));
    }
    services
}

/// How it is known that something was there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KnownBy {
    Traffic,
    Cluster,
}

/// Looks at each end of the window's traffic once under the same names, and at each object of the
/// cluster.
fn each_known(snapshot: &Snapshot, query: &Query, mut look: impl FnMut(&EndFacts<'_>, KnownBy)) {
    let mut seen = HashSet::with_hasher(snapshot.hashes);
    let bounds = snapshot.bounds(&query.window);
    for flow in &snapshot.flows {
        if Measure::of(flow, &bounds).is_none() {
            continue;
        }
        let names = ResolvedNames::of_flow(snapshot, flow, &bounds);
        let ends = [
            (flow.key.client, names.client),
            (flow.key.server, names.server),
        ];
        for (end, names) in ends {
            if seen.insert((end.address, end.identity, names.clone())) {
                let facts = EndFacts::of(snapshot, end).named(&names);
                look(&facts, KnownBy::Traffic);
            }
        }
    }
    for object in present(snapshot, &query.window) {
        for facts in object.facts() {
            look(&facts, KnownBy::Cluster);
        }
    }
}

/// All names of an end, with its namespace where it is in one.
fn full_names(facts: &EndFacts<'_>, level: Level) -> Vec<String> {
    let identity = facts.identity;
    let workload = identity.workload.as_ref().map(|workload| &workload.name);
    let objects = [identity.pod.as_ref(), workload, identity.service.as_ref()];
    let in_namespace = |name| match &identity.namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => format!("{name}"),
    };
    let mut names: Vec<String> = objects.into_iter().flatten().map(in_namespace).collect();
    if identity.pod.is_none() || level == Level::Node {
        names.extend(identity.node.as_ref().map(ToString::to_string));
    }
    if level == Level::Namespace {
        names.extend(identity.namespace.as_ref().map(ToString::to_string));
    }
    names.extend(facts.dns.iter().map(ToString::to_string));
    if matches!(
        LevelKey::of(facts, level),
        LevelKey::Address(..) | LevelKey::Kind(_)
    ) {
        names.extend(facts.address.map(|address| address.to_string()));
    }
    names
}

/// A name without its namespace; a namespace or node is not asked for by what is in it.
fn short(full: &str, level: Level) -> Option<&str> {
    match level {
        Level::Pod | Level::Workload | Level::Service => Some(full.split_once('/')?.1),
        Level::Namespace | Level::Node => None,
    }
}

fn unknown(name: &str, snapshot: &Snapshot, query: &Query) -> String {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    each_known(snapshot, query, |facts, _| {
        for full in full_names(facts, query.level) {
            let typed = match short(&full, query.level) {
                Some(short) if !name.contains('/') => short.to_owned(),
                _ => full.clone(),
            };
            names.entry(typed).or_insert(full);
        }
    });
    let near = nearest(name, names.keys().map(String::as_str));
    let next = match near.and_then(|near| names.get(near)) {
        Some(near) => format!("did you mean {near}?"),
        None => "expected a name that workloads lists, such as shop/cart".to_owned(),
    };
    format!("`{}` is unknown in the window, {next}", bounded(name))
}

fn ambiguous(name: &str, meant: &BTreeSet<String>) -> String {
    let mut named: Vec<&str> = meant.iter().map(String::as_str).take(NAMED).collect();
    let more = match meant.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!("{n} more"),
    };
    if !more.is_empty() {
        named.push(&more);
    }
    let named = list(&named);
    format!("`{}` has several meanings, expected {named}", bounded(name))
}
