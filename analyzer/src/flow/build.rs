//! Legs to flows: roles, owners, and one record for all legs that are one flow.

use std::mem;

use crate::cluster::Directory;
use crate::flow::order::{Forward, Oriented, order};
use crate::flow::roles::Roles;
use crate::flow::{Flow, FlowEnd, FlowKey, Observed, first_packet};
use crate::leg::{Interval, Leg, LegKey};
use crate::time::Timestamp;

/// Builds the flows of `legs`, in order.
#[must_use]
pub fn build(mut legs: Vec<(LegKey, Leg)>, roles: &Roles<'_>, directory: &Directory) -> Vec<Flow> {
    let places = order(&legs, roles);
    let mut flows = Vec::with_capacity(legs.len());
    let mut same = Vec::new();
    for places in places.chunk_by(|a, b| a.rank() == b.rank()) {
        for place in places {
            if let Some((key, leg)) = legs.get_mut(place.leg) {
                add_leg(&mut same, key, mem::take(leg), place.roles, directory);
            }
        }
        merge(&mut same, directory);
        flows.append(&mut same);
    }
    flows
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

/// Adds a leg to the flows between its ends. Neighbours are mostly of one flow.
fn add_leg(flows: &mut Vec<Flow>, key: &LegKey, leg: Leg, roles: Oriented, directory: &Directory) {
    for interval in leg.into_intervals() {
        let interval = match roles.forward {
            Forward::Client => interval,
            Forward::Server => interval.reversed(),
        };
        let key = attribute(key, roles, &interval, directory);
        match flows.last_mut() {
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
