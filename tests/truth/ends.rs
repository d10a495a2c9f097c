//! Each end of each flow against its own kernel's counts, and who the ends are.
//!
//! `truth.json` says what each end sent and got, which pod it was at that time, and the service
//! that was called. Both sides are written as lines, so that a difference names flow and end.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use analyzer::cluster::ServiceBasis;
use analyzer::protocol::Protocol;
use analyzer::query::parse::RowLimit;
use analyzer::query::view::{EndView, FlowView, FlowsView, StatsView};
use analyzer::query::{self, Answer, Operation, Query};

use crate::{TrueEnd, TrueFlow, replayed};

/// Packets and bytes sent and received at the client's end, then at the server's.
type Counts = [u64; 8];

/// Flows by who talks to whom.
type Rows = BTreeMap<String, Row>;

/// A flow's counts and connections, and which of its ends were seen at their own interface, where that is said.
#[derive(PartialEq, Eq, Debug, Default)]
struct Row {
    counts: Counts,
    connections: u64,
    observed: Option<String>,
}

macro_rules! scenarios {
    ($($test:ident: $folder:literal,)+) => {
        $(
            #[test]
            fn $test() {
                assert_rows($folder, &rows(&answer($folder)), &truth($folder));
            }
        )+
    };
}

scenarios! {
    both_ends_count_for_themselves: "both-ends",
    what_is_lost_between_is_seen: "loss",
    interfaces_of_a_node_are_told_apart: "any-sll2",
    interfaces_without_numbers_are_told_apart: "any-sll1",
    captures_of_pods_are_their_ends: "any-pods",
    a_service_called_is_one_flow: "service-vip",
    a_service_called_before_the_capture_is_one_flow: "service-vip-midstream",
    a_node_port_is_one_flow: "node-port",
    a_pod_that_calls_itself_is_both_ends: "hairpin",
    what_is_blocked_does_not_arrive: "blocked",
    a_half_blind_interface_claims_no_loss: "half-blind",
    loopback_belongs_to_its_place: "loopback",
    late_events_name_earlier_packets: "late-events",
    an_address_is_whose_it_was_then: "ip-reuse",
    host_ports_are_their_pods: "host-network",
    clocks_that_disagree_move_no_packet: "clock-skew",
    files_of_one_source_are_one: "rotated-node",
}

#[test]
fn captures_of_nodes_and_of_pods_give_the_same_flows() {
    let mut pods = rows(&answer("any-pods"));
    for row in pods.values_mut() {
        row.observed = None;
    }
    assert!(!pods.is_empty());
    assert_rows("any-sll2", &rows(&answer("any-sll2")), &pods);
    assert_rows("any-sll1", &rows(&answer("any-sll1")), &pods);
}

#[test]
fn half_blind_interfaces_are_named() {
    let warnings = answer("half-blind").coverage.warnings;
    // An SLL2 capture has their numbers, not their names.
    for interface in ["interface 3", "interface 4"] {
        let named =
            |warning: &&String| warning.contains("node-2.pcap") && warning.contains(interface);
        assert!(
            warnings.iter().any(|w| named(&w)),
            "{interface}: {warnings:?}"
        );
    }
}

#[test]
fn clocks_that_disagree_are_reported() {
    let warnings = answer("clock-skew").coverage.warnings.join("\n");
    assert!(
        warnings.contains("clock") && warnings.contains("node-2"),
        "{warnings}"
    );
}

#[test]
fn every_call_of_a_service_is_joined() {
    for folder in [
        "service-vip",
        "service-vip-midstream",
        "node-port",
        "hairpin",
    ] {
        let snapshot = replayed(&folder_of(folder));
        let rows = truth(folder);
        let connections: u64 = rows.values().map(|row| row.connections).sum();
        assert_eq!(snapshot.joins.refused, 0, "{folder}");
        assert_eq!(snapshot.connections.len() as u64, connections, "{folder}");
    }
}

fn folder_of(scenario: &str) -> PathBuf {
    Path::new("captures").join(scenario)
}

fn answer(folder: &str) -> FlowsView {
    let parameters = [("limit", "10000"), ("format", "full")];
    let query = Query::parse(Operation::Flows, parameters, RowLimit::Bounded).unwrap();
    let snapshot = replayed(&folder_of(folder));
    let Ok(Answer::Flows(view)) = query::run(&snapshot, Operation::Flows, &query) else {
        panic!("flows were asked for");
    };
    view
}

fn rows(view: &FlowsView) -> Rows {
    let mut rows = Rows::new();
    for flow in &view.flows {
        let counts = [&flow.client_stats, &flow.server_stats].map(counters);
        let observed = serde_json::to_value(flow.observed).unwrap();
        let observed = observed.as_str().map(str::to_owned);
        let row = add(&mut rows, line(flow), counts);
        row.connections += flow.connections.unwrap();
        row.observed = observed;
    }
    rows
}

fn truth(folder: &str) -> Rows {
    let mut rows = Rows::new();
    for flow in &crate::truth(&folder_of(folder)).unwrap().flows {
        let row = add(&mut rows, flow.line(), flow.counters());
        row.connections += flow.client_ports;
        row.observed.clone_from(&flow.observed);
    }
    rows
}

/// Flows that a caller cannot tell apart are one, such as those by two nodes' ports.
fn add(rows: &mut Rows, line: String, ends: [[u64; 4]; 2]) -> &mut Row {
    let row = rows.entry(line).or_default();
    for (total, more) in row.counts.iter_mut().zip(ends.into_iter().flatten()) {
        *total += more;
    }
    row
}

fn counters(stats: &StatsView) -> [u64; 4] {
    [stats.tx_pkts, stats.tx_bytes, stats.rx_pkts, stats.rx_bytes]
}

fn line(flow: &FlowView) -> String {
    let server = &flow.server;
    let called = match (server.svc_basis, &server.ns, &server.svc) {
        (Some(ServiceBasis::Called), Some(namespace), Some(name)) => format!("{namespace}/{name}"),
        _ => String::new(),
    };
    describe(
        flow.proto,
        &end(&flow.client),
        &end(server),
        server.port,
        &called,
    )
}

fn end(end: &EndView) -> String {
    let address = end.ip.unwrap();
    let name = match (&end.ns, &end.pod, &end.node) {
        (Some(namespace), Some(pod), _) => format!("{namespace}/{pod}"),
        (_, None, Some(node)) => node.to_string(),
        _ => String::new(),
    };
    format!("{address} {name}")
}

impl Row {
    /// What is expected need not say which ends were seen.
    fn agrees(&self, expected: &Self) -> bool {
        (self.counts, self.connections) == (expected.counts, expected.connections)
            && (expected.observed.is_none() || self.observed == expected.observed)
    }
}

impl TrueFlow {
    fn line(&self) -> String {
        let called = self.service.as_ref().map(|service| service.name.as_str());
        describe(
            self.proto,
            &self.client.line(),
            &self.server.line(),
            self.server.port,
            called.unwrap_or_default(),
        )
    }

    fn counters(&self) -> [[u64; 4]; 2] {
        let client = [
            self.client_sent_pkts,
            self.client_sent_bytes,
            self.server_delivered_pkts,
            self.server_delivered_bytes,
        ];
        let server = [
            self.server_sent_pkts,
            self.server_sent_bytes,
            self.client_delivered_pkts,
            self.client_delivered_bytes,
        ];
        [client, server]
    }
}

impl TrueEnd {
    /// Nobody in the cluster has a name for what is outside.
    fn line(&self) -> String {
        let known = matches!(self.kind.as_deref(), Some("pod" | "node"));
        format!("{} {}", self.ip, if known { &self.name } else { "" })
    }
}

fn describe(
    proto: Protocol,
    client: &str,
    server: &str,
    port: Option<u16>,
    called: &str,
) -> String {
    let port = port.unwrap_or_default();
    format!("{proto} {client} > {server} port {port} called {called:?}")
}

fn assert_rows(folder: &str, actual: &Rows, expected: &Rows) {
    let mut differences = String::new();
    for (line, row) in expected {
        match actual.get(line) {
            Some(found) if found.agrees(row) => {}
            found => {
                let _ = writeln!(differences, "{line}: expected {row:?}, found {found:?}");
            }
        }
    }
    for (line, row) in actual {
        if !expected.contains_key(line) {
            let _ = writeln!(differences, "{line}: not in the truth, found {row:?}");
        }
    }
    assert!(
        differences.is_empty(),
        "{folder}: packets and bytes sent and received by the client, then the server\n{differences}"
    );
}
