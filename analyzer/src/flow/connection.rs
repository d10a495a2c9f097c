//! Single connections with their roles and owners decided, one for all the hops that saw it.
//!
//! In: the records of connections at every hop. Out: one [`AttributedConnection`] a conversation.
//! **Shape** of the hops that saw a conversation the client's own interface tells the connection,
//! and the server's own what arrived there; where there is none, the hop that saw it first. What
//! was seen before and after a translation is one conversation too.

use std::collections::BTreeMap;

use crate::connection::record::{ConnectionRecord, ConnectionRecords};
use crate::endpoint::{Endpoint, Side};
use crate::flow::build::{Knowledge, first_packets};
use crate::flow::connection::twins::{Conversations, conversation, join};
use crate::flow::join::decide::Joined;
use crate::flow::order;
use crate::flow::roles::Uncertain;
use crate::flow::{Basis, FlowEnd, Observed};
use crate::hop::HopId;
use crate::leg::{Ends, Leg, LegKey};
use crate::protocol::Protocol;
use crate::time::NANOS_PER_SECOND;
use crate::vantage::{Holder, Nearness, Scope};

mod twins;

/// How far apart in time two hops may see one connection.
const SLACK: u64 = NANOS_PER_SECOND;

/// A connection with its roles and owners decided.
#[derive(Clone, Debug)]
pub struct AttributedConnection {
    /// What was counted, at the client's end if that was observed.
    pub record: ConnectionRecord,
    /// What was counted at the server's end, where that was counted apart.
    pub at_server: Option<ConnectionRecord>,
    /// Where it was counted.
    pub observed: Observed,
    /// Which side is the client.
    pub client_side: Side,
    /// The client's port.
    pub client_port: u16,
    /// The port the server answers on.
    pub server_port: u16,
    /// How that is known.
    pub basis: Basis,
    /// Whose address the client's was.
    pub client: FlowEnd,
    /// Whose address the server's was.
    pub server: FlowEnd,
}

/// Decides the roles and owners of connections, in order of their start.
#[must_use]
pub fn attribute(
    records: &ConnectionRecords,
    legs: &[(LegKey, Leg)],
    knowledge: &Knowledge<'_>,
) -> Vec<AttributedConnection> {
    let mut elsewhere: BTreeMap<(Protocol, Endpoint, Endpoint, Scope), Vec<&ConnectionRecord>> =
        BTreeMap::new();
    let mut translated = Conversations::default();
    let mut connections = Vec::new();
    for record in records.iter() {
        if let Some((conversation, joined)) = conversation(record, legs, knowledge.joins) {
            let found = translated.entry(conversation);
            found
                .or_insert_with(|| (*joined, Vec::new()))
                .1
                .push(record);
        } else if record.key.hop == HopId::BETWEEN {
            connections.push(knowledge.attribute_record(record, legs, Scope::default(), None));
        } else {
            let key = &record.key;
            let scope = knowledge.scope_of(key.hop, (key.low.address, key.high.address));
            let conversation = (key.protocol, key.low, key.high, scope);
            elsewhere.entry(conversation).or_default().push(record);
        }
    }
    if elsewhere.is_empty() && translated.is_empty() {
        return connections;
    }
    for ((.., scope), seen) in elsewhere {
        connections.extend(choose(&seen, legs, knowledge, scope, None));
    }
    for (joined, seen) in translated.into_values() {
        connections.extend(join(&joined, &seen, legs, knowledge));
    }
    connections.sort_by_key(|connection| (connection.record.first(), connection.record.key));
    connections
}

/// One connection for all records of it.
fn choose(
    seen: &[&ConnectionRecord],
    legs: &[(LegKey, Leg)],
    knowledge: &Knowledge<'_>,
    scope: Scope,
    joined: Option<&Joined>,
) -> Vec<AttributedConnection> {
    let mut ranked: Vec<_> = seen
        .iter()
        .map(|record| {
            let connection = knowledge.attribute_record(record, legs, scope, joined);
            let (client, server) = knowledge.holders(&connection);
            let nearness = |holder: Holder| {
                let place = record.key.hop.place();
                knowledge.vantage.nearness(holder, place)
            };
            let place = knowledge.vantage.place(record.key.hop.place());
            ((nearness(client), nearness(server), place), connection)
        })
        .collect();
    let first_at = |hop: HopId| {
        let at_hop = seen.iter().filter(|record| record.key.hop == hop);
        at_hop.map(|record| record.first()).min()
    };
    ranked.sort_by_cached_key(|((client, server, place), connection)| {
        let hop = connection.record.key.hop;
        (
            *client,
            *server,
            first_at(hop),
            *place,
            hop,
            connection.record.first(),
        )
    });
    let mut chosen: Vec<AttributedConnection> = Vec::new();
    for (nearness, connection) in ranked {
        let known = chosen
            .iter_mut()
            .find(|known| is_same(&known.record, &connection.record));
        match known {
            Some(known) => known.complete(&connection.record, nearness.1),
            None => chosen.push(AttributedConnection {
                observed: match (nearness.0, nearness.1) {
                    (Nearness::Elsewhere, Nearness::Elsewhere) => Observed::Between,
                    (Nearness::Elsewhere, _) => Observed::Server,
                    (_, Nearness::Elsewhere) => Observed::Client,
                    (_, _) => Observed::Both,
                },
                ..connection
            }),
        }
    }
    chosen
}

/// Whether two records, at different hops or of different forms, are of one connection.
fn is_same(one: &ConnectionRecord, other: &ConnectionRecord) -> bool {
    let five_tuple = |record: &ConnectionRecord| (record.key.low, record.key.high);
    let same_era = one.era == other.era || five_tuple(one) != five_tuple(other);
    one.key != other.key && same_era && is_near(one, other)
}

/// Whether two records may be of one time.
fn is_near(one: &ConnectionRecord, other: &ConnectionRecord) -> bool {
    one.first().nanos_since(other.last()) <= SLACK && other.first().nanos_since(one.last()) <= SLACK
}

impl AttributedConnection {
    /// Takes in another hop's record of the same connection.
    fn complete(&mut self, other: &ConnectionRecord, nearness: Nearness) {
        // SLL version 1 shows the two directions at two hops.
        for side in [Side::Low, Side::High] {
            if self.record.total.get(side).is_empty() {
                *self.record.total.get_mut(side) = *other.total.get(side);
                *self.record.flags.get_mut(side) |= other.flags.get(side);
            }
        }
        if nearness != Nearness::Elsewhere && self.at_server.is_none() {
            self.observed = match self.observed {
                Observed::Client | Observed::Both => Observed::Both,
                Observed::Server | Observed::Between => Observed::Server,
            };
            if self.observed == Observed::Both {
                self.at_server = Some(*other);
            }
        }
    }
}

impl Knowledge<'_> {
    fn holders(&self, connection: &AttributedConnection) -> (Holder, Holder) {
        let at = connection.record.first();
        let holder = |end: FlowEnd| {
            self.vantage
                .holder_of(end.identity, end.address, at, self.directory)
        };
        (holder(connection.client), holder(connection.server))
    }

    fn attribute_record(
        &self,
        record: &ConnectionRecord,
        legs: &[(LegKey, Leg)],
        scope: Scope,
        joined: Option<&Joined>,
    ) -> AttributedConnection {
        let (client_side, basis) = match record.client {
            Some(side) => (side, Basis::Syn),
            None => {
                let roles = self.roles.client_of(&uncertain(record, legs));
                order::in_join(roles, joined, record.key.low, record.key.high)
            }
        };
        let (key, times) = (&record.key, (record.first(), record.last()));
        let (asks, answers) = (key.endpoint(client_side), key.endpoint(client_side.other()));
        let own = (asks.address, answers);
        let (client, server) = joined.map_or(own, Joined::ends);
        let service = joined.and_then(|joined| joined.service);
        AttributedConnection {
            record: *record,
            at_server: None,
            observed: Observed::Between,
            client_side,
            client_port: asks.port,
            server_port: server.port,
            basis,
            client: self.end(client, None, times, scope),
            server: self.server(key.protocol, server, service, times, scope),
        }
    }
}

/// A connection takes the roles of its leg, so that connections and flows agree.
fn uncertain(record: &ConnectionRecord, legs: &[(LegKey, Leg)]) -> Uncertain {
    let key = &record.key;
    let ends = Ends::Ports {
        low: key.low,
        high: key.high,
    };
    let wanted = (key.hop, key.protocol, ends, record.era);
    let leg = legs
        .binary_search_by_key(&wanted, |(key, _)| {
            (key.hop, key.protocol, key.ends, key.era)
        })
        .ok()
        .and_then(|at| legs.get(at));
    let first = leg.map_or(
        (record.total.low.first, record.total.high.first),
        |(_, leg)| first_packets(leg),
    );
    Uncertain {
        protocol: key.protocol,
        low: key.low,
        high: key.high,
        first,
    }
}
