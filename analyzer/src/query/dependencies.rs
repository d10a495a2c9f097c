//! `dependencies`: who depends on whom, as a graph of clients and servers.
//!
//! The filters choose flows; all of them from one node to another are an edge, from the client to
//! the server. Of the graph, the part within reach of what was asked for is taken.

use std::collections::BTreeSet;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::flow::Flow;
use crate::leg::Handshakes;
use crate::protocol::Protocol;
use crate::query::ends::LevelEnds;
use crate::query::flows::{Match, matches};
use crate::query::measure::Measure;
use crate::query::of;
use crate::query::parse::QueryError;
use crate::query::reach::{self, reached};
use crate::query::row::{Ranked, Volume, page};
use crate::query::view::dependencies::{DependenciesView, EdgeView, NodeView};
use crate::query::window::Bounds;
use crate::query::{Format, Query, Sort};
use crate::snapshot::Snapshot;

/// Answers `/mcp/dependencies`.
///
/// # Errors
/// What was asked for is unknown, or could be several things.
pub fn dependencies(snapshot: &Snapshot, query: &Query) -> Result<DependenciesView, QueryError> {
    let mut ends = LevelEnds::new(snapshot, query.level, Format::Compact);
    let mut graph = Graph::default();
    for found in matches(snapshot, query) {
        graph.add(&mut ends, &found);
    }
    let roots = match &query.reach.of {
        Some(name) => of::roots(name, snapshot, query, &mut ends)?,
        None => Vec::new(),
    };
    let edges = graph.edges(&ends, query, &roots);
    let shown = page(edges, query.sort, query.page);
    let mut nodes: BTreeSet<usize> = roots.into_iter().collect();
    nodes.extend(shown.rows.iter().flat_map(|edge| [edge.from, edge.to]));
    Ok(DependenciesView {
        nodes: node_views(&ends, &nodes),
        edges: shown.rows.iter().map(|edge| edge.view(&ends)).collect(),
        total: shown.total,
        truncated: shown.truncated,
        rest: shown.rest,
        coverage: snapshot.coverage_view(&query.window),
    })
}

/// The nodes in the order of their keys.
fn node_views(ends: &LevelEnds<'_>, nodes: &BTreeSet<usize>) -> Vec<NodeView> {
    let shown = ends.in_order().filter(|(_, node)| nodes.contains(node));
    shown
        .map(|(key, node)| NodeView {
            id: key.id(),
            end: ends.view(node),
        })
        .collect()
}

#[derive(Default)]
struct Graph<'s>(HashMap<reach::Edge, Edge<'s>, FixedState>);

/// All flows from one node to another.
struct Edge<'s> {
    from: usize,
    to: usize,
    bounds: Bounds,
    measure: Measure,
    ports: BTreeSet<(u16, Protocol)>,
    flows: Vec<&'s Flow>,
}

impl<'s> Graph<'s> {
    fn add(&mut self, ends: &mut LevelEnds<'_>, found: &Match<'s>) {
        let key = &found.flow.key;
        let (from, to) = ends.numbers(found.flow, &found.bounds);
        let edge = self.0.entry((from, to)).or_insert_with(|| Edge {
            from,
            to,
            bounds: found.bounds,
            measure: Measure::default(),
            ports: BTreeSet::new(),
            flows: Vec::new(),
        });
        edge.measure.merge(&found.measure);
        edge.ports.insert((key.server_port, key.protocol));
        edge.flows.push(found.flow);
    }

    /// The edges within reach, in the order of their nodes' keys.
    fn edges(self, ends: &LevelEnds<'_>, query: &Query, roots: &[usize]) -> Vec<Edge<'s>> {
        let mut places = vec![0; ends.len()];
        for (place, (_, node)) in ends.in_order().enumerate() {
            if let Some(slot) = places.get_mut(node) {
                *slot = place;
            }
        }
        let place = |node: usize| places.get(node).copied();
        let mut edges: Vec<Edge<'_>> = self.0.into_values().collect();
        edges.sort_unstable_by_key(|edge| (place(edge.from), place(edge.to)));
        let Some(_) = &query.reach.of else {
            return edges;
        };
        let pairs: Vec<reach::Edge> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
        let depth = query.reach.depth.unwrap_or(usize::MAX);
        let reached = reached(&pairs, roots, query.reach.direction, depth);
        let edges = edges.into_iter().zip(reached);
        edges
            .filter_map(|(edge, reached)| reached.then_some(edge))
            .collect()
    }
}

impl Edge<'_> {
    fn view(&self, ends: &LevelEnds<'_>) -> EdgeView {
        let wire = self.measure.wire();
        let port = |(port, protocol): &(u16, Protocol)| format!("{port}/{protocol}");
        EdgeView {
            from: ends.id(self.from),
            to: ends.id(self.to),
            ports: self.ports.iter().map(port).collect(),
            flows: self.flows.len() as u64,
            connections: self.measure.connections,
            pkts: wire.pkts,
            bytes: wire.bytes,
            tcp_handshake_p50_us: self.median_us(),
            first_seen: self.measure.first(),
            last_seen: self.measure.last(),
        }
    }

    /// The clients' median: an edge is theirs.
    fn median_us(&self) -> Option<u64> {
        let mut all = Handshakes::default();
        for flow in &self.flows {
            all.merge(&flow.handshakes(|interval| self.bounds.holds(interval.index)));
        }
        all.client.percentile_us(50)
    }
}

impl Ranked for Edge<'_> {
    fn rank(&self, sort: Sort) -> u128 {
        self.measure.rank(sort, || self.median_us())
    }

    fn volume(&self) -> Volume {
        Volume {
            pkts: self.measure.packets(),
            bytes: self.measure.ip_bytes(),
        }
    }
}
