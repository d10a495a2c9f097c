//! `diff`: who depends on whom at two times, or in two captures, and what differs.
//!
//! ```text
//! window of a ──► Graph ─┐
//!                        ├─► compare ──► what is new, gone, or changed beyond thresholds
//! window of b ──► Graph ─┘
//! ```
//!
//! **Shape** pure, and by workload (or another level), so that pods and addresses may be others.
//! A graph is made of a snapshot, or of the answers of a server.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::query::dependencies::dependencies;
use crate::query::diff::opening::{Opening, openings};
use crate::query::diff::span::Span;
use crate::query::measure::{rates, span_ns};
use crate::query::parse::QueryError;
use crate::query::row::Volume;
use crate::query::view::dependencies::EdgeView;
use crate::query::view::diff::{Aspect, DiffView, EdgeChange, EdgeDiffView, EdgeSideView};
use crate::query::view::{ConnectionView, CoverageView};
use crate::query::{Level, Page, Query, Reach};
use crate::snapshot::Snapshot;

mod opening;
pub mod span;

/// By how much an edge may differ.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Thresholds {
    /// Its bytes, in hundredths of what they were.
    pub volume: f64,
    /// Its bytes a second, in hundredths.
    pub rate: f64,
    /// Its clients' median handshake time, in hundredths; never less than [`HANDSHAKE_US`].
    pub handshake: f64,
    /// The share of connections that fail, in hundredths of all of them.
    pub failures: f64,
}

/// A difference of handshake times below this is chance: a machine's timer.
pub const HANDSHAKE_US: u64 = 1_000;

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            volume: 20.0,
            rate: 20.0,
            handshake: 50.0,
            failures: 5.0,
        }
    }
}

/// Of a query: what is compared.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Comparison {
    /// The first window.
    pub a: Option<Span>,
    /// The second window.
    pub b: Option<Span>,
    /// By how much edges may differ.
    pub thresholds: Thresholds,
}

/// One side: edges by their two nodes.
#[derive(Clone, Debug)]
pub struct Graph {
    edges: BTreeMap<(String, String), EdgeSideView>,
    coverage: CoverageView,
}

/// Answers `/mcp/diff`: two windows of one snapshot, its halves unless others are asked for.
///
/// # Errors
/// None: no part of the graph is asked for by name.
pub fn diff(snapshot: &Snapshot, query: &Query) -> Result<DiffView, QueryError> {
    let compared = &query.comparison;
    let a = compared.a.unwrap_or(Span::FIRST_HALF);
    let b = compared.b.unwrap_or(Span::SECOND_HALF);
    let (a, b) = (
        Graph::of_snapshot(snapshot, query, Some(a))?,
        Graph::of_snapshot(snapshot, query, Some(b))?,
    );
    Ok(a.compare(b, &compared.thresholds, query.page))
}

impl Graph {
    /// The edges of a snapshot in a window that the filters of a query take.
    ///
    /// # Errors
    /// None: no part of the graph is asked for by name.
    pub fn of_snapshot(
        snapshot: &Snapshot,
        query: &Query,
        span: Option<Span>,
    ) -> Result<Self, QueryError> {
        let query = Query {
            window: span.map_or(query.window, |span| span.window(snapshot)),
            page: Page {
                offset: 0,
                limit: usize::MAX,
            },
            reach: Reach::default(),
            ..query.clone()
        };
        let view = dependencies(snapshot, &query)?;
        let mut graph = Self::of_edges(&view.edges, view.coverage);
        if !snapshot.connections.is_empty() {
            graph.count_openings(openings(snapshot, &query));
        }
        Ok(graph)
    }

    /// The edges that a server tells.
    #[must_use]
    pub fn of_edges(edges: &[EdgeView], coverage: CoverageView) -> Self {
        let side = |edge: &EdgeView| {
            let span = span_ns(edge.first_seen, edge.last_seen);
            EdgeSideView {
                ports: edge.ports.clone(),
                connections: edge.connections,
                pkts: edge.pkts,
                bytes: edge.bytes,
                bps: rates(edge.pkts, edge.bytes, span).bps,
                tcp_handshake_p50_us: edge.tcp_handshake_p50_us,
                opened: None,
                failed: None,
            }
        };
        let named = |edge: &EdgeView| ((edge.from.clone(), edge.to.clone()), side(edge));
        Self {
            edges: edges.iter().map(named).collect(),
            coverage,
        }
    }

    /// Counts the openings among the single connections that a server tells.
    pub fn count_connections(&mut self, connections: &[ConnectionView], level: Level) {
        let opened = connections
            .iter()
            .filter_map(|one| Opening::of_view(one, level));
        self.count_openings(opened);
    }

    fn count_openings(&mut self, openings: impl IntoIterator<Item = Opening>) {
        for edge in self.edges.values_mut() {
            (edge.opened, edge.failed) = (Some(0), Some(0));
        }
        for opening in openings {
            let key = (opening.from, opening.to);
            if let Some(edge) = self.edges.get_mut(&key) {
                edge.opened = edge.opened.map(|n| n + 1);
                edge.failed = edge.failed.map(|n| n + u64::from(!opening.answered));
            }
        }
    }

    /// What differs on another side.
    #[must_use]
    pub fn compare(self, other: Self, thresholds: &Thresholds, page: Page) -> DiffView {
        let (mut edges, mut unchanged) = (Vec::new(), 0);
        let mut others = other.edges;
        for (nodes, a) in self.edges {
            let b = others.remove(&nodes);
            let differs = b.as_ref().map(|b| thresholds.exceeded(&a, b));
            match differs {
                None => edges.push(row(EdgeChange::Gone, nodes, Some(a), None)),
                Some(differs) if differs.is_empty() => unchanged += 1,
                Some(differs) => edges.push(EdgeDiffView {
                    differs,
                    ..row(EdgeChange::Changed, nodes, Some(a), b)
                }),
            }
        }
        let new = others.into_iter();
        edges.extend(new.map(|(nodes, b)| row(EdgeChange::New, nodes, None, Some(b))));
        // A stable sort: what weighs the same stays in the order of its nodes.
        edges.sort_by_key(|edge| (edge.change, Reverse(weight(edge))));
        let total = edges.len();
        let mut edges = edges.into_iter().skip(page.offset);
        let shown: Vec<_> = edges.by_ref().take(page.limit).collect();
        let rest = edges.fold(Volume::default(), |rest, edge| rest.plus(volume(&edge)));
        DiffView {
            truncated: shown.len() < total,
            edges: shown,
            total,
            rest,
            unchanged,
            coverage_a: Box::new(self.coverage),
            coverage: other.coverage,
        }
    }
}

impl Thresholds {
    /// What of an edge differs by more than is allowed.
    fn exceeded(&self, a: &EdgeSideView, b: &EdgeSideView) -> Vec<Aspect> {
        let handshake = match (a.tcp_handshake_p50_us, b.tcp_handshake_p50_us) {
            (Some(a), Some(b)) => a.abs_diff(b) >= HANDSHAKE_US && beyond(a, b, self.handshake),
            // Without one there is nothing to compare.
            (Some(_), None) | (None, _) => false,
        };
        let failures = match (a.failure_share(), b.failure_share()) {
            (Some(a), Some(b)) => (a - b).abs() * 100.0 > self.failures,
            (Some(_), None) | (None, _) => false,
        };
        let found = [
            (a.ports != b.ports, Aspect::Ports),
            (beyond(a.bytes, b.bytes, self.volume), Aspect::Volume),
            (is_beyond(a.bps, b.bps, self.rate), Aspect::Rate),
            (handshake, Aspect::Handshake),
            (failures, Aspect::Failures),
        ];
        let differ = found.into_iter().filter(|(differs, _)| *differs);
        differ.map(|(_, aspect)| aspect).collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a comparison in hundredths needs no more than 53 bits"
)]
fn beyond(a: u64, b: u64, percent: f64) -> bool {
    is_beyond(a as f64, b as f64, percent)
}

fn is_beyond(a: f64, b: f64, percent: f64) -> bool {
    (b - a).abs() * 100.0 > a * percent
}

fn row(
    change: EdgeChange,
    (from, to): (String, String),
    a: Option<EdgeSideView>,
    b: Option<EdgeSideView>,
) -> EdgeDiffView {
    EdgeDiffView {
        change,
        from,
        to,
        differs: Vec::new(),
        a,
        b,
    }
}

/// The bytes of the larger side.
fn weight(edge: &EdgeDiffView) -> u64 {
    volume(edge).bytes
}

/// What the side with more bytes counts.
fn volume(edge: &EdgeDiffView) -> Volume {
    let sides = [&edge.a, &edge.b].into_iter().flatten();
    let larger = sides.max_by_key(|side| side.bytes);
    larger.map_or_else(Volume::default, |side| Volume {
        pkts: side.pkts,
        bytes: side.bytes,
    })
}

#[cfg(test)]
mod tests;
