//! Queries: parameters in, answers out, over one snapshot.
//!
//! ```text
//! parameters ──► Query ──► flows that match, measured in the window ──► rows ──► view
//! ```
//!
//! One table of parameters serves every surface; one function an operation runs them.

use serde::Serialize;

use crate::query::filter::Filter;
use crate::query::view::{ConnectionsView, FlowsView, SummaryView};
use crate::query::window::Window;
use crate::snapshot::Snapshot;

pub mod aggregate;
pub mod connections;
pub mod coverage;
pub mod end;
pub mod filter;
pub mod flows;
pub mod measure;
pub mod parameter;
pub mod parse;
pub mod pattern;
pub mod resolved;
pub mod row;
pub mod summary;
pub mod view;
pub mod window;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operation {
    /// Flows, or aggregates of them.
    Flows,
    /// Totals, tops and namespaces.
    Summary,
    /// Single connections.
    Connections,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 3] = [Self::Flows, Self::Summary, Self::Connections];

    /// Its name, which is its command.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flows => "flows",
            Self::Summary => "summary",
            Self::Connections => "connections",
        }
    }

    /// Its path over HTTP.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Flows => "/mcp/flows",
            Self::Summary => "/mcp/flows/summary",
            Self::Connections => "/mcp/connections",
        }
    }
}

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
}

/// Answers `query`, which was parsed for `operation`.
#[must_use]
pub fn run(snapshot: &Snapshot, operation: Operation, query: &Query) -> Answer {
    match operation {
        Operation::Flows => Answer::Flows(flows::flows(snapshot, query)),
        Operation::Summary => Answer::Summary(summary::summary(snapshot, query)),
        Operation::Connections => Answer::Connections(connections::connections(snapshot, query)),
    }
}

/// The level that flows are merged at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Pods.
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

/// How much of a row is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Format {
    /// The fields of the documented API.
    #[default]
    Compact,
    /// All that is known.
    Full,
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
    /// In which order.
    pub sort: Sort,
    /// Which part of them.
    pub page: Page,
    /// With which fields.
    pub format: Format,
}
