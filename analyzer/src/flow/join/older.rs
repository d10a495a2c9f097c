//! Joins of connections whose opening was not seen.
//!
//! In: pairs of five-tuples that showed the same data. Out: the sets of forms they are, written into
//! the keys of their legs. **Shape** who is client is known from what the pair shares: a service's
//! translation leaves the client's endpoint, a masquerade the server's.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::Directory;
use crate::connection::TwinId;
use crate::endpoint::{Endpoint, Side};
use crate::flow::build::first_packets;
use crate::flow::roles::server_by_port;
use crate::leg::{Ends, Leg, LegKey};
use crate::protocol::Protocol;
use crate::time::Timestamp;
use crate::translation::form::{Form, FormSets};
use crate::translation::older::FiveTuple;

/// More forms than a connection has.
const MAX_FIVE_TUPLES: usize = 4;

/// Tells legs their sets; says how many connections could not be told.
pub(super) fn mark(
    legs: &mut [(LegKey, Leg)],
    pairs: &[(FiveTuple, FiveTuple)],
    forms: &mut FormSets,
    directory: &Directory,
) -> u64 {
    if pairs.is_empty() {
        return 0;
    }
    let firsts = firsts(legs, pairs);
    let mut refused = 0;
    let mut twins: BTreeMap<FiveTuple, TwinId> = BTreeMap::new();
    for group in groups(pairs) {
        // Where one of them began anew its opening was seen, and its leg has its own set.
        let seen: BTreeSet<FiveTuple> = group
            .iter()
            .filter(|five_tuple| firsts.contains_key(five_tuple))
            .copied()
            .collect();
        if seen.len() < 2 {
            continue;
        }
        let at = seen.iter().filter_map(|one| firsts.get(one)).min().copied();
        let found = clients(&group, pairs, at.unwrap_or_default(), directory);
        match found.filter(|_| group.len() <= MAX_FIVE_TUPLES) {
            Some(found) => {
                let twin = forms.number(found);
                twins.extend(seen.into_iter().map(|five_tuple| (five_tuple, twin)));
            }
            None => refused += 1,
        }
    }
    for (key, _) in legs {
        if let Some(twin) = older_of(key).and_then(|five_tuple| twins.get(&five_tuple)) {
            key.twin = *twin;
        }
    }
    refused
}

/// The five-tuple of a leg whose opening was not seen.
fn older_of(key: &LegKey) -> Option<FiveTuple> {
    match (key.protocol, key.ends) {
        (Protocol::Tcp, Ends::Ports { low, high }) => Some(FiveTuple { low, high }),
        (Protocol::Udp, Ends::Ports { .. }) | (_, Ends::Roles { .. }) => None,
    }
}

/// The first packets of the five-tuples that have legs.
fn firsts(
    legs: &[(LegKey, Leg)],
    pairs: &[(FiveTuple, FiveTuple)],
) -> BTreeMap<FiveTuple, Timestamp> {
    let asked: BTreeSet<FiveTuple> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let mut firsts = BTreeMap::new();
    for (key, leg) in legs {
        if let Some(five_tuple) = older_of(key).filter(|found| asked.contains(found)) {
            let (forward, backward) = first_packets(leg);
            let first = firsts.entry(five_tuple).or_insert(Timestamp::MAX);
            *first = forward.min(backward).min(*first);
        }
    }
    firsts
}

/// Five-tuples that pairs connect.
fn groups(pairs: &[(FiveTuple, FiveTuple)]) -> Vec<BTreeSet<FiveTuple>> {
    let mut beside: BTreeMap<FiveTuple, Vec<FiveTuple>> = BTreeMap::new();
    for (a, b) in pairs {
        beside.entry(*a).or_default().push(*b);
        beside.entry(*b).or_default().push(*a);
    }
    let mut groups = Vec::new();
    while let Some((start, first)) = beside.pop_first() {
        let (mut group, mut rest) = (BTreeSet::from([start]), first);
        while let Some(next) = rest.pop() {
            if group.insert(next) {
                rest.extend(beside.remove(&next).unwrap_or_default());
            }
        }
        groups.push(group);
    }
    groups
}

/// The forms of a group, when all its pairs agree on who is client.
fn clients(
    group: &BTreeSet<FiveTuple>,
    pairs: &[(FiveTuple, FiveTuple)],
    at: Timestamp,
    directory: &Directory,
) -> Option<BTreeSet<Form>> {
    let mut clients: BTreeMap<FiveTuple, Side> = BTreeMap::new();
    for (a, b) in pairs.iter().filter(|(a, _)| group.contains(a)) {
        let (shared, ends) = shared(a, b)?;
        let is_client = is_client(shared, ends, at, directory);
        for five_tuple in [a, b] {
            let side = five_tuple.side_of(shared)?;
            let client = if is_client { side } else { side.other() };
            if *clients.entry(*five_tuple).or_insert(client) != client {
                return None;
            }
        }
    }
    let clients = clients.into_iter();
    Some(
        clients
            .map(|(five_tuple, client)| five_tuple.form(client))
            .collect(),
    )
}

/// The endpoint that two five-tuples share, and the two they do not.
fn shared(a: &FiveTuple, b: &FiveTuple) -> Option<(Endpoint, [Endpoint; 2])> {
    let pairs = [
        (a.low, b.low, a.high, b.high),
        (a.low, b.high, a.high, b.low),
        (a.high, b.low, a.low, b.high),
        (a.high, b.high, a.low, b.low),
    ];
    pairs
        .into_iter()
        .find(|(one, same, ..)| one == same)
        .map(|(shared, _, x, y)| (shared, [x, y]))
}

/// Whether the endpoint that was not translated is the client's.
fn is_client(
    shared: Endpoint,
    translated: [Endpoint; 2],
    at: Timestamp,
    directory: &Directory,
) -> bool {
    let called = |endpoint| {
        directory
            .service_called(Protocol::Tcp, endpoint, at)
            .is_some()
    };
    let is_server =
        |endpoint: Endpoint| server_by_port(shared.port, endpoint.port) == Some(Side::Low);
    match (called(shared), translated.into_iter().any(called)) {
        (_, true) => true,
        (true, false) => false,
        (false, false) => !translated.into_iter().all(is_server),
    }
}
