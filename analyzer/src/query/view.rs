//! Views: the answers, field for field as they are served.
//!
//! **Shape** field order is the order of the JSON; what is unknown is left out. They can be read
//! back, so that a client shows a server's answer as it would show its own.
//! **Units** IP bytes, wire packets, bits per second; times are RFC 3339 with nanoseconds.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cluster::{EndKind, IdentityBasis, ServiceBasis, Workload};
use crate::connection::EndReason;
use crate::flow::join::JoinCounts;
use crate::flow::{Basis, Observed};
use crate::protocol::Protocol;
use crate::query::row::Volume;
use crate::snapshot::Source;
use crate::time::Timestamp;

pub mod dependencies;
pub mod diff;
pub mod workloads;

/// The answer of `/mcp/flows`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowsView {
    /// One row a flow, or an aggregate of flows.
    pub flows: Vec<FlowView>,
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

/// The answer of `/mcp/connections`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionsView {
    /// One row a connection.
    pub connections: Vec<ConnectionView>,
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

/// One flow, or flows merged at a level.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowView {
    /// TCP or UDP.
    pub proto: Protocol,
    /// Who asks.
    pub client: EndView,
    /// Who answers.
    pub server: EndView,
    /// Counted at the client's end.
    pub client_stats: StatsView,
    /// Counted at the server's end.
    pub server_stats: StatsView,
    /// Traffic at both ends: the sum of the four counters.
    pub totals: TotalsView,
    /// Each packet once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<TotalsView>,
    /// Which ends had a counting point of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// How the roles are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Connections in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// Whether a connection has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The first packet in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    /// The last packet in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}

/// One connection: a flow's fields, and its own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionView {
    /// As a flow of this connection alone.
    #[serde(flatten)]
    pub flow: FlowView,
    /// Its first packet.
    pub start: Timestamp,
    /// From its first packet to its last, in nanoseconds.
    pub duration_ns: u64,
    /// Why it ended; absent while it is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
    /// TCP flags that each end sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_flags: Option<TcpFlagsView>,
}

/// TCP flags by end, as letters: `F`IN, `S`YN, `R`ST, `P`SH, `A`CK, `U`RG, `E`CE, `C`WR.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TcpFlagsView {
    /// What the client sent, or-ed.
    pub client: String,
    /// What the server sent, or-ed.
    pub server: String,
}

/// One end of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndView {
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// Port: the server's, and of single connections the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Arc<str>>,
    /// Namespace of the pod; without a pod, of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ns: Option<Arc<str>>,
    /// Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub svc: Option<Arc<str>>,
    /// Node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Arc<str>>,
    /// What the end is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EndKind>,
    /// How it is known whose address it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_basis: Option<IdentityBasis>,
    /// Top owner of the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<Workload>,
    /// How the service is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub svc_basis: Option<ServiceBasis>,
    /// The service's port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub svc_port: Option<u16>,
    /// The container, where the pod has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_id: Option<Arc<str>>,
    /// Names that name resolution gave the address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<Arc<str>>,
}

/// Counters at one end.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatsView {
    /// Packets sent.
    pub tx_pkts: u64,
    /// Packets received.
    pub rx_pkts: u64,
    /// IP bytes sent.
    pub tx_bytes: u64,
    /// IP bytes received.
    pub rx_bytes: u64,
    /// Median handshake time in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_handshake_p50_us: Option<u64>,
    /// Nine in ten handshakes took at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_handshake_p90_us: Option<u64>,
    /// All but one in a hundred took at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_handshake_p99_us: Option<u64>,
    /// Packets a second sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_pps: Option<f64>,
    /// Packets a second received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rx_pps: Option<f64>,
    /// Bits a second sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_bps: Option<f64>,
    /// Bits a second received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rx_bps: Option<f64>,
    /// The last packet at this end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

/// Packets, bytes and their rates.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TotalsView {
    /// Packets.
    pub pkts: u64,
    /// IP bytes.
    pub bytes: u64,
    /// Packets a second.
    pub pps: f64,
    /// Bits a second.
    pub bps: f64,
}

/// Whether connections are open.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// One has not ended.
    Active,
    /// All have ended.
    Closed,
}

impl State {
    /// Its name in answers and parameters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Closed => "closed",
        }
    }

    /// The state of what is or is not active.
    #[must_use]
    pub const fn of(active: bool) -> Self {
        if active { Self::Active } else { Self::Closed }
    }
}

/// The answer of `/mcp/flows/summary`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SummaryView {
    /// Flows that match.
    pub total_flows: u64,
    /// TCP flows.
    pub tcp_flows: u64,
    /// UDP flows.
    pub udp_flows: u64,
    /// Bytes at both ends.
    pub total_bytes: u64,
    /// Packets at both ends.
    pub total_pkts: u64,
    /// Bytes, each packet once.
    pub wire_bytes: u64,
    /// Packets, each once.
    pub wire_pkts: u64,
    /// Clients, at pod level.
    pub unique_clients: u64,
    /// Servers, at pod level.
    pub unique_servers: u64,
    /// The ten pairs with the most bytes.
    pub top_by_bytes: Vec<TopByBytes>,
    /// The ten pairs with the most packets.
    pub top_by_pkts: Vec<TopByPackets>,
    /// Flows that touch a namespace.
    pub by_namespace: BTreeMap<Arc<str>, u64>,
    /// Traffic from a namespace to another one.
    pub cross_namespace: Vec<CrossNamespace>,
    /// What the answer rests on.
    pub coverage: CoverageView,
}

/// A pair of ends by bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopByBytes {
    /// The client's pod, else service, node or address.
    pub client_pod: String,
    /// The server's.
    pub server_pod: String,
    /// Bytes at both ends.
    pub bytes: u64,
}

/// A pair of ends by packets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopByPackets {
    /// The client's pod, else service, node or address.
    pub client_pod: String,
    /// The server's.
    pub server_pod: String,
    /// Packets at both ends.
    pub pkts: u64,
}

/// Traffic between two namespaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CrossNamespace {
    /// The client's namespace.
    pub src_ns: Arc<str>,
    /// The server's.
    pub dst_ns: Arc<str>,
    /// Flows.
    pub flows: u64,
    /// Bytes at both ends.
    pub bytes: u64,
}

/// What the answer rests on: the whole snapshot, whatever the filters.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CoverageView {
    /// Saved or live.
    pub source: Source,
    /// Whether everything was read; while it is not, counts still grow.
    pub complete: bool,
    /// The first frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The last frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The bounds of the window, when one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowView>,
    /// Frames read; one that stands for several on the wire, as offload says, is as many.
    pub frames: u64,
    /// Frames counted in flows.
    pub counted: u64,
    /// Frames seen again at a hop that does not count.
    pub copies: u64,
    /// Frames that are not ours, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Frames that the capture lost, as far as it says.
    pub dropped: u64,
    /// Records that a limit took.
    pub evicted: u64,
    /// Records older than is kept, where that is limited; answers begin at `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<u64>,
    /// What is known less exactly in time, where there was more than a limit keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coarsened: Option<CoarsenedView>,
    /// Records cut off at the end of a file.
    pub truncated_records: u64,
    /// Frames above an Ethernet MTU: offload had merged their packets.
    pub merged_frames: u64,
    /// Those of `frames` that were captured within another one, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offload_segments: Option<u64>,
    /// Frames equal to an earlier one within a millisecond.
    pub suspected_duplicates: u64,
    /// The same in a capture that does not tell its interfaces: copies, or sent again.
    #[serde(default)]
    pub copies_uncertain: u64,
    /// Connection records beyond the limit.
    pub connections_not_kept: u64,
    /// Names of addresses that were empty, too long or too many.
    #[serde(default)]
    pub names_not_kept: u64,
    /// Frames with DNS answers that are not whole.
    #[serde(default)]
    pub dns_cut: u64,
    /// Changes and claims of cluster objects beyond the limit.
    #[serde(default)]
    pub objects_not_kept: u64,
    /// Files read.
    pub files: u64,
    /// Nodes on which captures were taken, as far as is known.
    #[serde(default)]
    pub nodes: Vec<Arc<str>>,
    /// Ends by kind.
    pub identity: BTreeMap<String, u64>,
    /// Ends by how it is known whose address they are.
    #[serde(default)]
    pub identity_basis: BTreeMap<String, u64>,
    /// Translations of services' addresses that were seen on both sides.
    #[serde(default)]
    pub joins: JoinCounts,
    /// What to know before trusting the rest.
    pub warnings: Vec<String>,
}

/// Intervals that were merged near a limit: no count is lost, only when it was.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CoarsenedView {
    /// By how many they are fewer.
    pub intervals: u64,
    /// Before this they are a minute long, and windows are whole minutes.
    pub minutes_before: Timestamp,
    /// Before this they are ten minutes long, where some are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ten_minutes_before: Option<Timestamp>,
}

/// The intervals that a window took.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WindowView {
    /// Start of the first interval.
    pub start: Timestamp,
    /// End of the last interval.
    pub end: Timestamp,
}
