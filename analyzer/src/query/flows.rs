//! `flows`: the flows that match, or what they add up to at a level.

use crate::flow::Flow;
use crate::leg::Handshakes;
use crate::protocol::Protocol;
use crate::query::aggregate;
use crate::query::end::end_view;
use crate::query::filter::EndFacts;
use crate::query::measure::{Measure, median_us, set_handshakes};
use crate::query::ranking;
use crate::query::resolved::ResolvedNames;
use crate::query::row::{Ranked, Volume, page};
use crate::query::view::{EndView, FlowView, FlowsView, State};
use crate::query::window::Bounds;
use crate::query::{Format, Query, Sort};
use crate::snapshot::Snapshot;

/// A flow that matches, measured in the window.
#[derive(Clone, Copy)]
pub struct Match<'s> {
    /// The number of the flow in the snapshot.
    pub number: u32,
    /// The flow.
    pub flow: &'s Flow,
    /// What it counted in the window.
    pub measure: Measure,
    /// The window.
    pub bounds: Bounds,
}

/// Answers `/mcp/flows`.
#[must_use]
pub fn flows(snapshot: &Snapshot, query: &Query) -> FlowsView {
    let shown = match query.aggregate {
        Some(level) => aggregate::page(snapshot, query, level),
        None => {
            let shown = ranking::page(snapshot, query)
                .unwrap_or_else(|| page(matches(snapshot, query), query.sort, query.page));
            shown.map(|found| found.view(snapshot, query.format))
        }
    };
    FlowsView {
        flows: shown.rows,
        total: shown.total,
        truncated: shown.truncated,
        rest: shown.rest,
        coverage: snapshot.coverage_view(&query.window),
    }
}

/// The flows that match, in the order of their keys.
pub fn matches<'s>(snapshot: &'s Snapshot, query: &Query) -> impl Iterator<Item = Match<'s>> {
    let bounds = snapshot.bounds(&query.window);
    let all = query.filter.accepts_every_key();
    (0..)
        .zip(&snapshot.flows)
        .filter(move |(_, flow)| all || accepts_key(snapshot, query, flow, &bounds))
        .filter_map(move |flow| Match::of(flow, &bounds))
        .filter(|found| accepts_measure(query, found))
}

pub(super) fn accepts_key(
    snapshot: &Snapshot,
    query: &Query,
    flow: &Flow,
    bounds: &Bounds,
) -> bool {
    let (filter, key) = (&query.filter, &flow.key);
    let names = if filter.asks_for_dns() {
        ResolvedNames::of_flow(snapshot, flow, bounds)
    } else {
        ResolvedNames::default()
    };
    let client = EndFacts::of(snapshot, key.client).named(&names.client);
    let server = EndFacts::of(snapshot, key.server).named(&names.server);
    filter.protocol.accepts_value(&key.protocol)
        && filter.accepts_port(key.server_port, server.identity.service_port)
        && filter.accepts_ends(&client, &server)
}

fn accepts_measure(query: &Query, found: &Match<'_>) -> bool {
    let filter = &query.filter;
    filter.state.accepts_value(&State::of(found.measure.active))
        && filter
            .rtt_min_us
            .is_none_or(|least| found.median_us().is_some_and(|us| us >= least))
}

impl<'s> Match<'s> {
    /// A flow with its number, if it counted something in a window.
    pub(super) fn of((number, flow): (u32, &'s Flow), bounds: &Bounds) -> Option<Self> {
        let measure = Measure::of(flow, bounds)?;
        let bounds = *bounds;
        Some(Self {
            number,
            flow,
            measure,
            bounds,
        })
    }

    /// The flow with a number, if it counted something in a window.
    pub(super) fn at(snapshot: &'s Snapshot, number: u32, bounds: &Bounds) -> Option<Self> {
        Self::of((number, snapshot.flows.get(number as usize)?), bounds)
    }

    /// The handshake times of the window.
    #[must_use]
    pub fn handshakes(&self) -> Handshakes {
        self.flow
            .handshakes(|interval| self.bounds.holds(interval.period))
    }

    /// The names of its ends, where `format` shows them.
    #[must_use]
    pub fn names(&self, snapshot: &Snapshot, format: Format) -> ResolvedNames {
        match format {
            Format::Compact => ResolvedNames::default(),
            Format::Full => ResolvedNames::of_flow(snapshot, self.flow, &self.bounds),
        }
    }

    fn median_us(&self) -> Option<u64> {
        median_us(&self.handshakes())
    }

    fn view(&self, snapshot: &Snapshot, format: Format) -> FlowView {
        let key = &self.flow.key;
        let names = self.names(snapshot, format);
        let end =
            |end, names, port| end_view(&EndFacts::of(snapshot, end).named(names), port, format);
        let mut view = measured_view(key.protocol, &self.measure, format);
        view.client = end(key.client, &names.client, None);
        view.server = end(key.server, &names.server, Some(key.server_port));
        set_handshakes(
            &mut view.client_stats,
            &mut view.server_stats,
            &self.handshakes(),
        );
        if format == Format::Full {
            view.observed = Some(self.flow.observed);
            view.basis = Some(self.flow.basis);
        }
        view
    }
}

impl Ranked for Match<'_> {
    fn rank(&self, sort: Sort) -> u128 {
        self.measure.rank(sort, || self.median_us())
    }

    fn volume(&self) -> Volume {
        Volume {
            pkts: self.measure.total_packets(),
            bytes: self.measure.total_ip_bytes(),
        }
    }
}

/// A row with what was measured, and nobody in it yet.
#[must_use]
pub fn measured_view(protocol: Protocol, measure: &Measure, format: Format) -> FlowView {
    let full = format == Format::Full;
    FlowView {
        proto: protocol,
        client: EndView::default(),
        server: EndView::default(),
        client_stats: measure.client_stats(format),
        server_stats: measure.server_stats(format),
        totals: measure.totals(),
        wire: full.then(|| measure.wire()),
        observed: None,
        basis: None,
        connections: full.then_some(measure.connections),
        state: full.then(|| State::of(measure.active)),
        first_seen: full.then(|| measure.first()),
        last_seen: full.then(|| measure.last()),
    }
}
