//! The views of dependencies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::query::row::Volume;
use crate::query::view::{CoverageView, EndView};
use crate::time::Timestamp;

/// The answer of `/mcp/dependencies`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DependenciesView {
    /// The ends of the edges, and what was asked for.
    pub nodes: Vec<NodeView>,
    /// One row for all flows from one node to another.
    pub edges: Vec<EdgeView>,
    /// Edges that match, before `limit` and `offset`.
    pub total: usize,
    /// Whether edges were left out.
    pub truncated: bool,
    /// What the rows after the page count; no field of the answer.
    #[serde(skip)]
    pub rest: Volume,
    /// What the answer rests on.
    pub coverage: CoverageView,
}

/// What depends on others, or others on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeView {
    /// What edges call it: the same in every answer.
    pub id: String,
    /// Who it is, with the fields of the level.
    #[serde(flatten)]
    pub end: EndView,
}

/// All flows from one node to another.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EdgeView {
    /// The client's node.
    pub from: String,
    /// The server's node.
    pub to: String,
    /// The servers' ports with their protocols, such as `443/tcp`, sorted.
    pub ports: Vec<String>,
    /// Flows.
    pub flows: u64,
    /// Connections in the window.
    pub connections: u64,
    /// Packets, each once.
    pub pkts: u64,
    /// IP bytes, each packet once.
    pub bytes: u64,
    /// Median handshake time of the clients, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_handshake_p50_us: Option<u64>,
    /// The first packet in the window.
    pub first_seen: Timestamp,
    /// The last packet in the window.
    pub last_seen: Timestamp,
}
