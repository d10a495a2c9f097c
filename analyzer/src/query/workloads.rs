//! `workloads`: what there was at a level, with its traffic and without.
//!
//! The filters choose flows; each end of them for which the filters of either end hold is a row.
//! What the cluster had in the window, and no flow at all shows, is idle: of it the filters of
//! either end must hold, and where others are given, which speak of traffic, it is no row.

use std::cmp::Reverse;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use crate::flow::FlowEnd;
use crate::query::counters::Counters;
use crate::query::end::LevelKey;
use crate::query::ends::LevelEnds;
use crate::query::filter::EndFacts;
use crate::query::flows::{Match, matches};
use crate::query::measure::Measure;
use crate::query::present::present;
use crate::query::resolved::ResolvedNames;
use crate::query::row::{Ranked, Shown, Volume, page};
use crate::query::view::EndView;
use crate::query::view::workloads::{Presence, WorkloadView, WorkloadsView};
use crate::query::window::Bounds;
use crate::query::{Format, Level, Page, Query, Sort};
use crate::snapshot::Snapshot;
use crate::snapshot::kept::Keep;

/// Answers `/mcp/workloads`.
#[must_use]
pub fn workloads(snapshot: &Snapshot, query: &Query) -> WorkloadsView {
    let asked = Asked {
        bounds: snapshot.bounds(&query.window),
        level: query.level,
        presence: query.presence,
        format: query.format,
        sort: query.sort,
    };
    let is_whole = query.filter.is_none();
    let known = || snapshot.kept.get(|known: &Whole| known.asked == asked);
    let shown = match is_whole.then(known).flatten() {
        Some(known) => known.page(query),
        None => counted(snapshot, query, is_whole.then_some(asked)),
    };
    WorkloadsView {
        workloads: shown.rows,
        total: shown.total,
        truncated: shown.truncated,
        rest: shown.rest,
        coverage: snapshot.coverage_view(&query.window),
    }
}

/// Counts the rows, and keeps them if they are `whole`.
fn counted(snapshot: &Snapshot, query: &Query, whole: Option<Asked>) -> Shown<WorkloadView> {
    let mut tallies = Tallies::new(snapshot, query);
    if query.presence != Some(Presence::Idle) {
        for found in matches(snapshot, query) {
            tallies.add(&found);
        }
    }
    if query.presence != Some(Presence::Active) && query.filter.is_of_either_end() {
        tallies.add_idle();
    }
    let rows = tallies.rows();
    if let Some(asked) = whole {
        snapshot.kept.keep(|| Whole::of(asked, &rows, &tallies));
    }
    let shown = page(rows, query.sort, query.page);
    shown.map(|row| row.tally.view(tallies.ends.view(row.number), query.format))
}

/// What rows are asked for without filters.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Asked {
    bounds: Bounds,
    level: Level,
    presence: Option<Presence>,
    format: Format,
    sort: Sort,
}

/// All rows in the order of `sort`.
struct Whole {
    asked: Asked,
    rows: Vec<(EndView, Tally)>,
    /// What all of them count.
    all: Volume,
}

impl Whole {
    fn of(asked: Asked, rows: &[Row], tallies: &Tallies<'_>) -> Self {
        let mut order: Vec<&Row> = rows.iter().collect();
        order.sort_by_cached_key(|row| Reverse(row.rank(asked.sort)));
        let volumes = rows.iter().map(Ranked::volume);
        Self {
            asked,
            all: volumes.fold(Volume::default(), Volume::plus),
            rows: order
                .into_iter()
                .map(|row| (tallies.ends.view(row.number), row.tally))
                .collect(),
        }
    }

    fn page(&self, query: &Query) -> Shown<WorkloadView> {
        let Page { offset, limit } = query.page;
        let total = self.rows.len();
        let end = offset.saturating_add(limit).min(total);
        let shown = self.rows.iter().take(end);
        let volumes = shown.clone().map(|(_, tally)| tally.volume());
        let volume = volumes.fold(Volume::default(), Volume::plus);
        let view = |(end, tally): &(EndView, Tally)| tally.view(end.clone(), query.format);
        let rows: Vec<_> = shown.skip(offset).map(view).collect();
        Shown {
            truncated: rows.len() < total,
            rows,
            total,
            rest: self.all.minus(volume),
        }
    }
}

impl Keep for Whole {
    fn octets(&self) -> usize {
        let names: usize = self.rows.iter().map(|(end, _)| end.dns.len()).sum();
        size_of_val(&*self.rows) + names * size_of::<Arc<str>>()
    }
}

/// What was counted for the ends with one number.
#[derive(Clone, Copy, Default)]
struct Tally {
    flows: u64,
    connections: u64,
    peers: u64,
    traffic: Counters,
}

/// A row: whose, and its tally.
struct Row {
    number: usize,
    tally: Tally,
}

struct Tallies<'s> {
    snapshot: &'s Snapshot,
    query: &'s Query,
    ends: LevelEnds<'s>,
    by_number: HashMap<usize, Tally, FixedState>,
    /// Whom a row was counted a flow with.
    pairs: HashSet<(usize, usize), FixedState>,
}

impl<'s> Tallies<'s> {
    fn new(snapshot: &'s Snapshot, query: &'s Query) -> Self {
        Self {
            snapshot,
            query,
            ends: LevelEnds::new(snapshot, query.level, query.format),
            by_number: HashMap::default(),
            pairs: HashSet::default(),
        }
    }

    fn add(&mut self, found: &Match<'_>) {
        let (key, measure) = (&found.flow.key, &found.measure);
        let (client, server) = self.ends.numbers(found.flow, &found.bounds);
        let names = self.names(found);
        let client_is_row = self.is_row(key.client, &names.client);
        if client_is_row {
            self.tally(client, server).add(measure, &measure.client);
        }
        if self.is_row(key.server, &names.server) {
            let tally = self.tally(server, client);
            if client == server && client_is_row {
                // It talks to itself: one flow, with traffic at both of its ends.
                tally.traffic.merge(&measure.server);
            } else {
                tally.add(measure, &measure.server);
            }
        }
    }

    /// The names of a flow's ends, where filters ask for them.
    fn names(&self, found: &Match<'_>) -> ResolvedNames {
        if self.query.filter.any.dns.is_empty() {
            return ResolvedNames::default();
        }
        ResolvedNames::of_flow(self.snapshot, found.flow, &found.bounds)
    }

    fn is_row(&self, end: FlowEnd, names: &[Arc<str>]) -> bool {
        let facts = EndFacts::of(self.snapshot, end).named(names);
        self.query.filter.any.accepts(&facts)
    }

    fn tally(&mut self, number: usize, peer: usize) -> &mut Tally {
        let is_new = number != peer && self.pairs.insert((number, peer));
        let tally = self.by_number.entry(number).or_default();
        tally.peers += u64::from(is_new);
        tally
    }

    /// Adds what was there, and that no flow of the window shows.
    fn add_idle(&mut self) {
        let busy = self.busy();
        for object in present(self.snapshot, &self.query.window) {
            let all = object.facts();
            if !object.passes(&all, &self.query.filter) {
                continue;
            }
            for facts in &all {
                let key = LevelKey::of(facts, self.query.level);
                if !key.is(self.query.level) {
                    continue;
                }
                let number = self.ends.note(key, facts);
                if !busy.contains(&number) {
                    self.by_number.entry(number).or_default();
                }
            }
        }
    }

    /// The ends of all flows with packets in the window, whatever the filters.
    fn busy(&mut self) -> HashSet<usize, FixedState> {
        let bounds = self.snapshot.bounds(&self.query.window);
        let mut busy = HashSet::default();
        for flow in &self.snapshot.flows {
            if Measure::of(flow, &bounds).is_some() {
                let (client, server) = self.ends.numbers(flow, &bounds);
                busy.extend([client, server]);
            }
        }
        busy
    }

    /// The rows in the order of their keys.
    fn rows(&self) -> Vec<Row> {
        let row = |(_, number)| {
            let tally = *self.by_number.get(&number)?;
            Some(Row { number, tally })
        };
        self.ends.in_order().filter_map(row).collect()
    }
}

impl Tally {
    fn add(&mut self, measure: &Measure, traffic: &Counters) {
        self.flows += 1;
        self.connections += measure.connections;
        self.traffic.merge(traffic);
    }

    fn volume(&self) -> Volume {
        Volume {
            pkts: self.traffic.packets(),
            bytes: self.traffic.ip_bytes(),
        }
    }

    fn view(&self, end: EndView, format: Format) -> WorkloadView {
        let traffic = &self.traffic;
        let (span, totals) = (traffic.span(), traffic.totals());
        WorkloadView {
            end,
            state: span.map_or(Presence::Idle, |_| Presence::Active),
            flows: self.flows,
            peers: self.peers,
            connections: self.connections,
            stats: traffic.stats(traffic.span_ns(), format),
            pps: totals.pps,
            bps: totals.bps,
            first_seen: span.map(|(first, _)| first),
            last_seen: span.map(|(_, last)| last),
        }
    }
}

impl Ranked for Row {
    fn rank(&self, sort: Sort) -> u128 {
        self.tally.traffic.rank(sort)
    }

    fn volume(&self) -> Volume {
        self.tally.volume()
    }
}
