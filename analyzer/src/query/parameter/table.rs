//! The rows of the table of parameters.

use crate::query::parameter::{Domain, Group};
use crate::query::{Operation, Page};

/// A parameter of some operations.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) value: &'static str,
    pub(super) help: &'static str,
    pub(super) domain: Domain,
    pub(super) example: &'static str,
    pub(super) group: Group,
    pub(super) operations: &'static [Operation],
}

/// A filter of an end, of every operation.
pub(super) struct EndRow {
    pub(super) name: &'static str,
    pub(super) value: &'static str,
    pub(super) help: &'static str,
    pub(super) domain: Domain,
    pub(super) example: &'static str,
}

const ALL: &[Operation] = &Operation::ALL;
const ROWS: &[Operation] = &[
    Operation::Flows,
    Operation::Connections,
    Operation::Workloads,
    Operation::Dependencies,
    Operation::Diff,
];

const WORKLOADS: &[Operation] = &[Operation::Workloads];
const DEPENDENCIES: &[Operation] = &[Operation::Dependencies];
const DIFF: &[Operation] = &[Operation::Diff];
/// Those of one window.
const WINDOW: &[Operation] = &[
    Operation::Flows,
    Operation::Summary,
    Operation::Connections,
    Operation::Workloads,
    Operation::Dependencies,
];

const LEVELS: &[&str] = &["pod", "workload", "service", "namespace", "node"];

/// Filters of an end, each also with the prefixes `client_` and `server_`.
pub(super) const END_FILTERS: [EndRow; 7] = [
    EndRow {
        name: "ip",
        value: "ADDRESS|CIDR",
        help: "address or network",
        domain: Domain::Text,
        example: "10.244.0.0/16",
    },
    EndRow {
        name: "ns",
        value: "NAME",
        help: "namespace",
        domain: Domain::Text,
        example: "payments",
    },
    EndRow {
        name: "pod",
        value: "NAME",
        help: "pod, or its workload (`frontend` is every pod of that workload)",
        domain: Domain::Text,
        example: "shop/cart",
    },
    EndRow {
        name: "svc",
        value: "NAME",
        help: "service",
        domain: Domain::Text,
        example: "postgres",
    },
    EndRow {
        name: "node",
        value: "NAME",
        help: "node",
        domain: Domain::Text,
        example: "node-1",
    },
    EndRow {
        name: "dns",
        value: "NAME",
        help: "DNS name: what the other end asked for to get the address, or what the capture says",
        domain: Domain::Text,
        example: "*.example.com",
    },
    EndRow {
        name: "kind",
        value: "KIND",
        help: "kind: pod, service, node, external or unresolved",
        domain: Domain::Some(&["pod", "service", "node", "external", "unresolved"]),
        example: "external",
    },
];

/// All other parameters.
pub(super) const OTHERS: [Row; 29] = [
    Row {
        name: "a_window",
        value: "FROM/TO",
        help: "the first window, in whole intervals of ten seconds: each bound a time, an offset \
         from the beginning such as 30s, one from the end such as -5m, or nothing; without, the \
         first half",
        domain: Domain::Text,
        example: "-10m/-5m",
        group: Group::Subject,
        operations: DIFF,
    },
    Row {
        name: "b_window",
        value: "FROM/TO",
        help: "the second window, alike; without, the second half",
        domain: Domain::Text,
        example: "-5m/",
        group: Group::Subject,
        operations: DIFF,
    },
    Row {
        name: "volume",
        value: "PERCENT",
        help: "bytes may differ by this much (default 20%)",
        domain: Domain::Text,
        example: "50%",
        group: Group::Subject,
        operations: DIFF,
    },
    Row {
        name: "rate",
        value: "PERCENT",
        help: "bytes a second may differ by this much (default 20%)",
        domain: Domain::Text,
        example: "50%",
        group: Group::Subject,
        operations: DIFF,
    },
    Row {
        name: "handshake",
        value: "PERCENT",
        help: "the clients' median handshake time may differ by this much, and by a \
         millisecond in any case (default 50%)",
        domain: Domain::Text,
        example: "100%",
        group: Group::Subject,
        operations: DIFF,
    },
    Row {
        name: "failures",
        value: "PERCENT",
        help: "the share of refused and unanswered connections may differ by this much of \
         all of them (default 5%)",
        domain: Domain::Text,
        example: "1%",
        group: Group::Subject,
        operations: DIFF,
    },
    Row {
        name: "of",
        value: "NAME",
        help: "what the graph is of: NS/NAME or NAME of a pod, workload or service, or an address; \
         without, the whole graph",
        domain: Domain::Text,
        example: "shop/cart",
        group: Group::Subject,
        operations: DEPENDENCIES,
    },
    Row {
        name: "direction",
        value: "DIRECTION",
        help: "downstream (default): what `of` depends on; upstream: what depends on it; or both",
        domain: Domain::Choice(&["upstream", "downstream", "both"]),
        example: "upstream",
        group: Group::Subject,
        operations: DEPENDENCIES,
    },
    Row {
        name: "depth",
        value: "N",
        help: "steps from `of`, 1 or more; without, to the end",
        domain: Domain::Number {
            least: 1,
            most: usize::MAX,
        },
        example: "1",
        group: Group::Subject,
        operations: DEPENDENCIES,
    },
    Row {
        name: "state",
        value: "STATE",
        help: "active: had traffic in the window; idle: the cluster has it and no packet shows it; \
         or all (default)",
        domain: Domain::Choice(&["active", "idle", "all"]),
        example: "active",
        group: Group::Subject,
        operations: WORKLOADS,
    },
    Row {
        name: "l4proto",
        value: "PROTOCOL",
        help: "tcp or udp",
        domain: Domain::Some(&["tcp", "udp"]),
        example: "tcp",
        group: Group::Flow,
        operations: ALL,
    },
    Row {
        name: "port",
        value: "PORT",
        help: "the server's port, or the service's",
        domain: Domain::Text,
        example: "443",
        group: Group::Flow,
        operations: ALL,
    },
    Row {
        name: "client_port",
        value: "PORT",
        help: "the client's port",
        domain: Domain::Text,
        example: "50876",
        group: Group::Flow,
        operations: &[Operation::Connections],
    },
    Row {
        name: "across",
        value: "LEVEL",
        help: "only between two different namespaces, nodes, services, workloads or pods, both known",
        domain: Domain::Choice(LEVELS),
        example: "namespace",
        group: Group::Flow,
        operations: ALL,
    },
    Row {
        name: "state",
        value: "STATE",
        help: "active or closed",
        domain: Domain::Some(&["active", "closed"]),
        example: "active",
        group: Group::Flow,
        operations: &[
            Operation::Flows,
            Operation::Summary,
            Operation::Connections,
            Operation::Dependencies,
            Operation::Diff,
        ],
    },
    Row {
        name: "rtt_min",
        value: "DURATION",
        help: "handshakes at least this long, such as 10ms",
        domain: Domain::Text,
        example: "10ms",
        group: Group::Flow,
        operations: ALL,
    },
    Row {
        name: "start",
        value: "TIME",
        help: "not before this: RFC 3339 or Unix seconds",
        domain: Domain::Text,
        example: "2026-11-22T10:00:00Z",
        group: Group::Time,
        operations: WINDOW,
    },
    Row {
        name: "end",
        value: "TIME",
        help: "before this: RFC 3339 or Unix seconds",
        domain: Domain::Text,
        example: "2026-11-22T10:05:00Z",
        group: Group::Time,
        operations: WINDOW,
    },
    Row {
        name: "window",
        value: "DURATION",
        help: "the last 5m, or as long before `end` or after `start`",
        domain: Domain::Text,
        example: "5m",
        group: Group::Time,
        operations: WINDOW,
    },
    Row {
        name: "aggregate",
        value: "LEVEL",
        help: "merge flows by pod, workload, service, namespace or node",
        domain: Domain::Choice(LEVELS),
        example: "workload",
        group: Group::Answer,
        operations: &[Operation::Flows],
    },
    Row {
        name: "level",
        value: "LEVEL",
        help: "what a row is: a pod (default), workload, service, namespace or node",
        domain: Domain::Choice(LEVELS),
        example: "namespace",
        group: Group::Answer,
        operations: WORKLOADS,
    },
    Row {
        name: "level",
        value: "LEVEL",
        help: "what a node of the graph is: a pod, workload (default), service, namespace or node",
        domain: Domain::Choice(LEVELS),
        example: "namespace",
        group: Group::Answer,
        operations: &[Operation::Dependencies, Operation::Diff],
    },
    Row {
        name: "sort",
        value: "KEY",
        help: "bytes (default), pkts, bps, pps, rtt, first_seen or last_seen; the greatest first",
        domain: Domain::Choice(&[
            "bytes",
            "pkts",
            "bps",
            "pps",
            "rtt",
            "first_seen",
            "last_seen",
        ]),
        example: "bps",
        group: Group::Answer,
        operations: &[
            Operation::Flows,
            Operation::Connections,
            Operation::Dependencies,
        ],
    },
    Row {
        name: "sort",
        value: "KEY",
        help: "bytes (default), pkts, bps, pps, first_seen or last_seen; the greatest first",
        domain: Domain::Choice(&["bytes", "pkts", "bps", "pps", "first_seen", "last_seen"]),
        example: "bps",
        group: Group::Answer,
        operations: WORKLOADS,
    },
    Row {
        name: "limit",
        value: "N",
        help: "rows shown at most, 1 to 10000 (default 100)",
        domain: Domain::Number {
            least: 1,
            most: Page::LIMIT_MAX,
        },
        example: "10",
        group: Group::Answer,
        operations: ROWS,
    },
    Row {
        name: "offset",
        value: "N",
        help: "rows left out at the start (default 0)",
        domain: Domain::Number {
            least: 0,
            most: usize::MAX,
        },
        example: "10",
        group: Group::Answer,
        operations: ROWS,
    },
    Row {
        name: "format",
        value: "FORMAT",
        help: "compact (default) or full",
        domain: Domain::Choice(&["compact", "full"]),
        example: "full",
        group: Group::Answer,
        operations: &[Operation::Flows, Operation::Workloads],
    },
    Row {
        name: "format",
        value: "FORMAT",
        help: "full (default) or compact",
        domain: Domain::Choice(&["compact", "full"]),
        example: "compact",
        group: Group::Answer,
        operations: &[Operation::Connections],
    },
    Row {
        name: "format",
        value: "FORMAT",
        help: "json (default), mermaid or dot",
        domain: Domain::Choice(&["json", "mermaid", "dot"]),
        example: "mermaid",
        group: Group::Answer,
        operations: DEPENDENCIES,
    },
];
