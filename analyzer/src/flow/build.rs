//! Legs to flows: roles, owners, and one record for all legs that are one flow.

use std::mem;

use crate::cluster::Directory;
use crate::flow::order::{Forward, Oriented, Place, order};
use crate::flow::roles::Roles;
use crate::flow::{Flow, FlowEnd, FlowKey, Observed, first_packet};
use crate::leg::{Interval, Leg, LegKey};
use crate::prefetch::prefetch;
use crate::time::Timestamp;

/// How many legs are fetched from memory at the same time.
const AHEAD: usize = 16;

/// Builds the flows of `legs`, in order.
#[must_use]
pub fn build(mut legs: Vec<(LegKey, Leg)>, roles: &Roles<'_>, directory: &Directory) -> Vec<Flow> {
    let order = order(&legs, roles);
    let mut later = order.iter().skip(AHEAD);
    let mut flows = Vec::with_capacity(legs.len());
    for places in order.chunk_by(|a, b| a.rank() == b.rank()) {
        let start = flows.len();
        for place in places {
            fetch(&legs, later.next());
            if let Some((key, leg)) = legs.get_mut(place.leg) {
                let leg = (&*key, mem::take(leg));
                add_leg(&mut flows, start, leg, place.roles, directory);
            }
        }
        if flows.len() > start + 1 {
            let mut same = flows.split_off(start);
            merge(&mut same, directory);
            flows.append(&mut same);
        }
    }
    flows
}

/// Fetches a leg without waiting for it: legs come in random order.
fn fetch(legs: &[(LegKey, Leg)], place: Option<&Place>) {
    if let Some(leg) = place.and_then(|place| legs.get(place.leg)) {
        prefetch(leg);
    }
}

/// When each direction of a leg began.
#[must_use]
pub fn first_packets(leg: &Leg) -> (Timestamp, Timestamp) {
    let none = (Timestamp::MAX, Timestamp::MAX);
    leg.intervals()
        .iter()
        .fold(none, |(forward, backward), interval| {
            (
                forward.min(interval.forward.first),
                backward.min(interval.backward.first),
            )
        })
}

/// Adds a leg to the flows between its ends, which begin at `start`. Neighbours are mostly of one
/// flow.
fn add_leg(
    flows: &mut Vec<Flow>,
    start: usize,
    (key, leg): (&LegKey, Leg),
    roles: Oriented,
    directory: &Directory,
) {
    for interval in leg.into_intervals() {
        let interval = match roles.forward {
            Forward::Client => interval,
            Forward::Server => interval.reversed(),
        };
        let key = attribute(key, roles, &interval, directory);
        match flows.get_mut(start..).and_then(<[Flow]>::last_mut) {
            Some(last) if last.key == key => {
                last.basis = last.basis.min(roles.basis);
                last.intervals.add(interval);
            }
            Some(_) | None => flows.push(Flow {
                key,
                basis: roles.basis,
                observed: Observed::Between,
                intervals: interval.into(),
            }),
        }
    }
}

/// Puts the flows between the same ends in the order of their owners, one for each.
fn merge(flows: &mut Vec<Flow>, directory: &Directory) {
    flows.sort_unstable_by(|a, b| a.key.compare_owners(&b.key, directory));
    flows.dedup_by(|later, earlier| {
        let same = later.key == earlier.key;
        if same {
            earlier.basis = earlier.basis.min(later.basis);
            for interval in mem::take(&mut later.intervals) {
                earlier.intervals.add(interval);
            }
        }
        same
    });
}

fn attribute(key: &LegKey, roles: Oriented, interval: &Interval, directory: &Directory) -> FlowKey {
    let at = first_packet(interval);
    let (client, server) = roles.ends(key);
    FlowKey {
        protocol: key.protocol,
        client: FlowEnd {
            address: client,
            identity: directory.resolve(client, None, at),
        },
        server: FlowEnd {
            address: server.address,
            identity: directory.resolve(server.address, Some((key.protocol, server.port)), at),
        },
        server_port: server.port,
    }
}
