//! `pilotfish summary`: how much there is, who talks most, and between which namespaces.

use std::collections::BTreeMap;

use analyzer::query::view::{CrossNamespace, SummaryView, TopByBytes, TopByPackets};

use crate::cli::color;
use crate::cli::output::table::{Column, Room, lay_out};
use crate::cli::units::{bytes, count, counted};

/// What its help ends with.
pub(crate) const EXAMPLES: &str = "\
Examples:
  pilotfish summary captures/shop
  pilotfish summary captures/shop --ns payments
  pilotfish summary node-*.pcap --cluster cluster.yaml -o json

Bytes and packets of the sections are counted at both ends, so twice the wire.";

const TOP_BYTES: [Column<TopByBytes>; 3] = [
    Column::name("CLIENT", |top| top.client_pod.clone()),
    Column::name("SERVER", |top| top.server_pod.clone()),
    Column::number("BYTES", |top| bytes(top.bytes)),
];

const TOP_PACKETS: [Column<TopByPackets>; 3] = [
    Column::name("CLIENT", |top| top.client_pod.clone()),
    Column::name("SERVER", |top| top.server_pod.clone()),
    Column::number("PKTS", |top| count(top.pkts)),
];

const CROSS: [Column<CrossNamespace>; 4] = [
    Column::name("CLIENTS IN", |pair| pair.src_ns.to_string()),
    Column::name("SERVERS IN", |pair| pair.dst_ns.to_string()),
    Column::number("FLOWS", |pair| count(pair.flows)),
    Column::number("BYTES", |pair| bytes(pair.bytes)),
];

/// A summary in sections; the wide one also says what kinds of ends and of skipped frames.
pub(crate) fn sections(view: &SummaryView, room: Room, wide: bool) -> String {
    let mut text = totals(view);
    text += &section("Busiest by bytes", &TOP_BYTES, &view.top_by_bytes, room);
    text += &section("Busiest by packets", &TOP_PACKETS, &view.top_by_pkts, room);
    text += &counts(
        "Namespaces",
        ["NAMESPACE", "FLOWS"],
        &view.by_namespace,
        room,
    );
    text += &section("Across namespaces", &CROSS, &view.cross_namespace, room);
    if wide {
        let coverage = &view.coverage;
        text += &counts("Ends by kind", ["KIND", "ENDS"], &coverage.identity, room);
        text += &counts(
            "Skipped frames",
            ["REASON", "FRAMES"],
            &coverage.skipped,
            room,
        );
    }
    text
}

fn totals(view: &SummaryView) -> String {
    format!(
        "{} ({} tcp, {} udp) between {} and {}\n\
         {} in {} on the wire; {} in {} at both ends\n\n",
        counted(view.total_flows, "flow"),
        count(view.tcp_flows),
        count(view.udp_flows),
        counted(view.unique_clients, "client"),
        counted(view.unique_servers, "server"),
        bytes(view.wire_bytes),
        counted(view.wire_pkts, "packet"),
        bytes(view.total_bytes),
        count(view.total_pkts),
    )
}

/// A heading and a table; nothing where there are no rows.
fn section<R>(title: &str, columns: &[Column<R>], rows: &[R], room: Room) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let (bold, plain) = (color::HEADING, color::HEADING.render_reset());
    let laid = lay_out(columns, rows, room);
    format!("{bold}{title}{plain}\n{}\n", laid.lines)
}

fn counts<K: ToString>(
    title: &str,
    [name, number]: [&'static str; 2],
    counts: &BTreeMap<K, u64>,
    room: Room,
) -> String {
    let columns: [Column<(String, u64)>; 2] = [
        Column::name(name, |row| row.0.clone()),
        Column::number(number, |row| count(row.1)),
    ];
    let rows: Vec<(String, u64)> = counts
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(key, n)| (key.to_string(), *n))
        .collect();
    section(title, &columns, &rows, room)
}
