//! Legs to flows: roles, owners, and one record for all legs that are one flow.

use std::{hint, mem};

use crate::cluster::Directory;
use crate::flow::order::{Forward, Oriented, Place, order};
use crate::flow::roles::Roles;
use crate::flow::{Flow, FlowEnd, FlowKey, Observed, packets_of};
use crate::leg::{Interval, Leg, LegKey};
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
            touch(&legs, later.next());
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

/// Looks at a leg only to have its memory at hand a little later: legs come in random order.
fn touch(legs: &[(LegKey, Leg)], place: Option<&Place>) {
    let leg = place.and_then(|place| legs.get(place.leg));
    hint::black_box(leg.map(|(key, leg)| {
        let first = leg.intervals().first();
        (key.protocol, first.map(|interval| interval.backward.last))
    }));
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
                last.key.learn(&key, directory);
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
    flows.sort_unstable_by_key(|flow| flow.key.owners());
    flows.dedup_by(|later, earlier| {
        let same = later.key == earlier.key;
        if same {
            earlier.key.learn(&later.key, directory);
            earlier.basis = earlier.basis.min(later.basis);
            for interval in mem::take(&mut later.intervals) {
                earlier.intervals.add(interval);
            }
        }
        same
    });
}

fn attribute(key: &LegKey, roles: Oriented, interval: &Interval, directory: &Directory) -> FlowKey {
    let times = packets_of(interval);
    let (client, server) = roles.ends(key);
    let service_port = Some((key.protocol, server.port));
    let asks = directory.resolve_over(client, None, times);
    let answers = directory.resolve_over(server.address, service_port, times);
    FlowKey {
        protocol: key.protocol,
        client: FlowEnd::new(client, asks, directory),
        server: FlowEnd::new(server.address, answers, directory),
        server_port: server.port,
    }
}
