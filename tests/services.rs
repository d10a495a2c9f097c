//! Calls of services against their truth: what the programs and kernels of both ends counted.
//!
//! `truth.json` says for each client, server and service called what either end sent and got. The
//! flows of a scenario must be these, no more and no less, joined across translations.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use analyzer::cluster::ServiceBasis;
use analyzer::engine::Settings;
use analyzer::leg::Interval;
use analyzer::leg::intervals::Intervals;
use analyzer::protocol::Protocol;
use analyzer::snapshot::Snapshot;
use analyzer::traffic::Traffic;
use replay::{Replay, ReplayInputs};
use serde::Deserialize;

/// Scenarios in which addresses are translated.
const SCENARIOS: [&str; 4] = [
    "service-vip",
    "service-vip-midstream",
    "node-port",
    "hairpin",
];

#[derive(Deserialize)]
struct Truth {
    flows: Vec<TrueFlow>,
}

#[derive(Deserialize)]
struct TrueFlow {
    proto: Protocol,
    client: TrueEnd,
    server: TrueEnd,
    service: Option<TrueEnd>,
    client_sent_pkts: u64,
    client_sent_bytes: u64,
    client_delivered_pkts: u64,
    client_delivered_bytes: u64,
    server_sent_pkts: u64,
    server_sent_bytes: u64,
    server_delivered_pkts: u64,
    server_delivered_bytes: u64,
    client_ports: u64,
}

#[derive(Deserialize)]
struct TrueEnd {
    ip: IpAddr,
    port: Option<u16>,
    name: String,
}

/// Client, server and its port, and the service called.
type Key = (Protocol, IpAddr, IpAddr, u16, Option<String>);
/// Packets and bytes.
type Count = (u64, u64);

/// What the ends of a flow sent and got, and its connections.
#[derive(PartialEq, Eq, Debug, Default)]
struct Counts {
    client_sent: Count,
    server_got: Count,
    server_sent: Count,
    client_got: Count,
    connections: u64,
}

#[test]
fn calls_of_services_are_one_flow_with_the_counts_of_both_ends() {
    for scenario in SCENARIOS {
        let folder = Path::new("captures").join(scenario);
        let text = std::fs::read_to_string(folder.join("truth.json")).unwrap();
        let truth: Truth = serde_json::from_str(&text).unwrap();
        let mut expected: BTreeMap<Key, Counts> = BTreeMap::new();
        for flow in &truth.flows {
            flow.add_to(expected.entry(flow.key()).or_default());
        }
        let snapshot = replayed(&folder);
        assert_eq!(flows(&snapshot), expected, "{scenario}");
        assert_eq!(snapshot.joins.refused, 0, "{scenario}");
        assert!(snapshot.coverage.closes(), "{scenario}");
        let connections: u64 = expected.values().map(|counts| counts.connections).sum();
        assert_eq!(snapshot.connections.len() as u64, connections, "{scenario}");
    }
}

impl TrueFlow {
    fn key(&self) -> Key {
        let service = self.service.as_ref().map(|service| service.name.clone());
        let port = self.server.port.unwrap();
        (self.proto, self.client.ip, self.server.ip, port, service)
    }

    fn add_to(&self, counts: &mut Counts) {
        let add = |count: &mut Count, packets, bytes| {
            *count = (count.0 + packets, count.1 + bytes);
        };
        add(
            &mut counts.client_sent,
            self.client_sent_pkts,
            self.client_sent_bytes,
        );
        add(
            &mut counts.server_got,
            self.client_delivered_pkts,
            self.client_delivered_bytes,
        );
        add(
            &mut counts.server_sent,
            self.server_sent_pkts,
            self.server_sent_bytes,
        );
        add(
            &mut counts.client_got,
            self.server_delivered_pkts,
            self.server_delivered_bytes,
        );
        counts.connections += self.client_ports;
    }
}

fn replayed(folder: &Path) -> Snapshot {
    let inputs = ReplayInputs {
        captures: vec![folder.to_owned()],
        ..ReplayInputs::default()
    };
    let mut settings = Settings::default();
    settings.limits.connection_records = 1_000;
    let mut replay = Replay::open(&inputs, settings).unwrap();
    while replay.step(1_000) {}
    replay.finish()
}

fn flows(snapshot: &Snapshot) -> BTreeMap<Key, Counts> {
    let mut flows = BTreeMap::new();
    for flow in &snapshot.flows {
        let key = &flow.key;
        let server = snapshot.directory.identity(key.server.identity);
        let called = server.service_basis == Some(ServiceBasis::Called);
        let names = server.namespace.as_ref().zip(server.service.as_ref());
        let service = names.filter(|_| called);
        let service = service.map(|(namespace, service)| format!("{namespace}/{service}"));
        let (client, server) = (key.client.address, key.server.address);
        let (at_client, at_server) = (&flow.intervals, flow.server_intervals());
        let started = flow.connection_intervals().iter();
        let counts = Counts {
            client_sent: sum(at_client, |interval| interval.forward),
            server_got: sum(at_server, |interval| interval.forward),
            server_sent: sum(at_server, |interval| interval.backward),
            client_got: sum(at_client, |interval| interval.backward),
            connections: started.map(|interval| u64::from(interval.started)).sum(),
        };
        let key = (key.protocol, client, server, key.server_port, service);
        let before = flows.insert(key, counts);
        assert_eq!(before, None, "one flow for each client, server and service");
    }
    flows
}

fn sum(intervals: &Intervals, direction: fn(&Interval) -> Traffic) -> Count {
    let all = intervals.iter().map(direction);
    all.fold((0, 0), |(packets, bytes), traffic| {
        (packets + traffic.packets, bytes + traffic.ip_bytes)
    })
}
