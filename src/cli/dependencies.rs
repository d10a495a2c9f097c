//! `pilotfish dependencies`: who depends on whom, as edges of a table or a drawn graph.

use std::collections::BTreeMap;

use analyzer::query::label::label;
use analyzer::query::view::dependencies::{DependenciesView, EdgeView};

use crate::cli::output::moment;
use crate::cli::output::table::Column;
use crate::cli::units;

/// A column of its table.
type Col = Column<Edge>;

/// Ports that a table names before it counts them.
const PORTS: usize = 3;

/// What its help ends with.
pub(crate) const EXAMPLES: &str = "\
Examples:
  pilotfish dependencies captures/shop                                all workloads
  pilotfish dependencies captures/shop --of checkout                  all that it depends on
  pilotfish dependencies captures/shop --of shop/frontend --depth 1   what it calls itself
  pilotfish dependencies captures/shop --of postgres --direction upstream --level pod
  pilotfish dependencies captures/shop --level namespace
  pilotfish dependencies captures/shop --of checkout -o mermaid
  pilotfish dependencies captures/shop --l4proto tcp -o dot | dot -Tsvg > shop.svg

An edge leads from clients to their servers; CONNS, BYTES and PKTS are those of all its flows, each \
packet once. Addresses outside are one node where name resolution gave them one name.";

/// An edge with its nodes as people name them.
pub(crate) struct Edge {
    from: String,
    to: String,
    view: EdgeView,
}

/// The rows of its table.
pub(crate) fn rows(view: &DependenciesView) -> Vec<Edge> {
    let nodes = view.nodes.iter();
    let labels: BTreeMap<&str, String> = nodes
        .map(|node| (&*node.id, label(&node.end, None)))
        .collect();
    let name = |id: &String| labels.get(&**id).unwrap_or(id).clone();
    let edges = view.edges.iter();
    edges
        .map(|edge| Edge {
            from: name(&edge.from),
            to: name(&edge.to),
            view: edge.clone(),
        })
        .collect()
}

/// The columns of its table.
pub(crate) fn columns(wide: bool) -> Vec<Col> {
    let mut columns = vec![
        Col::name("FROM", |edge| edge.from.clone()),
        Col::name("TO", |edge| edge.to.clone()),
        if wide {
            Col::word("PORTS", |edge| edge.view.ports.join(" "))
        } else {
            Col::word("PORTS", ports)
        },
        Col::number("FLOWS", |edge| units::count(edge.view.flows)).optional(0),
        Col::number("CONNS", |edge| units::count(edge.view.connections)).optional(1),
        Col::number("PKTS", |edge| units::count(edge.view.pkts)).optional(2),
        Col::number("BYTES", |edge| units::bytes(edge.view.bytes)),
        Col::number("HANDSHAKE", |edge| {
            let micros = edge.view.tcp_handshake_p50_us;
            micros.map(units::micros).unwrap_or_default()
        })
        .optional(3),
    ];
    if wide {
        columns.extend([
            Col::word("FIRST SEEN", |edge| moment(edge.view.first_seen)),
            Col::word("LAST SEEN", |edge| moment(edge.view.last_seen)),
        ]);
    }
    columns
}

/// `80/tcp 443/tcp`, or the first ones and how many others there are.
fn ports(edge: &Edge) -> String {
    let ports = &edge.view.ports;
    let mut text: Vec<&str> = ports.iter().take(PORTS).map(String::as_str).collect();
    let others = ports.len().saturating_sub(PORTS);
    let more = format!("+{others}");
    if others > 0 {
        text.push(&more);
    }
    text.join(" ")
}
