//! CSV: a heading and one row a line, the fields of the full JSON laid flat.
//!
//! **Shape** `client.ip` is the column `client_ip`; the columns do not depend on the rows. A
//! summary, which has no rows, becomes one line a number.
//! **Source** RFC 4180 for quoting; lines end in LF. A text that a spreadsheet would take for a
//! formula gets a `'` in front, and control characters are escaped.

use std::io::{self, Write};

use analyzer::query::Answer;
use analyzer::query::view::SummaryView;
use serde::Serialize;
use serde_json::Value;

use crate::cli::output::text::printable;

const CONNECTION: [&str; 5] = [
    "start",
    "duration_ns",
    "end_reason",
    "tcp_flags.client",
    "tcp_flags.server",
];

/// What only a connection's client has.
const CLIENT_PORT: &str = "client.port";

const ENDS: [&str; 2] = ["client", "server"];

const END: [&str; 13] = [
    "ip",
    "port",
    "pod",
    "ns",
    "svc",
    "node",
    "kind",
    "workload.kind",
    "workload.name",
    "svc_basis",
    "svc_port",
    "container_id",
    "dns",
];

const STATS: [&str; 12] = [
    "tx_pkts",
    "rx_pkts",
    "tx_bytes",
    "rx_bytes",
    "tcp_handshake_p50_us",
    "tcp_handshake_p90_us",
    "tcp_handshake_p99_us",
    "tx_pps",
    "rx_pps",
    "tx_bps",
    "rx_bps",
    "timestamp",
];

const TOTALS: [&str; 4] = ["pkts", "bytes", "pps", "bps"];

const REST: [&str; 6] = [
    "observed",
    "basis",
    "connections",
    "state",
    "first_seen",
    "last_seen",
];

/// What a row at a level has of an end.
const LEVEL: [&str; 9] = [
    "kind",
    "ns",
    "pod",
    "workload.kind",
    "workload.name",
    "svc",
    "node",
    "ip",
    "dns",
];

const WORKLOAD: [&str; 16] = [
    "state",
    "flows",
    "peers",
    "connections",
    "tx_pkts",
    "rx_pkts",
    "tx_bytes",
    "rx_bytes",
    "tx_pps",
    "rx_pps",
    "tx_bps",
    "rx_bps",
    "pps",
    "bps",
    "first_seen",
    "last_seen",
];

const EDGE: [&str; 10] = [
    "from",
    "to",
    "ports",
    "flows",
    "connections",
    "pkts",
    "bytes",
    "tcp_handshake_p50_us",
    "first_seen",
    "last_seen",
];

/// Writes the heading and the rows of `answer`.
pub(crate) fn write(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    match answer {
        Answer::Flows(view) => rows(out, &flow(), &view.flows),
        Answer::Connections(view) => rows(out, &connection(), &view.connections),
        Answer::Workloads(view) => rows(out, &workload(), &view.workloads),
        Answer::Dependencies(view) => rows(out, &EDGE.map(str::to_owned), &view.edges),
        Answer::Diff(view) => rows(out, &difference(), &view.edges),
        Answer::Summary(view) => summary(out, view),
    }
}

fn difference() -> Vec<String> {
    let sides = ["a", "b"].into_iter().flat_map(|side| {
        let fields = [
            "ports",
            "connections",
            "pkts",
            "bytes",
            "bps",
            "tcp_handshake_p50_us",
        ];
        fields.map(|field| format!("{side}.{field}"))
    });
    let edge = ["change", "from", "to", "differs"].map(str::to_owned);
    edge.into_iter().chain(sides).collect()
}

fn flow() -> Vec<String> {
    let mut columns = connection();
    columns.retain(|column| column != CLIENT_PORT && !CONNECTION.contains(&column.as_str()));
    columns
}

fn workload() -> Vec<String> {
    LEVEL
        .iter()
        .chain(&WORKLOAD)
        .map(ToString::to_string)
        .collect()
}

fn connection() -> Vec<String> {
    let below = |owner: &str, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| format!("{owner}.{name}")).collect()
    };
    let mut columns: Vec<String> = CONNECTION.iter().map(ToString::to_string).collect();
    columns.push("proto".to_owned());
    columns.extend(ENDS.iter().flat_map(|end| below(end, &END)));
    columns.extend(
        ENDS.iter()
            .flat_map(|end| below(&format!("{end}_stats"), &STATS)),
    );
    columns.extend(
        ["totals", "wire"]
            .iter()
            .flat_map(|owner| below(owner, &TOTALS)),
    );
    columns.extend(REST.iter().map(ToString::to_string));
    columns
}

fn rows(out: &mut impl Write, columns: &[String], rows: &[impl Serialize]) -> io::Result<()> {
    let heading = columns.iter().map(|column| column.replace('.', "_"));
    line(out, heading)?;
    let pointers: Vec<String> = columns
        .iter()
        .map(|column| format!("/{}", column.replace('.', "/")))
        .collect();
    for row in rows {
        let row = serde_json::to_value(row)?;
        line(
            out,
            pointers.iter().map(|pointer| cell(row.pointer(pointer))),
        )?;
    }
    Ok(())
}

fn summary(out: &mut impl Write, view: &SummaryView) -> io::Result<()> {
    line(out, ["section", "client", "server", "measure", "value"])?;
    let totals = [
        ("total_flows", view.total_flows),
        ("tcp_flows", view.tcp_flows),
        ("udp_flows", view.udp_flows),
        ("total_bytes", view.total_bytes),
        ("total_pkts", view.total_pkts),
        ("wire_bytes", view.wire_bytes),
        ("wire_pkts", view.wire_pkts),
        ("unique_clients", view.unique_clients),
        ("unique_servers", view.unique_servers),
    ];
    let mut number = |section: &str, client: &str, server: &str, measure: &str, n: u64| {
        let cells = [section, client, server, measure].map(text);
        line(out, cells.into_iter().chain([n.to_string()]))
    };
    for (measure, n) in totals {
        number("total", "", "", measure, n)?;
    }
    for top in &view.top_by_bytes {
        number(
            "top_by_bytes",
            &top.client_pod,
            &top.server_pod,
            "bytes",
            top.bytes,
        )?;
    }
    for top in &view.top_by_pkts {
        number(
            "top_by_pkts",
            &top.client_pod,
            &top.server_pod,
            "pkts",
            top.pkts,
        )?;
    }
    for (namespace, flows) in &view.by_namespace {
        number("by_namespace", namespace, "", "flows", *flows)?;
    }
    for pair in &view.cross_namespace {
        number(
            "cross_namespace",
            &pair.src_ns,
            &pair.dst_ns,
            "flows",
            pair.flows,
        )?;
        number(
            "cross_namespace",
            &pair.src_ns,
            &pair.dst_ns,
            "bytes",
            pair.bytes,
        )?;
    }
    Ok(())
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(value)) => text(value),
        Some(Value::Array(values)) => {
            let words: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            text(&words.join(" "))
        }
        Some(number @ (Value::Number(_) | Value::Bool(_) | Value::Object(_))) => number.to_string(),
    }
}

/// A text that is safe in a spreadsheet and on a terminal.
fn text(value: &str) -> String {
    let value = printable(value);
    if value.starts_with(['=', '+', '-', '@']) {
        format!("'{value}")
    } else {
        value.into_owned()
    }
}

fn line<C: AsRef<str>>(out: &mut impl Write, cells: impl IntoIterator<Item = C>) -> io::Result<()> {
    let cells: Vec<String> = cells
        .into_iter()
        .map(|cell| quoted(cell.as_ref()))
        .collect();
    writeln!(out, "{}", cells.join(","))
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests;
