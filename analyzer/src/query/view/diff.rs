//! The views of differences.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::query::row::Volume;
use crate::query::view::CoverageView;

/// What differs between two times, or two captures: the answer of `/mcp/diff`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffView {
    /// The edges that differ: the new ones first, then the gone ones, then those that changed;
    /// each with the most bytes first.
    pub edges: Vec<EdgeDiffView>,
    /// Edges that differ, before `limit` and `offset`.
    pub total: usize,
    /// Whether edges were left out.
    pub truncated: bool,
    /// What the rows after the page count; no field of the answer.
    #[serde(skip)]
    pub rest: Volume,
    /// Edges that are in both and differ by no more than is allowed.
    pub unchanged: u64,
    /// What the first side rests on.
    pub coverage_a: Box<CoverageView>,
    /// What the second side rests on.
    pub coverage: CoverageView,
}

/// An edge that differs: all flows from one workload to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EdgeDiffView {
    /// In what way.
    pub change: EdgeChange,
    /// The client's node of the graph.
    pub from: String,
    /// The server's.
    pub to: String,
    /// What differs, of one that is in both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<Aspect>,
    /// On the first side; absent of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<EdgeSideView>,
    /// On the second side; absent of a gone one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<EdgeSideView>,
}

/// An edge on one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EdgeSideView {
    /// The servers' ports with their protocols, such as `443/tcp`, sorted.
    pub ports: Vec<String>,
    /// Connections.
    pub connections: u64,
    /// Packets, each once.
    pub pkts: u64,
    /// IP bytes, each packet once.
    pub bytes: u64,
    /// Bits a second, from the first packet to the last.
    pub bps: f64,
    /// Median handshake time of the clients, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_handshake_p50_us: Option<u64>,
    /// TCP connections whose opening was seen, where single connections are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<u64>,
    /// Those of them that were refused, or never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
}

/// In what way an edge differs.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EdgeChange {
    /// It is on the second side alone.
    New,
    /// It is on the first side alone.
    Gone,
    /// It is on both.
    Changed,
}

/// What differs of an edge that is on both sides.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// The ports that are asked.
    Ports,
    /// The bytes.
    Volume,
    /// The bytes a second.
    Rate,
    /// The clients' median handshake time.
    Handshake,
    /// The share of connections that were refused or never answered.
    Failures,
}

impl EdgeChange {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Changed => "changed",
        }
    }
}

impl EdgeSideView {
    /// The share of opened connections that failed; `None` where none was opened, or it is not known.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of connections needs no more than 53 bits"
    )]
    pub fn failure_share(&self) -> Option<f64> {
        let (opened, failed) = (self.opened?, self.failed?);
        (opened > 0).then(|| failed as f64 / opened as f64)
    }
}
