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
            Self::Flow => "Filters of a flow",
            Self::End => "Filters of an end (either one, or client_ / server_)",
            Self::Time => "Time",
            Self::Answer => "The answer",
        }
    }
}

const ALL: &[Operation] = &[Operation::Flows, Operation::Summary, Operation::Connections];
const ROWS: &[Operation] = &[Operation::Flows, Operation::Connections];

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
const OTHERS: [(&str, &str, &str, Group, &[Operation]); 14] = [
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
    ("state", "STATE", "active or closed", Group::Flow, ALL),
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
        "sort",
        "KEY",
        "bytes (default), pkts, bps, pps, rtt, first_seen or last_seen; the greatest first",
        Group::Answer,
        ROWS,
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
        &[Operation::Flows],
    ),
    (
        "format",
        "FORMAT",
        "full (the only one, and the default)",
        Group::Answer,
        &[Operation::Connections],
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
