//! Legs to flows: roles, owners, and one record for all legs that are one flow.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use std::net::IpAddr;

use crate::cluster::Directory;
use crate::endpoint::{Endpoint, Side};
use crate::flow::roles::{Roles, Uncertain};
use crate::flow::{Basis, Flow, FlowEnd, FlowKey, Observed, first_packet};
use crate::leg::{Ends, Interval, Leg, LegKey};
use crate::time::Timestamp;

/// Builds the flows of `legs`, in order.
#[must_use]
pub fn build(legs: Vec<(LegKey, Leg)>, roles: &Roles<'_>, directory: &Directory) -> Vec<Flow> {
    let mut flows = Flows::default();
    for (key, leg) in legs {
        let oriented = Oriented::of(&key, &leg, roles);
        for interval in leg.into_intervals() {
            let interval = if oriented.reversed {
                interval.reversed()
            } else {
                interval
            };
            let flow_key = attribute(&key, &oriented, &interval, directory);
            flows.add(flow_key, oriented.basis, interval);
        }
    }
    let flows = flows.list;
    order(flows, directory)
}

/// Puts flows in the order of their keys. Numbers are compared for most of them: addresses are
/// packed once, and owners are looked at only where everything else is equal.
fn order(mut flows: Vec<Flow>, directory: &Directory) -> Vec<Flow> {
    flows.sort_by_cached_key(|flow| {
        let FlowKey {
            protocol,
            client,
            server,
            server_port,
        } = flow.key;
        (
            protocol,
            packed(client.address),
            packed(server.address),
            server_port,
        )
    });
    for equals in flows.chunk_by_mut(|a, b| a.key.has_addresses_of(&b.key)) {
        equals.sort_unstable_by(|a, b| a.key.compare_owners(&b.key, directory));
    }
    flows
}

/// Orders as addresses do: IPv4 first.
fn packed(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(v4) => (false, u128::from(v4.to_bits())),
        IpAddr::V6(v6) => (true, v6.to_bits()),
    }
}

/// A leg with its roles decided.
struct Oriented {
    client: IpAddr,
    server: Endpoint,
    basis: Basis,
    /// The leg's forward direction is from the server.
    reversed: bool,
}

impl Oriented {
    fn of(key: &LegKey, leg: &Leg, roles: &Roles<'_>) -> Self {
        match key.ends {
            Ends::Roles { client, server } => Self {
                client,
                server,
                basis: Basis::Syn,
                reversed: false,
            },
            Ends::Ports { low, high } => {
                let first = first_packets(leg);
                let uncertain = Uncertain {
                    protocol: key.protocol,
                    low,
                    high,
                    first,
                };
                match roles.client_of(&uncertain) {
                    (Side::Low, basis) => Self {
                        client: low.address,
                        server: high,
                        basis,
                        reversed: false,
                    },
                    (Side::High, basis) => Self {
                        client: high.address,
                        server: low,
                        basis,
                        reversed: true,
                    },
                }
            }
        }
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

fn attribute(
    key: &LegKey,
    oriented: &Oriented,
    interval: &Interval,
    directory: &Directory,
) -> FlowKey {
    let at = first_packet(interval);
    let Oriented { client, server, .. } = *oriented;
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

/// Flows as they are found; later intervals are added to the flow of their key.
#[derive(Default)]
struct Flows {
    list: Vec<Flow>,
    index: HashMap<FlowKey, usize, FixedState>,
}

impl Flows {
    fn add(&mut self, key: FlowKey, basis: Basis, interval: Interval) {
        let at = *self.index.entry(key).or_insert(self.list.len());
        match self.list.get_mut(at) {
            None => self.list.push(Flow {
                key,
                basis,
                observed: Observed::Between,
                intervals: vec![interval],
            }),
            Some(flow) => {
                flow.basis = flow.basis.min(basis);
                add_interval(&mut flow.intervals, interval);
            }
        }
    }
}

fn add_interval(intervals: &mut Vec<Interval>, interval: Interval) {
    match intervals.binary_search_by_key(&interval.index, |i| i.index) {
        Ok(at) => {
            if let Some(same) = intervals.get_mut(at) {
                same.merge(&interval);
            }
        }
        Err(at) => intervals.insert(at, interval),
    }
}
