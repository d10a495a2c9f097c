//! `pilotfish flows`: who talks to whom, one row a flow.

use std::collections::BTreeSet;

use analyzer::cluster::ServiceBasis;
use analyzer::flow::Observed;
use analyzer::query::label::label;
use analyzer::query::view::{FlowView, FlowsView};

use crate::cli::output::end::{text, word};
use crate::cli::output::moment;
use crate::cli::output::table::Column;
use crate::cli::question::Rate;
use crate::cli::units;

/// A column of its table.
type Col = Column<FlowView>;

/// What its help ends with.
pub(crate) const EXAMPLES: &str = "\
Examples:
  pilotfish flows captures/shop
  pilotfish flows captures/shop --ns payments --l4proto tcp
  pilotfish flows captures/shop --server-kind external --sort rtt
  pilotfish flows captures/shop --aggregate workload -o wide
  pilotfish flows node.pcap --cluster cluster.yaml -o csv > flows.csv
  tcpdump -i any -w - | pilotfish flows -

Values separated by commas are alternatives, ! excludes, * stands for any characters:
  --ns 'shop,payments'  --pod '!frontend'  --dns '*.example.com'

In tables, BYTES → are IP bytes as the client sent them, BYTES ← as the server did, and RATE is \
that of both on the wire. In JSON and CSV, totals are counted at both ends, so twice the wire.";

/// The columns of a table of flows.
pub(crate) fn columns(view: &FlowsView, rate: Rate, wide: bool) -> Vec<Col> {
    let (flows, coverage) = (&view.flows, &view.coverage);
    let rate: fn(&FlowView) -> String = match rate {
        Rate::Bits => |flow| wire_rate(flow, Rate::Bits),
        Rate::Packets => |flow| wire_rate(flow, Rate::Packets),
    };
    let mut columns = vec![
        Col::name("CLIENT", client),
        Col::name("SERVER", server),
        Col::word("PORT", port),
        Col::name("SERVICE", service).optional(4),
        Col::number("CONNS", |flow| {
            flow.connections.map(units::count).unwrap_or_default()
        })
        .optional(1),
        Col::number("BYTES →", |flow| units::bytes(flow.client_stats.tx_bytes)),
        Col::number("BYTES ←", |flow| units::bytes(flow.server_stats.tx_bytes)),
        Col::number("RATE", rate).optional(2),
        Col::number("HANDSHAKE", |flow| {
            handshake(flow, |stats| stats.tcp_handshake_p50_us)
        })
        .optional(3),
    ];
    // Where offload merged packets, two ends may differ without loss.
    if coverage.merged_frames == 0 && flows.iter().any(|flow| lost(flow) > 0) {
        columns.push(Col::number("LOST", |flow| match lost(flow) {
            0 => String::new(),
            lost => units::count(lost),
        }));
    }
    if wide {
        columns.extend(details());
    } else if names_repeat(flows, |_| String::new()) {
        // Calls of a service and calls of a pod behind it, or two families of addresses.
        if names_repeat(flows, service_basis) {
            columns.splice(2..2, addresses());
        }
        let by_service = flows
            .iter()
            .any(|flow| flow.server.svc_basis == Some(ServiceBasis::Called));
        if by_service {
            columns.push(Col::word("SERVICE BY", service_basis));
        }
    }
    columns
}

pub(crate) fn wire_rate(flow: &FlowView, rate: Rate) -> String {
    let wire = flow.wire.as_ref();
    wire.map_or_else(String::new, |wire| rate.of(wire.bps, wire.pps))
}

/// Whether rows look alike by name and by what else is said of them.
fn names_repeat(flows: &[FlowView], also: fn(&FlowView) -> String) -> bool {
    let mut seen = BTreeSet::new();
    flows.iter().any(|flow| {
        let names = (client(flow), server(flow), port(flow), service(flow));
        !seen.insert((names, also(flow)))
    })
}

/// `called`, or `endpoint`: the pod was called itself.
fn service_basis(flow: &FlowView) -> String {
    let basis = flow.server.svc_basis;
    basis
        .map(|basis| basis.name().to_owned())
        .unwrap_or_default()
}

fn addresses() -> [Col; 2] {
    [
        Col::word("CLIENT IP", |flow| text(flow.client.ip.as_ref())),
        Col::word("SERVER IP", |flow| text(flow.server.ip.as_ref())),
    ]
}

fn details() -> [Col; 15] {
    let [client_ip, server_ip] = addresses();
    [
        Col::number("P90", |flow| {
            handshake(flow, |stats| stats.tcp_handshake_p90_us)
        }),
        Col::number("P99", |flow| {
            handshake(flow, |stats| stats.tcp_handshake_p99_us)
        }),
        Col::number("PKTS →", |flow| units::count(flow.client_stats.tx_pkts)),
        Col::number("PKTS ←", |flow| units::count(flow.server_stats.tx_pkts)),
        Col::word("STATE", |flow| {
            flow.state.map(|s| s.name().to_owned()).unwrap_or_default()
        }),
        client_ip,
        server_ip,
        Col::name("CLIENT SERVICE", |flow| text(flow.client.svc.as_ref())),
        Col::name("CLIENT WORKLOAD", |flow| workload(&flow.client)),
        Col::name("SERVER WORKLOAD", |flow| workload(&flow.server)),
        Col::name("CLIENT NODE", |flow| text(flow.client.node.as_ref())),
        Col::name("SERVER NODE", |flow| text(flow.server.node.as_ref())),
        Col::word("ROLES BY", |flow| word(flow.basis)),
        Col::word("FIRST SEEN", |flow| {
            flow.first_seen.map(moment).unwrap_or_default()
        }),
        Col::word("LAST SEEN", |flow| {
            flow.last_seen.map(moment).unwrap_or_default()
        }),
    ]
}

/// Packets that one end sent and the other did not receive, where both were counted.
fn lost(flow: &FlowView) -> u64 {
    let (client, server) = (&flow.client_stats, &flow.server_stats);
    match flow.observed {
        Some(Observed::Both) => {
            let there = client.tx_pkts.saturating_sub(server.rx_pkts);
            there.saturating_add(server.tx_pkts.saturating_sub(client.rx_pkts))
        }
        Some(Observed::Client | Observed::Server | Observed::Between) | None => 0,
    }
}

fn client(flow: &FlowView) -> String {
    label(&flow.client, None)
}

fn server(flow: &FlowView) -> String {
    label(&flow.server, None)
}

fn service(flow: &FlowView) -> String {
    text(flow.server.svc.as_ref())
}

/// `443/tcp`, or the protocol where the merged flows have several ports.
fn port(flow: &FlowView) -> String {
    match flow.server.port {
        Some(port) => format!("{port}/{}", flow.proto),
        None => flow.proto.to_string(),
    }
}

/// The client's handshake time, else the server's.
pub(crate) fn handshake(
    flow: &FlowView,
    percentile: fn(&analyzer::query::view::StatsView) -> Option<u64>,
) -> String {
    let micros = percentile(&flow.client_stats).or_else(|| percentile(&flow.server_stats));
    micros.map(units::micros).unwrap_or_default()
}

/// `Deployment/cart`.
pub(crate) fn workload(end: &analyzer::query::view::EndView) -> String {
    end.workload
        .as_ref()
        .map(|workload| format!("{}/{}", workload.kind, workload.name))
        .unwrap_or_default()
}
