//! What each end of one connection counted.
//!
//! In: the records of one connection. Out: one [`AttributedConnection`], with the counting points
//! that a flow of this connection alone would have; none when the interfaces of both ends were
//! captured and neither showed it.

use crate::connection::handshake::Handshake;
use crate::connection::record::ConnectionRecord;
use crate::endpoint::{BySide, Side};
use crate::flow::build::Knowledge;
use crate::flow::connection::AttributedConnection;
use crate::flow::connection::alike::Alike;
use crate::flow::connection::twins::{client_of, stage_of};
use crate::flow::join::Stage;
use crate::flow::join::decide::Joined;
use crate::flow::point::{Settled, Sighted, settle};
use crate::flow::{FlowKey, Observed};
use crate::hop::HopId;
use crate::leg::intervals::Intervals;
use crate::leg::{Beside, Interval, Leg, LegKey};
use crate::traffic::{IntervalIndex, Traffic};
use crate::vantage::{Holder, Nearness, Scope};

/// A record of a connection, and how near the ends it was made.
struct Near<'r> {
    record: &'r ConnectionRecord,
    /// On which side of a translation, where there was one.
    stage: Option<Stage>,
    client_side: Side,
    client: Nearness,
    server: Nearness,
}

/// One connection for all records of it.
pub(super) fn count(
    alike: &Alike<'_>,
    legs: &[(LegKey, Leg)],
    knowledge: &Knowledge<'_>,
    scope: Scope,
    joined: Option<&Joined>,
) -> Option<AttributedConnection> {
    let attribute = |record: &ConnectionRecord| {
        let known = with_client_of(alike, record);
        knowledge.attribute_record(&known, legs, scope, joined)
    };
    let earliest = attribute(alike.records.first()?);
    if joined.is_none() && alike.records.iter().all(|r| r.key.hop == HopId::BETWEEN) {
        return Some(earliest);
    }
    let holders = knowledge.holders(&earliest);
    let near = by_nearness(alike, earliest.client_side, holders, knowledge, joined);
    let lead = near.iter().min_by_key(|near| near.stage)?;
    let lead = attribute(lead.record);
    let index = IntervalIndex::of(earliest.first());
    let sighted: Vec<Sighted> = near.iter().map(|near| sight(near, index)).collect();
    let key = FlowKey {
        protocol: lead.record.key.protocol,
        client: lead.client,
        server: lead.server,
        server_port: lead.server_port,
        scope,
    };
    let Settled { flow, .. } = settle(key, lead.basis, &sighted, holders, knowledge.vantage);
    let is_apart = flow.observed == Observed::Both || flow.at_server.is_some();
    let is_between = flow.observed == Observed::Between;
    let at_client = ConnectionRecord {
        total: total(&flow.intervals, lead.client_side),
        handshake: handshake(&near, is_between, Near::to_client),
        ..lead.record
    };
    let at_server = ConnectionRecord {
        total: total(flow.server_intervals(), lead.client_side),
        handshake: handshake(&near, is_between, Near::to_server),
        ..lead.record
    };
    let is_silent = |record: &ConnectionRecord| record.total == BySide::default();
    if is_silent(&at_client) && is_silent(&at_server) {
        return None;
    }
    let mut record = match flow.observed {
        Observed::Server => at_server,
        Observed::Client | Observed::Both | Observed::Between => at_client,
    };
    complete_flags(&mut record, lead.client_side, &near);
    Some(AttributedConnection {
        record,
        at_server: is_apart.then_some(at_server),
        observed: flow.observed,
        ..lead
    })
}

impl Near<'_> {
    /// How near the client, as far as it counts there.
    fn to_client(&self) -> Option<Nearness> {
        let counts = self.stage != Some(Stage::After) || self.client == Nearness::WayOut;
        counts.then_some(self.client)
    }

    /// How near the server, as far as it counts there.
    fn to_server(&self) -> Option<Nearness> {
        let counts = self.stage.is_none_or(|stage| stage == Stage::After);
        counts.then_some(self.server)
    }
}

/// The handshake as the record told it that counts nearest to an end.
fn handshake<'r>(
    near: &[Near<'r>],
    is_between: bool,
    to_end: impl Fn(&Near<'r>) -> Option<Nearness>,
) -> Option<Handshake> {
    let seeing = near.iter().filter_map(|near| {
        let handshake = near.record.handshake?;
        Some((to_end(near)?, handshake))
    });
    let counting = seeing.filter(|(nearness, _)| is_between || *nearness < Nearness::Elsewhere);
    let nearest = counting.min_by_key(|(nearness, _)| *nearness);
    nearest.map(|(_, handshake)| handshake)
}

/// A record with the opener that any of the same five-tuple tells.
fn with_client_of(alike: &Alike<'_>, record: &ConnectionRecord) -> ConnectionRecord {
    let five_tuple = |record: &ConnectionRecord| (record.key.low, record.key.high);
    let same = alike.records.iter();
    let mut same = same.filter(|other| five_tuple(other) == five_tuple(record));
    ConnectionRecord {
        client: record.client.or_else(|| same.find_map(|r| r.client)),
        ..*record
    }
}

/// The records, the nearest to the client first.
fn by_nearness<'r>(
    alike: &Alike<'r>,
    own_client: Side,
    (client, server): (Holder, Holder),
    knowledge: &Knowledge<'_>,
    joined: Option<&Joined>,
) -> Vec<Near<'r>> {
    let nearness = |holder, record: &ConnectionRecord| {
        let place = record.key.hop.place();
        knowledge.vantage.nearness(holder, place)
    };
    let near = |record: &&'r ConnectionRecord| Near {
        record,
        client_side: match joined {
            Some(joined) => client_of(record, joined),
            None => own_client,
        },
        stage: joined.map(|joined| stage_of(record, joined)),
        client: nearness(client, record),
        server: nearness(server, record),
    };
    let mut near: Vec<Near<'r>> = alike.records.iter().map(near).collect();
    near.sort_by_cached_key(|near| {
        let hop = near.record.key.hop;
        let place = knowledge.vantage.place(hop.place());
        (near.client, near.server, near.record.first(), place, hop)
    });
    near
}

/// What the hop of a record counted, as of one interval.
fn sight(near: &Near<'_>, index: IntervalIndex) -> Sighted {
    let (total, client) = (&near.record.total, near.client_side);
    let mut interval = Interval::new(index.into());
    interval.forward = *total.get(client);
    interval.backward = *total.get(client.other());
    Sighted {
        hop: near.record.key.hop.seen_from(client),
        stage: near.stage.unwrap_or(Stage::After),
        // It is one connection.
        beside: Beside::ALL,
        intervals: interval.into(),
    }
}

/// What each side sent, of a flow of one connection.
fn total(intervals: &Intervals, client: Side) -> BySide<Traffic> {
    let mut total = BySide::<Traffic>::default();
    for interval in intervals.iter() {
        total.get_mut(client).merge(&interval.forward);
        total.get_mut(client.other()).merge(&interval.backward);
    }
    total
}

/// SLL version 1 shows the two directions at two hops.
fn complete_flags(record: &mut ConnectionRecord, client: Side, near: &[Near<'_>]) {
    for is_client in [true, false] {
        let side = if is_client { client } else { client.other() };
        let known = near.iter().map(|near| {
            let client = near.client_side;
            let side = if is_client { client } else { client.other() };
            *near.record.flags.get(side)
        });
        let flags = record.flags.get_mut(side);
        if *flags == 0 && !record.total.get(side).is_empty() {
            *flags = known.fold(0, |all, flags| all | flags);
        }
    }
}
