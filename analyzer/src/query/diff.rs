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
use crate::query::diff::span::{Span, halves_missing};
use crate::query::measure::{rates, span_ns};
use crate::query::parse::QueryError;
use crate::query::row::Volume;
use crate::query::view::dependencies::EdgeView;
use crate::query::view::diff::{Aspect, DiffView, EdgeChange, EdgeDiffView, EdgeSideView};
use crate::query::view::{ConnectionView, CoverageView, WindowView};
use crate::query::window::Window;
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

/// What is said of a side of which there is nothing.
const NO_FRAME: &str = "no frame was captured, so this side is empty";

/// One side: edges by their two nodes.
#[derive(Clone, Debug)]
pub struct Graph {
    edges: BTreeMap<(String, String), EdgeSideView>,
    coverage: CoverageView,
}

/// One of the two that are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// What was.
    A,
    /// What is.
    B,
}

impl Side {
    /// The parameter with its window.
    const fn parameter(self) -> &'static str {
        match self {
            Self::A => "a_window",
            Self::B => "b_window",
        }
    }

    fn wrong(self, problem: String) -> QueryError {
        QueryError {
            parameter: self.parameter().to_owned(),
            problem,
        }
    }
}

/// Answers `/mcp/diff`: two windows of one snapshot, its halves unless others are asked for.
///
/// # Errors
/// A window is outside of what was captured or too short, or both share an interval.
pub fn diff(snapshot: &Snapshot, query: &Query) -> Result<DiffView, QueryError> {
    let asked = query.comparison;
    if asked.a.is_none()
        && asked.b.is_none()
        && let Some(reason) = halves_missing(snapshot)
    {
        return Ok(nothing_compared(snapshot, query, &reason));
    }
    let query = Query {
        comparison: Comparison {
            a: asked.a.or(Some(Span::FIRST_HALF)),
            b: asked.b.or(Some(Span::SECOND_HALF)),
            ..asked
        },
        ..query.clone()
    };
    let (a, b) = (
        Graph::of_snapshot(snapshot, &query, Side::A)?,
        Graph::of_snapshot(snapshot, &query, Side::B)?,
    );
    if let (Some(a), Some(b)) = (&a.coverage.window, &b.coverage.window) {
        check_apart(a, b)?;
    }
    Ok(a.compare(b, &asked.thresholds, query.page))
}

/// The answer where nobody asked for windows and there are no halves.
fn nothing_compared(snapshot: &Snapshot, query: &Query, reason: &str) -> DiffView {
    let mut side = Graph {
        edges: BTreeMap::new(),
        coverage: snapshot.coverage_view(&Window::default()),
    };
    // Of an empty one that is said in any case.
    if side.coverage.frames > 0 {
        side.warn(format!("{reason}: nothing was compared"));
    }
    side.clone()
        .compare(side, &query.comparison.thresholds, query.page)
}

/// Refuses windows with an interval that would count on both sides.
fn check_apart(a: &WindowView, b: &WindowView) -> Result<(), QueryError> {
    if a.start >= b.end || b.start >= a.end {
        return Ok(());
    }
    Err(Side::B.wrong(format!(
        "in whole intervals it is {} to {}, and overlaps a_window, {} to {}; expected windows that \
         share no interval",
        b.start, b.end, a.start, a.end
    )))
}

impl Graph {
    /// The edges of a snapshot in the window of a side that the filters of a query take.
    ///
    /// # Errors
    /// The window is outside of what was captured, or too short.
    pub fn of_snapshot(snapshot: &Snapshot, query: &Query, side: Side) -> Result<Self, QueryError> {
        let span = match side {
            Side::A => query.comparison.a,
            Side::B => query.comparison.b,
        };
        let window = span.map(|span| span.window(snapshot)).transpose();
        let window = window.map_err(|problem| side.wrong(problem))?;
        let query = Query {
            window: window.unwrap_or(query.window),
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

    /// Says what to know of this side.
    pub fn warn(&mut self, warning: String) {
        self.coverage.warnings.push(warning);
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
    pub fn compare(mut self, mut other: Self, thresholds: &Thresholds, page: Page) -> DiffView {
        for coverage in [&mut self.coverage, &mut other.coverage] {
            // An empty side is not different from an empty one, and says nothing.
            if coverage.frames == 0 {
                coverage.warnings.push(NO_FRAME.to_owned());
            }
        }
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
