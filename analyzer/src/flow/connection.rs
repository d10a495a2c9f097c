//! Single connections with their roles and owners decided, one for all the hops that saw it.
//!
//! In: the records of connections at every hop. Out: one [`AttributedConnection`] a conversation.
//! **Shape** the hops that saw a connection have the counting points that they have for flows. What
//! was seen before and after a translation is one connection too.

use std::collections::BTreeMap;

use crate::connection::record::{ConnectionRecord, ConnectionRecords};
use crate::endpoint::{Endpoint, Side};
use crate::flow::build::{Knowledge, first_packets};
use crate::flow::connection::alike::part;
use crate::flow::connection::counted::count;
use crate::flow::connection::twins::{Conversations, conversation};
use crate::flow::join::decide::Joined;
use crate::flow::order;
use crate::flow::parties::Party;
use crate::flow::roles::Uncertain;
use crate::flow::{Basis, FlowEnd, Observed};
use crate::leg::{Ends, Leg, LegKey};
use crate::protocol::Protocol;
use crate::time::Timestamp;
use crate::vantage::{Holder, Scope};

mod alike;
mod counted;
mod twins;

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

impl AttributedConnection {
    /// The first packet, at the client's end if any was seen there.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.seen().first()
    }

    /// The last packet, at the client's end if any was seen there.
    #[must_use]
    pub fn last(&self) -> Timestamp {
        self.seen().last()
    }

    /// The client's own interface may have shown nothing.
    fn seen(&self) -> &ConnectionRecord {
        let total = &self.record.total;
        let is_silent = total.low.is_empty() && total.high.is_empty();
        let at_server = self.at_server.as_ref().filter(|_| is_silent);
        at_server.unwrap_or(&self.record)
    }
}

/// Decides the roles and owners of connections, in order of their start.
#[must_use]
pub fn attribute(
    records: &ConnectionRecords,
    legs: &[(LegKey, Leg)],
    knowledge: &Knowledge<'_>,
) -> Vec<AttributedConnection> {
    let mut plain: BTreeMap<(Protocol, Endpoint, Endpoint, Scope), Vec<&ConnectionRecord>> =
        BTreeMap::new();
    let mut translated = Conversations::default();
    let is_ignored =
        |record: &&ConnectionRecord| !knowledge.vantage.is_ignored(record.key.hop.place());
    for record in records.iter().filter(is_ignored) {
        if let Some((conversation, joined)) = conversation(record, legs, knowledge.joins) {
            let found = translated.entry(conversation);
            found
                .or_insert_with(|| (*joined, Vec::new()))
                .1
                .push(record);
        } else {
            let key = &record.key;
            let scope = knowledge.scope_of(key.hop, (key.low.address, key.high.address));
            let conversation = (key.protocol, key.low, key.high, scope);
            plain.entry(conversation).or_default().push(record);
        }
    }
    let mut connections = Vec::new();
    let mut add = |records, scope, joined: Option<&Joined>| {
        let found = part(records).into_iter();
        connections.extend(found.filter_map(|alike| count(&alike, legs, knowledge, scope, joined)));
    };
    for ((.., scope), seen) in plain {
        add(seen, scope, None);
    }
    for (joined, seen) in translated.into_values() {
        add(seen, Scope::default(), Some(&joined));
    }
    connections.sort_by_key(|connection| (connection.first(), connection.record.key));
    connections
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
        let port = Some((key.protocol, server.port));
        let called = Party::of(self, server.address, port, scope, None);
        AttributedConnection {
            record: *record,
            at_server: None,
            observed: Observed::Between,
            client_side,
            client_port: asks.port,
            server_port: server.port,
            basis,
            client: Party::of(self, client, None, scope, None).over(times),
            server: called.called_over((key.protocol, service), times),
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
