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
    for Group { members, pairs } in groups(pairs) {
        // Where one of them began anew its opening was seen, and its leg has its own set.
        let seen: BTreeSet<FiveTuple> = members
            .iter()
            .filter(|five_tuple| firsts.contains_key(five_tuple))
            .copied()
            .collect();
        if seen.len() < 2 {
            continue;
        }
        let at = seen.iter().filter_map(|one| firsts.get(one)).min().copied();
        let found = clients(&pairs, at.unwrap_or_default(), directory);
        match found.filter(|_| members.len() <= MAX_FIVE_TUPLES) {
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

/// Five-tuples that pairs connect, and those pairs.
#[derive(Default)]
struct Group {
    members: BTreeSet<FiveTuple>,
    pairs: Vec<(FiveTuple, FiveTuple)>,
}

fn groups(pairs: &[(FiveTuple, FiveTuple)]) -> Vec<Group> {
    let mut beside: BTreeMap<FiveTuple, Vec<FiveTuple>> = BTreeMap::new();
    for (a, b) in pairs {
        beside.entry(*a).or_default().push(*b);
        beside.entry(*b).or_default().push(*a);
    }
    let mut groups = Vec::new();
    while let Some((start, first)) = beside.pop_first() {
        let (mut group, mut rest) = (Group::default(), vec![(start, first)]);
        group.members.insert(start);
        while let Some((one, others)) = rest.pop() {
            for other in others {
                // Each pair is beside both; the smaller one has it.
                if one < other {
                    group.pairs.push((one, other));
                }
                if group.members.insert(other) {
                    rest.push((other, beside.remove(&other).unwrap_or_default()));
                }
            }
        }
        groups.push(group);
    }
    groups
}

/// The forms of a group, when all its pairs agree on who is client.
fn clients(
    pairs: &[(FiveTuple, FiveTuple)],
    at: Timestamp,
    directory: &Directory,
) -> Option<BTreeSet<Form>> {
    let mut clients: BTreeMap<FiveTuple, Side> = BTreeMap::new();
    for (a, b) in pairs {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn five_tuple(port: u16) -> FiveTuple {
        let end = |last, port| Endpoint {
            address: [10, 0, 0, last].into(),
            port,
        };
        FiveTuple {
            low: end(1, port),
            high: end(2, 80),
        }
    }

    #[test]
    fn a_group_has_its_own_pairs_once() {
        let ports = [(1, 2), (1, 4), (2, 4), (3, 5), (4, 6)];
        let pairs = ports.map(|(a, b)| (five_tuple(a), five_tuple(b)));
        let port = |five_tuple: &FiveTuple| five_tuple.low.port;
        let told = |group: Group| {
            let members: Vec<u16> = group.members.iter().map(port).collect();
            let pairs = group.pairs.iter().map(|(a, b)| (port(a), port(b)));
            (members, pairs.collect::<BTreeSet<_>>())
        };
        let count = |group: &Group| group.pairs.len();
        assert_eq!(groups(&pairs).iter().map(count).collect::<Vec<_>>(), [4, 1]);
        let found: Vec<_> = groups(&pairs).into_iter().map(told).collect();
        let first = BTreeSet::from([(1, 2), (1, 4), (2, 4), (4, 6)]);
        let second = BTreeSet::from([(3, 5)]);
        assert_eq!(found, [(vec![1, 2, 4, 6], first), (vec![3, 5], second)]);
    }
}
