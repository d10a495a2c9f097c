//! The views of workloads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::query::row::Volume;
use crate::query::view::{CoverageView, EndView, StatsView};
use crate::time::Timestamp;

/// The answer of `/mcp/workloads`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkloadsView {
    /// One row for all that is one at the level.
    pub workloads: Vec<WorkloadView>,
    /// Rows that match, before `limit` and `offset`.
    pub total: usize,
    /// Whether rows were left out.
    pub truncated: bool,
    /// What the rows after the page count; no field of the answer.
    #[serde(skip)]
    pub rest: Volume,
    /// What the answer rests on.
    pub coverage: CoverageView,
}

/// What was there at a level, and its traffic.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkloadView {
    /// Who it is, with the fields of the level.
    #[serde(flatten)]
    pub end: EndView,
    /// Whether it had traffic.
    pub state: Presence,
    /// Flows that it is an end of.
    pub flows: u64,
    /// Others, at the level, that it had flows with.
    pub peers: u64,
    /// Connections in the window.
    pub connections: u64,
    /// Counted at its end.
    #[serde(flatten)]
    pub stats: StatsView,
    /// Packets a second, sent and received.
    pub pps: f64,
    /// Bits a second, sent and received.
    pub bps: f64,
    /// The first packet in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    /// The last packet in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}

/// Whether something had traffic in the window.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It had.
    Active,
    /// The cluster has it, and nothing was seen of it.
    Idle,
}

impl Presence {
    /// Its name in answers and parameters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Idle => "idle",
        }
    }
}
