//! The one table of operations, for every surface: HTTP, Model Context Protocol, command line.
//!
//! In: an [`Operation`]. Out: what each surface calls it, one description for all of them, the
//! function that answers it, and the schema of the answer. Whoever adds an operation adds a row
//! here, its parameters to the table of parameters, and its view to [`Answer`].

use schemars::{Schema, schema_for};

use crate::query::parse::QueryError;
use crate::query::view::dependencies::DependenciesView;
use crate::query::view::diff::DiffView;
use crate::query::view::workloads::WorkloadsView;
use crate::query::view::{ConnectionsView, FlowsView, SummaryView};
use crate::query::{
    Answer, Format, Level, Query, connections, dependencies, diff, flows, summary, workloads,
};
use crate::snapshot::Snapshot;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operation {
    /// Flows, or aggregates of them.
    Flows,
    /// Totals, tops and namespaces.
    Summary,
    /// Single connections.
    Connections,
    /// The cluster's objects and what else the traffic shows, at a level.
    Workloads,
    /// Who depends on whom, as a graph.
    Dependencies,
    /// What differs between two windows.
    Diff,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Its command.
    pub name: &'static str,
    /// Its path over HTTP.
    pub path: &'static str,
    /// Its tool over the Model Context Protocol.
    pub tool: &'static str,
    /// Its title, where people choose among tools.
    pub title: &'static str,
    /// What it shows, in a line: help, index and tools begin with it.
    pub about: &'static str,
    /// Which questions it is for, and what the fields of its answer mean.
    pub guide: &'static str,
    /// Parameters of a call that is worth making.
    pub example: &'static [(&'static str, &'static str)],
    /// The field of the answer that holds its rows; `None` where it has none.
    pub rows: Option<&'static str>,
    /// What its rows are, unless something else is asked for.
    pub defaults: Defaults,
    /// Answers a query that was parsed for it.
    pub run: fn(&Snapshot, &Query) -> Result<Answer, QueryError>,
    /// The schema of its answer.
    pub schema: fn() -> Schema,
}

/// What rows are, unless something else is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Defaults {
    /// What they are merged at.
    pub level: Level,
    /// How much of each is shown.
    pub format: Format,
}

const BY_POD: Defaults = Defaults {
    level: Level::Pod,
    format: Format::Compact,
};

const BY_WORKLOAD: Defaults = Defaults {
    level: Level::Workload,
    format: Format::Compact,
};

const SINGLE: Defaults = Defaults {
    level: Level::Pod,
    format: Format::Full,
};

const FLOWS: Facts = Facts {
    name: "flows",
    path: "/mcp/flows",
    tool: "list_l4_flows",
    title: "Who talks to whom",
    about: "Show who talks to whom: flows, or what they add up to at a level, the largest first",
    guide: "A flow is all connections of one protocol from one client to one server and port. Ask \
            it for talkers, bandwidth, packet rates, slow handshakes (rtt_min), traffic to and from \
            a namespace, pod, service, node or address, egress (server_kind=external), and traffic \
            that crosses namespaces (across=namespace). aggregate=workload answers most questions \
            in few rows. totals count at both ends; wire (format=full) counts each packet once.",
    example: &[("ns", "payments"), ("l4proto", "tcp"), ("sort", "bps")],
    rows: Some("flows"),
    defaults: BY_POD,
    run: |snapshot, query| Ok(Answer::Flows(flows::flows(snapshot, query))),
    schema: || schema_for!(FlowsView),
};

const SUMMARY: Facts = Facts {
    name: "summary",
    path: "/mcp/flows/summary",
    tool: "get_l4_flow_summary",
    title: "The whole in numbers",
    about: "Show totals, the busiest pairs and the namespaces",
    guide: "The first call where nothing is known yet: how much traffic there is, who talks most, \
            which namespaces there are and which talk to each other. It takes the same filters as \
            flows, so that server_kind=external is all traffic that leaves. total_bytes counts at \
            both ends; wire_bytes counts each packet once.",
    example: &[("server_kind", "external")],
    rows: None,
    defaults: BY_POD,
    run: |snapshot, query| Ok(Answer::Summary(summary::summary(snapshot, query))),
    schema: || schema_for!(SummaryView),
};

const CONNECTIONS: Facts = Facts {
    name: "connections",
    path: "/mcp/connections",
    tool: "list_connections",
    title: "Single connections",
    about: "Show single connections: times, state, flags, counters",
    guide: "One row a connection, from its first packet to its last: when it began, how long it \
            took, whether it is open, how it ended, which TCP flags each end sent. Ask it for \
            failures and resets, single transfers, and what happened at a time; ask flows for sums.",
    example: &[("server_svc", "postgres"), ("state", "closed")],
    rows: Some("connections"),
    defaults: SINGLE,
    run: |snapshot, query| {
        Ok(Answer::Connections(connections::connections(
            snapshot, query,
        )))
    },
    schema: || schema_for!(ConnectionsView),
};

const WORKLOADS: Facts = Facts {
    name: "workloads",
    path: "/mcp/workloads",
    tool: "list_workloads",
    title: "What there is, active and idle",
    about: "Show what there is, active and idle: one row a pod, workload, service, namespace or node",
    guide: "Names and traffic of whatever the cluster has or the packets show. Ask it what exists, \
            what is active now (state=active with a window), what is idle, which namespaces have \
            traffic (level=namespace), and which addresses are outside (kind=external).",
    example: &[("level", "namespace"), ("state", "active")],
    rows: Some("workloads"),
    defaults: BY_POD,
    run: |snapshot, query| Ok(Answer::Workloads(workloads::workloads(snapshot, query))),
    schema: || schema_for!(WorkloadsView),
};

const DEPENDENCIES: Facts = Facts {
    name: "dependencies",
    path: "/mcp/dependencies",
    tool: "get_dependencies",
    title: "Who depends on whom",
    about: "Show who depends on whom, as a graph: of one workload, or of all",
    guide: "Nodes, and edges from clients to their servers, with ports, bytes and handshake times, \
            each packet counted once. of=NAME takes what one pod, workload or service depends on; \
            direction=upstream what depends on it; depth=1 only its neighbours. \
            format=mermaid draws it.",
    example: &[
        ("of", "shop/checkout"),
        ("direction", "upstream"),
        ("depth", "1"),
    ],
    rows: Some("edges"),
    defaults: BY_WORKLOAD,
    run: |snapshot, query| dependencies::dependencies(snapshot, query).map(Answer::Dependencies),
    schema: || schema_for!(DependenciesView),
};

const DIFF: Facts = Facts {
    name: "diff",
    path: "/mcp/diff",
    tool: "diff_flows",
    title: "What is different",
    about: "Show what is different between two windows, by workload: new and gone dependencies, and \
            changed volume, rate, handshake time and share of failed connections",
    guide: "Ask it what changed: since a deployment, before an incident, between the first minute and \
            the last. a_window and b_window are FROM/TO, each a time, an offset from the beginning \
            (30s), one from the end (-5m), or nothing. An edge is all flows from one workload to \
            another, whatever pods and addresses they have. New edges come first, then gone ones, \
            then those that changed beyond the thresholds; each kind by its bytes.",
    example: &[("a_window", "-10m/-5m"), ("b_window", "-5m/")],
    rows: Some("edges"),
    defaults: BY_WORKLOAD,
    run: |snapshot, query| diff::diff(snapshot, query).map(Answer::Diff),
    schema: || schema_for!(DiffView),
};

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 6] = [
        Self::Flows,
        Self::Summary,
        Self::Connections,
        Self::Workloads,
        Self::Dependencies,
        Self::Diff,
    ];

    /// Its row of the table.
    #[must_use]
    pub const fn facts(self) -> &'static Facts {
        match self {
            Self::Flows => &FLOWS,
            Self::Summary => &SUMMARY,
            Self::Connections => &CONNECTIONS,
            Self::Workloads => &WORKLOADS,
            Self::Dependencies => &DEPENDENCIES,
            Self::Diff => &DIFF,
        }
    }

    /// Its name, which is its command.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Its path over HTTP.
    #[must_use]
    pub const fn path(self) -> &'static str {
        self.facts().path
    }

    /// The operation with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The operation of a tool.
    #[must_use]
    pub fn of_tool(tool: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.facts().tool == tool)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::query::parse::RowLimit;

    #[test]
    fn no_two_operations_are_called_the_same() {
        let names: [fn(&Facts) -> &str; 3] = [|f| f.name, |f| f.path, |f| f.tool];
        for name in names {
            let all: BTreeSet<&str> = Operation::ALL.map(|o| name(o.facts())).into();
            assert_eq!(all.len(), Operation::ALL.len(), "{all:?}");
        }
    }

    #[test]
    fn every_example_is_a_query() {
        for operation in Operation::ALL {
            let example = operation.facts().example.iter().copied();
            let parsed = Query::parse(operation, example, RowLimit::Bounded);
            assert!(parsed.is_ok(), "{operation:?}: {parsed:?}");
        }
    }

    #[test]
    fn the_field_of_the_rows_is_one_of_the_answer() {
        for operation in Operation::ALL {
            let schema = (operation.facts().schema)();
            let fields = schema
                .get("properties")
                .and_then(|p| p.as_object())
                .unwrap();
            let rows = operation.facts().rows;
            assert!(
                rows.is_none_or(|rows| fields.contains_key(rows)),
                "{operation:?}"
            );
            assert!(fields.contains_key("coverage"), "{operation:?}");
        }
    }
}
