//! `dependencies`: who depends on whom, as a graph of clients and servers.
//!
//! The filters choose flows; all of them from one node to another are an edge, from the client to
//! the server. Of the graph, the part within reach of what was asked for is taken.

use std::collections::BTreeSet;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::flow::Flow;
use crate::protocol::Protocol;
use crate::query::ends::LevelEnds;
use crate::query::flows::{Match, matches};
use crate::query::groups::{self, Groups, Merged, Row};
use crate::query::measure::Measure;
use crate::query::of;
use crate::query::parse::QueryError;
use crate::query::reach::{self, reached};
use crate::query::row::{Ranked, Shown, Volume, page};
use crate::query::view::dependencies::{DependenciesView, EdgeView, NodeView};
use crate::query::window::Bounds;
use crate::query::{Format, Level, Query, Sort};
use crate::snapshot::Snapshot;
use crate::snapshot::kept::Keep;

/// Answers `/mcp/dependencies`.
///
/// # Errors
/// What was asked for is unknown, or could be several things.
pub fn dependencies(snapshot: &Snapshot, query: &Query) -> Result<DependenciesView, QueryError> {
    let asked = Asked {
        bounds: snapshot.bounds(&query.window),
        level: query.level,
        sort: query.sort,
    };
    let is_whole = query.filter.is_none() && query.reach.of.is_none();
    let known = || snapshot.kept.get(|known: &Whole| known.asked == asked);
    if let Some(known) = is_whole.then(known).flatten() {
        return Ok(known.view(snapshot, query));
    }
    let mut ends = LevelEnds::new(snapshot, query.level, Format::Compact);
    let mut graph = Graph::default();
    for found in matches(snapshot, query) {
        graph.add(snapshot, &mut ends, &found);
    }
    let roots = match &query.reach.of {
        Some(name) => of::roots(name, snapshot, query, &mut ends)?,
        None => Vec::new(),
    };
    let edges = graph.edges(&ends, query, &roots);
    if is_whole {
        snapshot.kept.keep(|| Whole::of(asked, &edges, &ends));
    }
    let shown = page(edges, query.sort, query.page);
    let mut nodes: BTreeSet<usize> = roots.into_iter().collect();
    nodes.extend(shown.rows.iter().flat_map(|edge| [edge.from, edge.to]));
    let nodes = node_views(&ends, &nodes);
    let shown = shown.map(|edge| edge.view(|node| ends.id(node)));
    Ok(view(snapshot, query, nodes, shown))
}

fn view(
    snapshot: &Snapshot,
    query: &Query,
    nodes: Vec<NodeView>,
    edges: Shown<EdgeView>,
) -> DependenciesView {
    DependenciesView {
        nodes,
        edges: edges.rows,
        total: edges.total,
        truncated: edges.truncated,
        rest: edges.rest,
        coverage: snapshot.coverage_view(&query.window),
    }
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

/// What the whole graph is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Asked {
    bounds: Bounds,
    level: Level,
    sort: Sort,
}

/// The whole graph.
struct Whole {
    asked: Asked,
    /// In the order of their keys.
    nodes: Vec<NodeView>,
    edges: Groups<Edge<'static>>,
    /// The nodes of each edge.
    pairs: Vec<(u32, u32)>,
}

impl Whole {
    fn of(asked: Asked, edges: &[Edge<'_>], ends: &LevelEnds<'_>) -> Self {
        let places = ends.places();
        let place = |node: usize| {
            let place = places.get(node).copied().unwrap_or_default();
            u32::try_from(place).unwrap_or(u32::MAX)
        };
        let (groups, order) = Groups::of(edges, asked.sort);
        let ordered = order.into_iter().filter_map(|number| edges.get(number));
        Self {
            asked,
            nodes: node_views(ends, &(0..ends.len()).collect()),
            edges: groups,
            pairs: ordered
                .map(|edge| (place(edge.from), place(edge.to)))
                .collect(),
        }
    }

    fn view(&self, snapshot: &Snapshot, query: &Query) -> DependenciesView {
        let mut nodes = BTreeSet::new();
        let id = |node: usize| self.nodes.get(node).map(|node| node.id.clone());
        let id = |node| id(node).unwrap_or_default();
        let shown = self.edges.page(query.page).filter_map(|(place, row)| {
            let (from, to) = self.pairs.get(place)?;
            let (from, to) = (*from as usize, *to as usize);
            nodes.extend([from, to]);
            Some(match row {
                Row::Many(edge) => Edge {
                    from,
                    to,
                    ..edge.alone()
                }
                .view(id),
                Row::Few(members) => {
                    let mut edge = Edge::new(snapshot, (from, to), self.asked.bounds);
                    let members = members.iter();
                    members
                        .filter_map(|flow| Match::at(snapshot, *flow, &self.asked.bounds))
                        .for_each(|found| edge.add(&found));
                    edge.view(id)
                }
            })
        });
        let nodes = nodes.into_iter();
        let nodes = nodes.filter_map(|node| self.nodes.get(node).cloned());
        view(snapshot, query, nodes.collect(), shown)
    }
}

impl Keep for Whole {
    fn octets(&self) -> usize {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|node| size_of::<NodeView>() + node.id.len());
        let edge = |edge: &Edge<'_>| {
            let ports = edge.ports.len() * size_of::<(u16, Protocol)>();
            size_of::<Edge<'_>>() + 2 * ports
        };
        nodes.sum::<usize>() + self.edges.octets(edge) + size_of_val(&*self.pairs)
    }
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
    /// All flows of the snapshot, and the numbers of its own.
    flows: &'s [Flow],
    members: Vec<u32>,
    /// Of an edge without its flows: how many there are, and the clients' median.
    alone: Option<(u64, Option<u64>)>,
}

impl<'s> Graph<'s> {
    fn add(&mut self, snapshot: &'s Snapshot, ends: &mut LevelEnds<'_>, found: &Match<'s>) {
        let pair = ends.numbers(found.flow, &found.bounds);
        let edge = self.0.entry(pair);
        edge.or_insert_with(|| Edge::new(snapshot, pair, found.bounds))
            .add(found);
    }

    /// The edges within reach, in the order of their nodes' keys.
    fn edges(self, ends: &LevelEnds<'_>, query: &Query, roots: &[usize]) -> Vec<Edge<'s>> {
        let places = ends.places();
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

impl<'s> Edge<'s> {
    fn new(snapshot: &'s Snapshot, (from, to): reach::Edge, bounds: Bounds) -> Self {
        Self {
            from,
            to,
            bounds,
            measure: Measure::default(),
            ports: BTreeSet::new(),
            flows: &snapshot.flows,
            members: Vec::new(),
            alone: None,
        }
    }

    fn add(&mut self, found: &Match<'_>) {
        let key = &found.flow.key;
        self.measure.merge(&found.measure);
        self.ports.insert((key.server_port, key.protocol));
        self.members.push(found.number);
    }

    fn view(&self, id: impl Fn(usize) -> String) -> EdgeView {
        let wire = self.measure.wire();
        let port = |(port, protocol): &(u16, Protocol)| format!("{port}/{protocol}");
        EdgeView {
            from: id(self.from),
            to: id(self.to),
            ports: self.ports.iter().map(port).collect(),
            flows: self.count(),
            connections: self.measure.connections,
            pkts: wire.pkts,
            bytes: wire.bytes,
            tcp_handshake_p50_us: self.median_us(),
            first_seen: self.measure.first(),
            last_seen: self.measure.last(),
        }
    }

    /// How many flows there are.
    fn count(&self) -> u64 {
        self.alone
            .map_or(self.members.len() as u64, |(flows, _)| flows)
    }

    /// The clients' median: an edge is theirs.
    fn median_us(&self) -> Option<u64> {
        if let Some((_, median_us)) = self.alone {
            return median_us;
        }
        let all = groups::handshakes(self.flows, &self.members, &self.bounds);
        all.client.percentile_us(50)
    }
}

impl Merged for Edge<'_> {
    type Alone = Edge<'static>;

    fn members(&self) -> &[u32] {
        &self.members
    }

    fn alone(&self) -> Edge<'static> {
        Edge {
            from: self.from,
            to: self.to,
            bounds: self.bounds,
            measure: self.measure,
            ports: self.ports.clone(),
            flows: &[],
            members: Vec::new(),
            alone: Some((self.count(), self.median_us())),
        }
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
