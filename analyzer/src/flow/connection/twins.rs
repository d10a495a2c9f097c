//! Connections that were seen before and after a translation: one conversation each.
//!
//! In: the records of a connection in all its forms. Out: one [`AttributedConnection`], which tells
//! at the client's end what was seen before the translation, and at the server's what after it.

use std::collections::BTreeMap;
use std::mem;

use crate::connection::TwinId;
use crate::connection::record::ConnectionRecord;
use crate::endpoint::Side;
use crate::flow::Observed;
use crate::flow::build::Knowledge;
use crate::flow::connection::{AttributedConnection, choose, is_near};
use crate::flow::join::decide::Joined;
use crate::flow::join::{Joins, Stage};
use crate::leg::{Ends, Leg, LegKey};
use crate::protocol::Protocol;
use crate::traffic::IntervalIndex;
use crate::translation::form::Form;
use crate::vantage::Scope;

/// What the forms of a connection share: their set, and the client's port; where a node stands for
/// the client, the client's initial sequence number.
pub(super) type Conversation = (Protocol, TwinId, u32);

/// Records by conversation.
pub(super) type Conversations<'r> = BTreeMap<Conversation, (Joined, Vec<&'r ConnectionRecord>)>;

/// The conversation of a record that has other forms.
pub(super) fn conversation<'j>(
    record: &ConnectionRecord,
    legs: &[(LegKey, Leg)],
    joins: &'j Joins,
) -> Option<(Conversation, &'j Joined)> {
    let key = &record.key;
    let twin = match record.client {
        Some(_) => record.twin,
        None => twin_of_leg(record, legs),
    };
    let joined = joins.get(key.protocol, twin)?;
    let client = record
        .client
        .unwrap_or_else(|| joined.client_of(key.low, key.high));
    let port = u32::from(key.endpoint(client).port);
    let is_kept = joined.first.client == joined.last.client;
    let tag = record.client_seq.filter(|_| !is_kept).unwrap_or(port);
    Some(((key.protocol, twin, tag), joined))
}

/// A leg that keeps both ports was told its set when the snapshot was made.
fn twin_of_leg(record: &ConnectionRecord, legs: &[(LegKey, Leg)]) -> TwinId {
    let key = &record.key;
    let ends = Ends::Ports {
        low: key.low,
        high: key.high,
    };
    let wanted = (key.hop, key.protocol, ends, record.era);
    let of = |key: &LegKey| (key.hop, key.protocol, key.ends, key.era);
    let start = legs.partition_point(|(key, _)| of(key) < wanted);
    let same = legs.iter().skip(start);
    let same = same.take_while(|(key, _)| of(key) == wanted);
    let at = IntervalIndex::of(record.first());
    let mut here = same.filter(|(_, leg)| leg.intervals().get(at).is_some());
    here.next().map_or(TwinId::NONE, |(key, _)| key.twin)
}

/// One connection for the records of a conversation; several when a port was used again.
pub(super) fn join(
    joined: &Joined,
    seen: &[&ConnectionRecord],
    legs: &[(LegKey, Leg)],
    knowledge: &Knowledge<'_>,
) -> Vec<AttributedConnection> {
    let at = |stage| {
        let records: Vec<&ConnectionRecord> = seen
            .iter()
            .copied()
            .filter(|record| stage_of(record, joined) == stage)
            .collect();
        choose(&records, legs, knowledge, Scope::default(), Some(joined))
    };
    let (before, mut after) = (at(Stage::Before), at(Stage::After));
    let mut connections = Vec::new();
    for connection in before {
        let same = |other: &AttributedConnection| is_near(&connection.record, &other.record);
        connections.push(match after.iter().position(same) {
            Some(place) => combine(&connection, &after.remove(place)),
            None => connection,
        });
    }
    connections.append(&mut after);
    connections
}

fn stage_of(record: &ConnectionRecord, joined: &Joined) -> Stage {
    let key = &record.key;
    let client = record
        .client
        .unwrap_or_else(|| joined.client_of(key.low, key.high));
    joined.stage(Form {
        client: key.endpoint(client).address,
        server: key.endpoint(client.other()),
    })
}

/// A connection as its client sent it and as its server received it.
fn combine(before: &AttributedConnection, after: &AttributedConnection) -> AttributedConnection {
    let turned = |record: ConnectionRecord| ConnectionRecord {
        key: before.record.key,
        ..turned(record, after.client_side, before.client_side)
    };
    let is_at = |connection: &AttributedConnection, end| {
        connection.observed == end || connection.observed == Observed::Both
    };
    let at_server = turned(after.at_server.unwrap_or(after.record));
    let own_client = is_at(before, Observed::Client);
    let at_client = if !own_client && is_at(after, Observed::Client) {
        turned(after.record)
    } else {
        before.record
    };
    let client_seen = own_client || is_at(after, Observed::Client);
    let (observed, record, at_server) = match (client_seen, is_at(after, Observed::Server)) {
        (true, true) => (Observed::Both, at_client, Some(at_server)),
        (true, false) => (Observed::Client, at_client, None),
        (false, true) => (Observed::Server, at_server, None),
        (false, false) => (Observed::Between, at_client, Some(at_server)),
    };
    AttributedConnection {
        record,
        at_server,
        observed,
        ..before.clone()
    }
}

/// A record with the client on another side.
fn turned(mut record: ConnectionRecord, from: Side, to: Side) -> ConnectionRecord {
    if from != to {
        mem::swap(&mut record.total.low, &mut record.total.high);
        mem::swap(&mut record.flags.low, &mut record.flags.high);
        record.client = record.client.map(Side::other);
    }
    record
}
