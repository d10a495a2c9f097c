//! The one table of parameters, for every surface: HTTP, command line and their documentation.

use crate::query::Operation;

/// A parameter of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// Its name; on the command line `--client-ip` for `client_ip`.
    pub name: String,
    /// What its value is, in a word.
    pub value: &'static str,
    /// What it does, in a sentence.
    pub help: String,
    /// Which group it is listed in.
    pub group: Group,
}

/// Groups of parameters, in the order in which help lists them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Group {
    /// What there is to be shown.
    Subject,
    /// Of a flow or connection.
    Flow,
    /// Of an end: either one, the client, the server.
    End,
    /// In time.
    Time,
    /// The form of the answer.
    Answer,
}

impl Group {
    /// Its heading in help.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Subject => "What is shown",
            Self::Flow => "Filters of a flow",
            Self::End => "Filters of an end (either one, or client_ / server_)",
            Self::Time => "Time",
            Self::Answer => "The answer",
        }
    }
}

const ALL: &[Operation] = &Operation::ALL;
const ROWS: &[Operation] = &[
    Operation::Flows,
    Operation::Connections,
    Operation::Workloads,
    Operation::Dependencies,
];

const WORKLOADS: &[Operation] = &[Operation::Workloads];
const DEPENDENCIES: &[Operation] = &[Operation::Dependencies];

/// Filters of an end, each also with the prefixes `client_` and `server_`.
const END_FILTERS: [(&str, &str, &str); 7] = [
    ("ip", "ADDRESS|CIDR", "address or network"),
    ("ns", "NAME", "namespace"),
    (
        "pod",
        "NAME",
        "pod, or its workload (`frontend` is every pod of that workload)",
    ),
    ("svc", "NAME", "service"),
    ("node", "NAME", "node"),
    (
        "dns",
        "NAME",
        "DNS name: what the other end asked for to get the address, or what the capture says",
    ),
    (
        "kind",
        "KIND",
        "kind: pod, service, node, external or unresolved",
    ),
];

/// (name, value, help, group, operations)
const OTHERS: [(&str, &str, &str, Group, &[Operation]); 23] = [
    (
        "of",
        "NAME",
        "what the graph is of: NS/NAME or NAME of a pod, workload or service, or an address; \
         without, the whole graph",
        Group::Subject,
        DEPENDENCIES,
    ),
    (
        "direction",
        "DIRECTION",
        "downstream (default): what `of` depends on; upstream: what depends on it; or both",
        Group::Subject,
        DEPENDENCIES,
    ),
    (
        "depth",
        "N",
        "steps from `of`, 1 or more; without, to the end",
        Group::Subject,
        DEPENDENCIES,
    ),
    (
        "state",
        "STATE",
        "active: had traffic in the window; idle: the cluster has it and no packet shows it; \
         or all (default)",
        Group::Subject,
        WORKLOADS,
    ),
    ("l4proto", "PROTOCOL", "tcp or udp", Group::Flow, ALL),
    (
        "port",
        "PORT",
        "the server's port, or the service's",
        Group::Flow,
        ALL,
    ),
    (
        "client_port",
        "PORT",
        "the client's port",
        Group::Flow,
        &[Operation::Connections],
    ),
    (
        "across",
        "LEVEL",
        "only between two different namespaces, nodes, services, workloads or pods, both known",
        Group::Flow,
        ALL,
    ),
    (
        "state",
        "STATE",
        "active or closed",
        Group::Flow,
        &[
            Operation::Flows,
            Operation::Summary,
            Operation::Connections,
            Operation::Dependencies,
        ],
    ),
    (
        "rtt_min",
        "DURATION",
        "handshakes at least this long, such as 10ms",
        Group::Flow,
        ALL,
    ),
    (
        "start",
        "TIME",
        "not before this: RFC 3339 or Unix seconds",
        Group::Time,
        ALL,
    ),
    (
        "end",
        "TIME",
        "before this: RFC 3339 or Unix seconds",
        Group::Time,
        ALL,
    ),
    (
        "window",
        "DURATION",
        "the last 5m, or as long before `end` or after `start`",
        Group::Time,
        ALL,
    ),
    (
        "aggregate",
        "LEVEL",
        "merge flows by pod, workload, service, namespace or node",
        Group::Answer,
        &[Operation::Flows],
    ),
    (
        "level",
        "LEVEL",
        "what a row is: a pod (default), workload, service, namespace or node",
        Group::Answer,
        WORKLOADS,
    ),
    (
        "level",
        "LEVEL",
        "what a node of the graph is: a pod, workload (default), service, namespace or node",
        Group::Answer,
        DEPENDENCIES,
    ),
    (
        "sort",
        "KEY",
        "bytes (default), pkts, bps, pps, rtt, first_seen or last_seen; the greatest first",
        Group::Answer,
        &[
            Operation::Flows,
            Operation::Connections,
            Operation::Dependencies,
        ],
    ),
    (
        "sort",
        "KEY",
        "bytes (default), pkts, bps, pps, first_seen or last_seen; the greatest first",
        Group::Answer,
        WORKLOADS,
    ),
    (
        "limit",
        "N",
        "rows shown at most, 1 to 10000 (default 100)",
        Group::Answer,
        ROWS,
    ),
    (
        "offset",
        "N",
        "rows left out at the start (default 0)",
        Group::Answer,
        ROWS,
    ),
    (
        "format",
        "FORMAT",
        "compact (default) or full",
        Group::Answer,
        &[Operation::Flows, Operation::Workloads],
    ),
    (
        "format",
        "FORMAT",
        "full (the only one, and the default)",
        Group::Answer,
        &[Operation::Connections],
    ),
    (
        "format",
        "FORMAT",
        "json (default), mermaid or dot",
        Group::Answer,
        DEPENDENCIES,
    ),
];

/// The parameters of `operation`, in the order in which they are documented.
#[must_use]
pub fn parameters(operation: Operation) -> Vec<Parameter> {
    let others = OTHERS
        .iter()
        .filter(|(.., operations)| operations.contains(&operation))
        .map(|&(name, value, help, group, _)| Parameter {
            name: name.to_owned(),
            value,
            help: help.to_owned(),
            group,
        });
    let ends = [
        ("", "either end's "),
        ("client_", "the client's "),
        ("server_", "the server's "),
    ]
    .into_iter()
    .flat_map(|(prefix, whose)| {
        END_FILTERS
            .iter()
            .map(move |(name, value, help)| Parameter {
                name: format!("{prefix}{name}"),
                value,
                help: format!("{whose}{help}"),
                group: Group::End,
            })
    });
    let mut all: Vec<Parameter> = others.chain(ends).collect();
    all.sort_by_key(|parameter| parameter.group);
    all
}
