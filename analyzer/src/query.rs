//! Queries: parameters in, answers out, over one snapshot.
//!
//! ```text
//! parameters ──► Query ──► flows that match, measured in the window ──► rows ──► view
//! ```
//!
//! One table of operations and one of parameters serve every surface.

use serde::Serialize;

use crate::query::diff::Comparison;
use crate::query::filter::Filter;
use crate::query::parse::QueryError;
use crate::query::view::dependencies::DependenciesView;
use crate::query::view::diff::DiffView;
use crate::query::view::workloads::{Presence, WorkloadsView};
use crate::query::view::{ConnectionsView, FlowsView, SummaryView};
use crate::query::window::Window;
use crate::snapshot::Snapshot;

pub use crate::query::value::duration;

pub mod aggregate;
pub mod connections;
pub mod counters;
pub mod coverage;
pub mod dependencies;
pub mod diagram;
pub mod diff;
pub mod end;
pub mod ends;
pub mod filter;
pub mod flows;
mod groups;
pub mod label;
pub mod measure;
pub mod of;
pub mod operation;
pub mod parameter;
pub mod parse;
pub mod pattern;
pub mod present;
mod ranking;
pub mod reach;
pub mod resolved;
pub mod row;
pub mod suggest;
pub mod summary;
mod value;
pub mod view;
pub mod window;
pub mod workloads;

pub use crate::query::operation::Operation;

/// The answer of an operation; as JSON it is that operation's view.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of [`Operation::Flows`].
    Flows(FlowsView),
    /// Of [`Operation::Summary`].
    Summary(SummaryView),
    /// Of [`Operation::Connections`].
    Connections(ConnectionsView),
    /// Of [`Operation::Workloads`].
    Workloads(WorkloadsView),
    /// Of [`Operation::Dependencies`].
    Dependencies(DependenciesView),
    /// Of [`Operation::Diff`].
    Diff(DiffView),
}

/// Answers `query`, which was parsed for `operation`. Of what goes on it is answered for the last
/// minutes, unless it asks for a window.
///
/// # Errors
/// A parameter that names what the snapshot does not know.
pub fn run(snapshot: &Snapshot, operation: Operation, query: &Query) -> Result<Answer, QueryError> {
    (operation.facts().run)(snapshot, &query.within(snapshot))
}

/// Whether an answer has rows and is only to be read off what earlier ones left with the snapshot: it
/// takes no thread that may be busy for long.
#[must_use]
pub fn is_at_hand(snapshot: &Snapshot, operation: Operation, query: &Query) -> bool {
    operation == Operation::Flows
        && query.aggregate.is_none()
        && ranking::is_at_hand(snapshot, &query.within(snapshot))
}

/// The level that flows are merged at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Level {
    /// Pods.
    #[default]
    Pod,
    /// Workloads.
    Workload,
    /// Services.
    Service,
    /// Namespaces.
    Namespace,
    /// Nodes.
    Node,
}

/// What rows are sorted by, the greatest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Sort {
    /// Bytes at both ends.
    #[default]
    Bytes,
    /// Packets at both ends.
    Packets,
    /// Bits per second on the wire.
    BitRate,
    /// Packets per second on the wire.
    PacketRate,
    /// The client's median handshake time, else the server's.
    HandshakeTime,
    /// The first packet.
    FirstSeen,
    /// The last packet.
    LastSeen,
}

impl Sort {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Bytes,
        Self::Packets,
        Self::BitRate,
        Self::PacketRate,
        Self::HandshakeTime,
        Self::FirstSeen,
        Self::LastSeen,
    ];
}

/// How much of a row is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Format {
    /// The fields of the documented API.
    #[default]
    Compact,
    /// All that is known.
    Full,
}

/// What a graph is written as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Form {
    /// Nodes and edges, as every other answer.
    #[default]
    Json,
    /// A flowchart of Mermaid.
    Mermaid,
    /// A graph of Graphviz.
    Dot,
}

/// Which way a graph is followed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Direction {
    /// From servers to their clients: who depends on it.
    Upstream,
    /// From clients to their servers: what it depends on.
    #[default]
    Downstream,
    /// Both, each for itself: not the servers of its clients.
    Both,
}

/// Which part of a graph is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    /// Where it begins; the whole graph without.
    pub of: Option<String>,
    /// Which way.
    pub direction: Direction,
    /// How many steps; to the end without.
    pub depth: Option<usize>,
}

/// Which of the sorted rows are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// Rows left out at the start.
    pub offset: usize,
    /// Rows shown at most.
    pub limit: usize,
}

impl Page {
    /// The default number of rows.
    pub const LIMIT: usize = 100;
    /// The most rows that may be asked for at once.
    pub const LIMIT_MAX: usize = 10_000;
}

impl Default for Page {
    fn default() -> Self {
        Self {
            offset: 0,
            limit: Self::LIMIT,
        }
    }
}

/// A question to a snapshot. Which fields count depends on the operation; the parameters that an
/// operation does not have are refused before.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Which flows or connections.
    pub filter: Filter,
    /// When.
    pub window: Window,
    /// Merged at which level, if at all.
    pub aggregate: Option<Level>,
    /// Of workloads and dependencies: what a row or a node is.
    pub level: Level,
    /// Of workloads: only those with, or without, traffic.
    pub presence: Option<Presence>,
    /// Of dependencies: which part of the graph.
    pub reach: Reach,
    /// Of differences: what is compared.
    pub comparison: Comparison,
    /// In which order.
    pub sort: Sort,
    /// Which part of them.
    pub page: Page,
    /// With which fields.
    pub format: Format,
    /// Of dependencies: written as what.
    pub form: Form,
}

impl Query {
    /// The same, with the window that it means for a snapshot.
    fn within(&self, snapshot: &Snapshot) -> Self {
        Self {
            window: self.window.or_default(snapshot.provenance.source),
            ..self.clone()
        }
    }
}
