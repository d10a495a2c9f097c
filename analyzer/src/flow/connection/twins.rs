//! Connections that were seen before and after a translation: one conversation each.
//!
//! In: a record and the joins. Out: what it shares with the other forms of its connection, and on
//! which side of the translation it was made.

use std::collections::BTreeMap;

use crate::connection::TwinId;
use crate::connection::record::ConnectionRecord;
use crate::endpoint::Side;
use crate::flow::join::decide::Joined;
use crate::flow::join::{Joins, Stage};
use crate::leg::{Ends, Leg, LegKey};
use crate::protocol::Protocol;
use crate::traffic::IntervalIndex;
use crate::translation::form::Form;

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
    let client = client_of(record, joined);
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

/// The client of a form.
pub(super) fn client_of(record: &ConnectionRecord, joined: &Joined) -> Side {
    let key = &record.key;
    record
        .client
        .unwrap_or_else(|| joined.client_of(key.low, key.high))
}

/// On which side of its translation a connection was seen.
pub(super) fn stage_of(record: &ConnectionRecord, joined: &Joined) -> Stage {
    let (key, client) = (&record.key, client_of(record, joined));
    joined.stage(Form {
        client: key.endpoint(client).address,
        server: key.endpoint(client.other()),
    })
}
