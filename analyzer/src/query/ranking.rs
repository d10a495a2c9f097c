//! Rankings: the flows of a snapshot in a window, measured once and ordered once.
//!
//! In: a snapshot and a query of flows. Out: the page that it asks for, the same that measuring each
//! flow anew would give. **Shape** 32 octets a flow and 4 for each order that was asked for, up to
//! [`FLOWS_MAX`] flows; a filter by names looks at each owner once and then at numbers.

use std::cmp::Reverse;
use std::sync::{Arc, OnceLock};

use crate::cluster::IdentityId;
use crate::leg::intervals::Intervals;
use crate::protocol::Protocol;
use crate::query::filter::{EndFacts, EndFilter, Filter};
use crate::query::flows::{Match, accepts_key};
use crate::query::row::{Ranked, Shown, Volume};
use crate::query::view::State;
use crate::query::window::Bounds;
use crate::query::{Page, Query, Sort};
use crate::snapshot::Snapshot;
use crate::snapshot::kept::Keep;

/// Of more flows than these nothing is kept.
pub(super) const FLOWS_MAX: usize = 1 << 20;

/// A page is at hand if it ends among so many rows of the order, …
const AT_HAND_END: usize = 1_000;
/// … has at most so many itself, …
const AT_HAND_ROWS: usize = 100;
/// … and those have no more intervals to be added up.
const AT_HAND_INTERVALS: usize = 10_000;

/// The flows of a snapshot that counted something in a window.
struct Ranking {
    bounds: Bounds,
    rows: Vec<Row>,
    /// What all of them count.
    all: Volume,
    /// Numbers of rows in the order of each key; equal ones in the order of the flows' keys.
    orders: [OnceLock<Vec<u32>>; Sort::ALL.len()],
}

/// What a filter or a sum needs of a flow.
struct Row {
    /// Its number in the snapshot.
    flow: u32,
    client: IdentityId,
    server: IdentityId,
    port: u16,
    protocol: Protocol,
    state: State,
    volume: Volume,
}

/// The flows that match, ranked; `None` where only measuring each of them tells.
pub(super) fn page<'s>(snapshot: &'s Snapshot, query: &Query) -> Option<Shown<Match<'s>>> {
    if query.filter.rtt_min_us.is_some() || snapshot.flows.len() > FLOWS_MAX {
        return None;
    }
    let bounds = snapshot.bounds(&query.window);
    let ranking: Arc<Ranking> = snapshot.kept.get_or_make(
        |known: &Ranking| known.bounds == bounds,
        || Ranking::of(snapshot, bounds),
    )?;
    let (numbers, total, rest) = ranking.page(snapshot, query);
    let found = |row: &Row| Match::at(snapshot, row.flow, &bounds);
    let rows = numbers
        .into_iter()
        .filter_map(|n| ranking.rows.get(n as usize));
    let rows: Vec<Match<'s>> = rows.filter_map(found).collect();
    Some(Shown {
        truncated: rows.len() < total,
        rows,
        total,
        rest,
    })
}

/// Whether a page has rows that are only to be read off an order that was made before.
pub(super) fn is_at_hand(snapshot: &Snapshot, query: &Query) -> bool {
    let bounds = snapshot.bounds(&query.window);
    let known = || snapshot.kept.get(|known: &Ranking| known.bounds == bounds);
    query.filter.is_none()
        && known().is_some_and(|known| known.has(snapshot, query.sort, query.page))
}

impl Keep for Ranking {
    fn octets(&self) -> usize {
        self.rows.len() * (size_of::<Row>() + self.orders.len() * size_of::<u32>())
    }
}

impl Ranking {
    /// Whether a page has few rows of few intervals, in an order that is made.
    fn has(&self, snapshot: &Snapshot, sort: Sort, page: Page) -> bool {
        let end = page.offset.saturating_add(page.limit);
        let order = self.place(sort).and_then(OnceLock::get);
        let shown = order.and_then(|order| order.get(page.offset..end.min(order.len())));
        let intervals = |number: &u32| {
            let row = self.rows.get(*number as usize)?;
            let flow = snapshot.flows.get(row.flow as usize)?;
            let at_server = flow.at_server.as_deref().map_or(0, Intervals::len);
            Some(flow.intervals.len() + at_server)
        };
        end <= AT_HAND_END
            && shown.is_some_and(|shown| {
                (1..=AT_HAND_ROWS).contains(&shown.len())
                    && shown.iter().filter_map(intervals).sum::<usize>() <= AT_HAND_INTERVALS
            })
    }

    /// Where an order is, once it was made.
    fn place(&self, sort: Sort) -> Option<&OnceLock<Vec<u32>>> {
        let place = Sort::ALL.iter().position(|known| *known == sort)?;
        self.orders.get(place)
    }

    fn of(snapshot: &Snapshot, bounds: Bounds) -> Self {
        let flows = (0..).zip(&snapshot.flows);
        let row = |found: Match<'_>| {
            let key = &found.flow.key;
            Row {
                flow: found.number,
                client: key.client.identity,
                server: key.server.identity,
                port: key.server_port,
                protocol: key.protocol,
                state: State::of(found.measure.active),
                volume: found.volume(),
            }
        };
        let rows: Vec<Row> = flows
            .filter_map(|flow| Match::of(flow, &bounds))
            .map(row)
            .collect();
        Self {
            bounds,
            all: rows
                .iter()
                .map(|row| row.volume)
                .fold(Volume::default(), Volume::plus),
            rows,
            orders: Default::default(),
        }
    }

    /// Numbers of rows, the greatest first.
    fn order(&self, snapshot: &Snapshot, sort: Sort) -> &[u32] {
        let make = || {
            let rank = |row: &Row| match sort {
                Sort::Bytes => u128::from(row.volume.bytes),
                Sort::Packets => u128::from(row.volume.pkts),
                Sort::BitRate
                | Sort::PacketRate
                | Sort::HandshakeTime
                | Sort::FirstSeen
                | Sort::LastSeen => {
                    let found = Match::at(snapshot, row.flow, &self.bounds);
                    found.map_or(0, |found| found.rank(sort))
                }
            };
            let ranks = self.rows.iter().map(rank);
            let mut ranked: Vec<_> = ranks.map(Reverse).zip(0_u32..).collect();
            ranked.sort_unstable();
            ranked.into_iter().map(|(_, number)| number).collect()
        };
        self.place(sort)
            .map_or(&[], |order| order.get_or_init(make))
    }

    /// The rows of a page, how many match, and what those after the page count.
    fn page(&self, snapshot: &Snapshot, query: &Query) -> (Vec<u32>, usize, Volume) {
        let order = self.order(snapshot, query.sort);
        let (offset, limit) = (query.page.offset, query.page.limit);
        let volume = |number: &u32| {
            let row = self.rows.get(*number as usize);
            row.map_or_else(Volume::default, |row| row.volume)
        };
        if query.filter.is_none() {
            let end = offset.saturating_add(limit).min(order.len());
            let before = order.iter().take(end).map(volume);
            let before = before.fold(Volume::default(), Volume::plus);
            let shown = order.get(offset..end).unwrap_or_default();
            return (shown.to_vec(), order.len(), self.all.minus(before));
        }
        let mut verdicts = Verdicts::new(snapshot, &query.filter);
        let (mut shown, mut total, mut rest) = (Vec::new(), 0, Volume::default());
        for number in order {
            let Some(row) = self.rows.get(*number as usize) else {
                continue;
            };
            if !verdicts.accept(row, query, &self.bounds) {
                continue;
            }
            if total >= offset && shown.len() < limit {
                shown.push(*number);
            } else if total >= offset {
                rest = rest.plus(row.volume);
            }
            total += 1;
        }
        (shown, total, rest)
    }
}

/// What a filter says of each owner, found out when the first flow of one comes.
struct Verdicts<'a> {
    snapshot: &'a Snapshot,
    filter: &'a Filter,
    /// By number of the identity.
    known: Vec<Option<Verdict>>,
}

/// What a filter says of an owner.
#[derive(Clone, Copy)]
struct Verdict {
    /// As a client, and as a server.
    accepted: [bool; 2],
    /// As either end.
    either: Either,
    service_port: Option<u16>,
}

/// What the filters of either end say of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Either {
    /// All that is asked for holds.
    Includes,
    /// It does not, so it must of the other end.
    Lacks,
    /// It may be no end at all.
    Excludes,
}

impl Either {
    fn of(filter: &EndFilter, facts: &EndFacts<'_>) -> Self {
        if filter.excludes(facts) {
            Self::Excludes
        } else if filter.includes(facts) {
            Self::Includes
        } else {
            Self::Lacks
        }
    }
}

impl<'a> Verdicts<'a> {
    fn new(snapshot: &'a Snapshot, filter: &'a Filter) -> Self {
        let known = vec![None; snapshot.directory.identities().len()];
        Self {
            snapshot,
            filter,
            known,
        }
    }

    /// Whether a flow matches.
    fn accept(&mut self, row: &Row, query: &Query, bounds: &Bounds) -> bool {
        let filter = self.filter;
        if !(filter.protocol.accepts_value(&row.protocol) && filter.state.accepts_value(&row.state))
        {
            return false;
        }
        if !filter.is_by_owner() {
            let flow = self.snapshot.flows.get(row.flow as usize);
            return flow.is_some_and(|flow| accepts_key(self.snapshot, query, flow, bounds));
        }
        let (client, server) = (self.verdict(row.client), self.verdict(row.server));
        let either = [client.either, server.either];
        client.accepted[0]
            && server.accepted[1]
            && either.contains(&Either::Includes)
            && !either.contains(&Either::Excludes)
            && filter.accepts_port(row.port, server.service_port)
    }

    fn verdict(&mut self, id: IdentityId) -> Verdict {
        if let Some(Some(known)) = self.known.get(id.index()) {
            return *known;
        }
        let identity = self.snapshot.directory.identity(id);
        let facts = EndFacts {
            address: None,
            identity,
            dns: &[],
        };
        let verdict = Verdict {
            accepted: [&self.filter.client, &self.filter.server].map(|end| end.accepts(&facts)),
            either: Either::of(&self.filter.any, &facts),
            service_port: identity.service_port,
        };
        if let Some(known) = self.known.get_mut(id.index()) {
            *known = Some(verdict);
        }
        verdict
    }
}
