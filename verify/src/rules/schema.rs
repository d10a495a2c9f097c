//! The fields that answers have, and their types.
//!
//! **Shape** a flow is that of `format=full`: what rules see. A test holds the tables against the
//! views themselves.

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text; `""` where it is unknown.
    Text,
    /// A whole number.
    Whole,
    /// A number with a fraction.
    Fraction,
    /// A list of texts; empty where nothing is known.
    Texts,
    /// An object with fields of its own.
    Object(&'static [Field]),
}

/// A name and what it holds.
pub type Field = (&'static str, Kind);

/// The fields of a flow.
pub const FLOW: &[Field] = &[
    ("proto", Kind::Text),
    ("client", Kind::Object(END)),
    ("server", Kind::Object(END)),
    ("client_stats", Kind::Object(STATS)),
    ("server_stats", Kind::Object(STATS)),
    ("totals", Kind::Object(TOTALS)),
    ("wire", Kind::Object(TOTALS)),
    ("observed", Kind::Text),
    ("basis", Kind::Text),
    ("connections", Kind::Whole),
    ("state", Kind::Text),
    ("first_seen", Kind::Text),
    ("last_seen", Kind::Text),
];

const END: &[Field] = &[
    ("ip", Kind::Text),
    ("port", Kind::Whole),
    ("pod", Kind::Text),
    ("ns", Kind::Text),
    ("svc", Kind::Text),
    ("node", Kind::Text),
    ("kind", Kind::Text),
    ("identity_basis", Kind::Text),
    ("workload", Kind::Object(WORKLOAD)),
    ("svc_basis", Kind::Text),
    ("svc_port", Kind::Whole),
    ("container_id", Kind::Text),
    ("dns", Kind::Texts),
];

const WORKLOAD: &[Field] = &[("kind", Kind::Text), ("name", Kind::Text)];

const STATS: &[Field] = &[
    ("tx_pkts", Kind::Whole),
    ("rx_pkts", Kind::Whole),
    ("tx_bytes", Kind::Whole),
    ("rx_bytes", Kind::Whole),
    ("tcp_handshake_p50_us", Kind::Whole),
    ("tcp_handshake_p90_us", Kind::Whole),
    ("tcp_handshake_p99_us", Kind::Whole),
    ("tx_pps", Kind::Fraction),
    ("rx_pps", Kind::Fraction),
    ("tx_bps", Kind::Fraction),
    ("rx_bps", Kind::Fraction),
    ("timestamp", Kind::Text),
];

const TOTALS: &[Field] = &[
    ("pkts", Kind::Whole),
    ("bytes", Kind::Whole),
    ("pps", Kind::Fraction),
    ("bps", Kind::Fraction),
];

/// The names of all fields that any answer has.
pub const ANSWER_FIELDS: &[&str] = &[
    "a",
    "active",
    "b",
    "basis",
    "bps",
    "by_namespace",
    "bytes",
    "change",
    "client",
    "client_pod",
    "client_stats",
    "complete",
    "connections",
    "connections_not_kept",
    "container_id",
    "copies",
    "copies_uncertain",
    "counted",
    "cross_namespace",
    "differs",
    "dns",
    "dns_cut",
    "dropped",
    "dst_ns",
    "duration_ns",
    "end_reason",
    "evicted",
    "failed",
    "files",
    "first_seen",
    "flows",
    "frames",
    "from",
    "identity",
    "identity_basis",
    "ip",
    "joins",
    "kind",
    "last_seen",
    "merged_frames",
    "name",
    "names_not_kept",
    "node",
    "nodes",
    "ns",
    "objects_not_kept",
    "observed",
    "opened",
    "peers",
    "pkts",
    "pod",
    "port",
    "ports",
    "pps",
    "proto",
    "rx_bps",
    "rx_bytes",
    "rx_pkts",
    "rx_pps",
    "server",
    "server_pod",
    "server_stats",
    "skipped",
    "source",
    "src_ns",
    "start",
    "state",
    "suspected_duplicates",
    "svc",
    "svc_basis",
    "svc_port",
    "tcp_flags",
    "tcp_flows",
    "tcp_handshake_p50_us",
    "tcp_handshake_p90_us",
    "tcp_handshake_p99_us",
    "timestamp",
    "to",
    "top_by_bytes",
    "top_by_pkts",
    "total_bytes",
    "total_flows",
    "total_pkts",
    "totals",
    "truncated_records",
    "tx_bps",
    "tx_bytes",
    "tx_pkts",
    "tx_pps",
    "udp_flows",
    "unique_clients",
    "unique_servers",
    "warnings",
    "window",
    "wire",
    "wire_bytes",
    "wire_pkts",
    "workload",
];

/// Fields below which names are those of the data.
pub const MAPS: &[&str] = &[
    "by_namespace",
    "identity",
    "identity_basis",
    "joins",
    "skipped",
];
