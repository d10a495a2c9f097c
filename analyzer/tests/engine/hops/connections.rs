//! Connections and flows that several hops share: each once, and counted alike.

use analyzer::connection::record::ConnectionRecord;
use analyzer::flow::connection::AttributedConnection;
use analyzer::frame::Direction;
use analyzer::hop::declaration::{InterfaceOwner, SourceDeclaration};
use analyzer::query::{Answer, Operation};
use analyzer::snapshot::Snapshot;

use crate::hops::{Sighting, check, declared, flows, on_node, sightings, snapshot};
use crate::script::{ask, parse};

/// A line a connection: what each end sent and received.
fn connections(snapshot: &Snapshot) -> String {
    let Answer::Connections(view) = ask(snapshot, Operation::Connections, "limit=1000") else {
        panic!("connections were asked for");
    };
    let line = |connection: &analyzer::query::view::ConnectionView| {
        let flow = &connection.flow;
        let (client, server) = (&flow.client_stats, &flow.server_stats);
        format!(
            "{} to {}, client {}/{}, server {}/{}, {:?}\n",
            flow.client.port.unwrap(),
            flow.server.port.unwrap(),
            client.tx_pkts,
            client.rx_pkts,
            server.tx_pkts,
            server.rx_pkts,
            flow.observed.unwrap(),
        )
    };
    view.connections.iter().map(line).collect()
}

#[test]
fn a_connection_is_counted_at_each_end_as_its_flow_is() {
    // The server's own interface shows only what it sends; what web sent to cart never arrived.
    let script = "1:5 in  0.000 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 in  0.002 10.244.1.11:80 > 10.244.1.10:4000 udp len=11
         1:5 out 0.003 10.244.1.11:80 > 10.244.1.10:4000 udp len=11
         1:5 in  0.005 10.244.1.10:4002 > 10.244.2.10:80 udp len=10
         1:2 out 0.006 10.244.1.10:4002 > 10.244.2.10:80 udp len=10
         2:5 in  0.007 10.244.2.10:4003 > 10.244.2.11:80 udp len=10";
    let snapshot = snapshot(&sightings(script), &["node-1", "node-2"]);
    insta::assert_snapshot!(flows(&snapshot), @"
    udp cart > store:80, client 1/0, server 0/0, Both, 1 connections, wire 1
    udp web > api:80, client 1/1, server 1/1, Both, 1 connections, wire 2
    udp web > cart:80, client 1/0, server 0/0, Both, 1 connections, wire 1
    ");
    insta::assert_snapshot!(connections(&snapshot), @"
    4000 to 80, client 1/1, server 1/1, Both
    4002 to 80, client 1/0, server 0/0, Both
    4003 to 80, client 1/0, server 0/0, Both
    ");
}

#[test]
fn a_connection_seen_between_and_at_an_interface_is_one() {
    let script = "0:0 in  0.000 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
         1:5 in  0.001 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
         0:0 in  0.002 10.244.1.10:4001 > 10.244.2.10:80 udp len=10";
    let snapshot = snapshot(&sightings(script), &["node-1"]);
    insta::assert_snapshot!(connections(&snapshot), @"
    4000 to 80, client 1/0, server 0/1, Client
    4001 to 80, client 1/0, server 0/1, Between
    ");
}

#[test]
fn what_is_ignored_is_in_no_connection() {
    let ignoring = SourceDeclaration {
        owners: [("9".into(), InterfaceOwner::Ignore)].into(),
        ..on_node(&"node-1")
    };
    let script = "1:5 in  0.000 10.244.1.10:4000 > 203.0.113.9:80 udp len=10
         1:9 out 0.001 10.244.1.10:4000 > 203.0.113.9:80 udp len=10
         1:9 in  0.002 203.0.113.9:5000 > 203.0.113.8:80 udp len=10";
    let snapshot = declared(&sightings(script), vec![ignoring]);
    insta::assert_snapshot!(flows(&snapshot), @"udp web > 203.0.113.9:80, client 1/0, server 0/1, Client, 1 connections, wire 1");
    insta::assert_snapshot!(connections(&snapshot), @"4000 to 80, client 1/0, server 0/1, Client");
}

#[test]
fn what_another_hop_sees_later_is_no_copy() {
    let first = (0..10)
        .map(|number| format!("1:5 in {number}.900 192.0.2.1:4000 > 192.0.2.2:443 udp len=10\n"));
    let other = (10..23)
        .map(|number| format!("1:6 out {number}.200 192.0.2.1:4000 > 192.0.2.2:443 udp len=20\n"));
    let script: String = first.chain(other).collect();
    insta::assert_snapshot!(check(&script, &["node-1"]), @"
    udp 192.0.2.1 > 192.0.2.2:443, client 23/0, server 0/23, Between, 1 connections, wire 23
    counted 23, copies 0
    ");
}

#[test]
fn a_connection_that_another_hop_takes_over_is_one_and_ends() {
    insta::assert_snapshot!(check_whole(
        "1:3 in   8.000 192.0.2.1:4000 > 192.0.2.2:443 S seq=1
         1:4 in  12.000 192.0.2.2:443 > 192.0.2.1:4000 SA seq=8 ack=2
         1:4 out 12.001 192.0.2.1:4000 > 192.0.2.2:443 A seq=2 ack=9
         1:4 out 12.002 192.0.2.1:4000 > 192.0.2.2:443 FA seq=2 ack=9
         1:4 in  12.003 192.0.2.2:443 > 192.0.2.1:4000 FA seq=9 ack=3
         1:4 out 30.000 192.0.2.1:4001 > 192.0.2.2:443 S seq=5
         1:4 in  30.001 192.0.2.2:443 > 192.0.2.1:4001 RA seq=0 ack=6",
    ), @"
    tcp 192.0.2.1 > 192.0.2.2:443, client 4/3, server 3/4, Between, 2 connections, wire 7
    closed
    ");
}

fn check_whole(script: &str) -> String {
    let snapshot = snapshot(&sightings(script), &["node-1"]);
    let state = |flow: &analyzer::flow::Flow| if flow.is_active() { "active" } else { "closed" };
    let states: Vec<&str> = snapshot.flows.iter().map(state).collect();
    format!("{}{}", flows(&snapshot), states.join(", "))
}

#[test]
fn a_flow_of_many_hops_is_settled_at_once() {
    // Each place sees one packet, in an interval of its own.
    let packet = |number: u32| Sighting {
        source: 1,
        interface: number,
        direction: Direction::Incoming,
        packet: parse(&format!(
            "{}.000 192.0.2.1:4000 > 192.0.2.2:443 udp len=10",
            number * 10
        ))
        .pop()
        .unwrap(),
    };
    let all: Vec<Sighting> = (1..=3_000).map(packet).collect();
    let snapshot = snapshot(&all, &["node-1"]);
    assert_eq!(snapshot.coverage.counted, 3_000);
}

/// A SYN of each number on one five-tuple, a tenth of a millisecond apart.
fn openings(count: usize, place: &str, delay: usize) -> String {
    let opening = |number: usize| {
        let micros = number * 100 + delay;
        format!(
            "{place} {}.{:06} 10.244.1.10:4000 > 10.244.1.11:80 S seq={number}\n",
            micros / 1_000_000,
            micros % 1_000_000,
        )
    };
    (1..=count).map(opening).collect()
}

#[test]
fn openings_on_one_five_tuple_are_matched_each_with_its_own() {
    let script = openings(3_000, "1:5 in", 0) + &openings(3_000, "1:6 out", 50);
    let mut all = sightings(&script);
    all.sort_by_key(|sighting| sighting.packet.nanos);
    // The second interface misses one.
    all.remove(2_001);
    let connections = connections_of(&snapshot(&all, &["node-1"]));
    assert_eq!(connections.len(), 3_000);
    let arrived = connections.iter().filter(|(_, arrived)| *arrived == 1);
    assert_eq!(arrived.count(), 2_999);
    assert_eq!(connections[1_000], (1, 0));
}

/// What each client sent and its server received.
fn connections_of(snapshot: &Snapshot) -> Vec<(u64, u64)> {
    let sent = |connection: &AttributedConnection| {
        let sent = |record: &ConnectionRecord| record.total.get(connection.client_side).packets;
        (
            sent(&connection.record),
            connection.at_server.as_ref().map_or(0, sent),
        )
    };
    snapshot.connections.iter().map(sent).collect()
}
