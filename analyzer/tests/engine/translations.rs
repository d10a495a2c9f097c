//! Connections seen before and after their addresses were translated.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use analyzer::engine::{Engine, Settings};
use analyzer::frame::{Direction, Origin};
use analyzer::query::view::{EndView, FlowView};
use analyzer::query::{Answer, Operation};
use analyzer::snapshot::Snapshot;
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::cluster_script::changes;
use crate::invariants::answers;
use crate::script::{Line, ask, ingest, ingest_at, parse, snapshot};

/// A service with one backend on each of two nodes.
pub(crate) const SHOP: &str = "
    node n1 ip=192.168.0.1 cidr=10.0.1.0/24
    node n2 ip=192.168.0.2 cidr=10.0.2.0/24
    pod shop/client uid=c ip=10.0.1.5 node=n1
    pod shop/web-1 uid=w1 ip=10.0.1.8 node=n1
    pod shop/web-2 uid=w2 ip=10.0.2.8 node=n2
    pod kube-system/dns-1 uid=d1 ip=10.0.1.9 node=n1
    pod kube-system/dns-2 uid=d2 ip=10.0.2.9 node=n2
    service shop/web ip=10.96.0.7 port=tcp/80+30080
    service shop/other ip=10.96.0.8 port=tcp/80
    service kube-system/dns ip=10.96.0.10 port=udp/53
    slice shop/web-x svc=web at=10.0.1.8#web-1 at=10.0.2.8#web-2 port=tcp/8080
    slice kube-system/dns-x svc=dns at=10.0.1.9#dns-1 at=10.0.2.9#dns-2 port=udp/5353";

/// A connection through the cluster's address, opened and answered.
pub(crate) const OPENED: &str = "
    1.0000 10.0.1.5:40000 > 10.96.0.7:80 S seq=100
    1.0001 10.0.1.5:40000 > 10.0.2.8:8080 S seq=100
    1.0010 10.0.2.8:8080 > 10.0.1.5:40000 SA seq=900 ack=101
    1.0011 10.96.0.7:80 > 10.0.1.5:40000 SA seq=900 ack=101";

pub(crate) fn engine(cluster: &str, packets: &[Line], settings: Settings) -> Engine {
    let mut engine = Engine::new(settings);
    for change in changes(cluster) {
        engine.apply(change);
    }
    for line in packets {
        ingest(&mut engine, line);
    }
    engine
}

fn seen(cluster: &str, packets: &str) -> Snapshot {
    snapshot(engine(cluster, &parse(packets), Settings::default()))
}

/// Flows and connections, a line each, in the order of their first packets.
fn told(cluster: &str, packets: &str) -> String {
    told_of(&snapshot(engine(cluster, &parse(packets), with_records())))
}

fn with_records() -> Settings {
    let mut settings = Settings::default();
    settings.limits.connection_records = 100;
    settings
}

fn told_of(snapshot: &Snapshot) -> String {
    assert!(snapshot.coverage.closes());
    let mut text = String::new();
    let asked = "format=full&sort=first_seen";
    if let Answer::Flows(view) = ask(snapshot, Operation::Flows, asked) {
        for flow in view.flows.iter().rev() {
            let _ = writeln!(
                text,
                "{}, {} connections",
                line(flow),
                flow.connections.unwrap()
            );
        }
    }
    if let Answer::Connections(view) = ask(snapshot, Operation::Connections, asked) {
        for connection in view.connections.iter().rev() {
            let port = connection.flow.client.port.unwrap();
            let _ = writeln!(text, "  from {port}: {}", line(&connection.flow));
        }
    }
    text
}

fn line(flow: &FlowView) -> String {
    let (client, server) = (&flow.client_stats, &flow.server_stats);
    let micros = |us: Option<u64>| us.map_or_else(|| "-".to_owned(), |us| us.to_string());
    format!(
        "{} > {}:{} by {:?}, sent {} got {}, sent back {} got {}, handshake {} {}",
        name(&flow.client),
        name(&flow.server),
        flow.server.port.unwrap(),
        flow.basis.unwrap(),
        client.tx_pkts,
        server.rx_pkts,
        server.tx_pkts,
        client.rx_pkts,
        micros(client.tcp_handshake_p50_us),
        micros(server.tcp_handshake_p50_us),
    )
}

fn name(end: &EndView) -> String {
    let named = end.pod.as_ref().or(end.node.as_ref());
    let address = || end.ip.unwrap().to_string();
    let name = named.map_or_else(address, ToString::to_string);
    match (&end.svc, end.svc_basis) {
        (Some(svc), Some(basis)) => format!("{name}({} {svc})", basis.name()),
        _ => name,
    }
}

/// Joins made and refused.
pub(crate) fn joins(cluster: &str, packets: &str) -> (u64, u64) {
    let counts = seen(cluster, packets).joins;
    (counts.made, counts.refused)
}

/// Through a node port the client becomes the node.
pub(crate) const NODE_PORT: &str = "
    1.000 203.0.113.9:50000 > 192.168.0.1:30080 S seq=1
    1.001 192.168.0.1:61000 > 10.0.2.8:8080 S seq=1
    1.002 10.0.2.8:8080 > 192.168.0.1:61000 SA seq=77 ack=2
    1.003 192.168.0.1:30080 > 203.0.113.9:50000 SA seq=77 ack=2";

#[test]
fn a_translated_client_is_told_by_the_sequence_numbers_of_both() {
    assert_eq!(joins(SHOP, NODE_PORT), (1, 0));
    assert_eq!(joins("", NODE_PORT), (0, 1), "no object explains it");
}

#[test]
fn before_counts_for_the_client_and_after_for_the_server() {
    let lost = "
        1.0000 10.0.1.5:40000 > 10.96.0.7:80 S seq=100
        1.0001 10.0.1.5:40000 > 10.0.2.8:8080 S seq=100
        1.0010 10.0.2.8:8080 > 10.0.1.5:40000 SA seq=900 ack=101
        1.0011 10.96.0.7:80 > 10.0.1.5:40000 SA seq=900 ack=101
        1.0020 10.0.1.5:40000 > 10.96.0.7:80 A seq=101 ack=901
        1.0021 10.0.1.5:40000 > 10.0.2.8:8080 A seq=101 ack=901
        1.0030 10.0.1.5:40000 > 10.96.0.7:80 A seq=101 ack=901 len=10";
    assert_snapshot!(told(SHOP, lost), @"
    client > web-2(called web):8080 by Syn, sent 3 got 2, sent back 1 got 1, handshake 1100 2000, 1 connections
      from 40000: client > web-2(called web):8080 by Syn, sent 3 got 2, sent back 1 got 1, handshake 1100 2000
    ");
    assert_snapshot!(told("", lost), @"
    10.0.1.5 > 10.0.2.8:8080 by Syn, sent 3 got 2, sent back 1 got 1, handshake 1100 2000, 1 connections
      from 40000: 10.0.1.5 > 10.0.2.8:8080 by Syn, sent 3 got 2, sent back 1 got 1, handshake 1100 2000
    ");
}

#[test]
fn calls_through_a_service_and_past_it_are_two_flows() {
    let past = "
        2.0 10.0.1.5:40001 > 10.0.2.8:8080 S seq=5
        2.1 10.0.2.8:8080 > 10.0.1.5:40001 SA seq=7 ack=6";
    assert_snapshot!(told(SHOP, &format!("{OPENED}{past}")), @"
    client > web-2(called web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 1100 -, 1 connections
    client > web-2(endpoint web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 100000 -, 1 connections
      from 40000: client > web-2(called web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 1100 -
      from 40001: client > web-2(endpoint web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 100000 -
    ");
}

#[test]
fn a_node_port_is_a_flow_from_outside_to_the_pod() {
    assert_snapshot!(told(SHOP, NODE_PORT), @"
    203.0.113.9 > web-2(called web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 3000 -, 1 connections
      from 50000: 203.0.113.9 > web-2(called web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 3000 -
    ");
}

/// Through a node port; the addresses are translated one after the other, which is seen too.
#[test]
fn what_was_seen_midway_is_of_the_flow_and_counts_once() {
    let syn = "1.0005 203.0.113.9:50000 > 10.0.2.8:8080 S seq=1";
    let answer = "1.0025 10.0.2.8:8080 > 203.0.113.9:50000 SA seq=77 ack=2";
    for midway in [syn.to_owned(), format!("{syn}\n{answer}")] {
        let late = format!("{NODE_PORT}\n{midway}");
        let mut in_order: Vec<&str> = late.lines().map(str::trim).collect();
        in_order.sort_unstable();
        for packets in [in_order.join("\n"), late] {
            assert_eq!(joins(SHOP, &packets), (1, 0));
            insta::allow_duplicates! {
                assert_snapshot!(told(SHOP, &packets), @"
                203.0.113.9 > web-2(called web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 3000 -, 1 connections
                  from 50000: 203.0.113.9 > web-2(called web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 3000 -
                ");
            }
        }
    }
}

#[test]
fn an_opening_that_crosses_an_interval_is_not_parted() {
    let late = NODE_PORT
        .replace("1.000 ", "9.999 ")
        .replace("1.001 ", "9.9995 ")
        .replace("1.002 ", "10.002 ")
        .replace("1.003 ", "10.003 ");
    assert_snapshot!(told(SHOP, &late), @"
    203.0.113.9 > web-2(called web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 4000 -, 1 connections
      from 50000: 203.0.113.9 > web-2(called web):8080 by Syn, sent 1 got 1, sent back 1 got 1, handshake 4000 -
    ");
}

#[test]
fn what_was_seen_before_translation_only_has_a_service_and_no_pod() {
    let before: Vec<&str> = OPENED.lines().filter(|l| l.contains("10.96")).collect();
    assert_snapshot!(told(SHOP, &before.join("\n")), @"
    client > 10.96.0.7(called web):80 by Syn, sent 1 got 1, sent back 1 got 1, handshake 1100 -, 1 connections
      from 40000: client > 10.96.0.7(called web):80 by Syn, sent 1 got 1, sent back 1 got 1, handshake 1100 -
    ");
}

#[test]
fn a_pod_that_leaves_the_cluster_is_the_client_and_not_its_node() {
    assert_snapshot!(told(SHOP, EGRESS), @"
    client > 203.0.113.9:443 by Syn, sent 1 got 1, sent back 1 got 1, handshake 3000 -, 1 connections
      from 50000: client > 203.0.113.9:443 by Syn, sent 1 got 1, sent back 1 got 1, handshake 3000 -
    ");
}

#[test]
fn older_connections_and_datagrams_are_flows_to_the_backend() {
    assert_snapshot!(told(SHOP, &format!("{OLDER}{QUERY}")), @"
    client > dns-1(called dns):5353 by ServicePort, sent 1 got 1, sent back 1 got 1, handshake - -, 1 connections
    client > web-2(called web):8080 by ServicePort, sent 1 got 1, sent back 1 got 1, handshake - -, 1 connections
      from 45000: client > dns-1(called dns):5353 by ServicePort, sent 1 got 1, sent back 1 got 1, handshake - -
      from 40000: client > web-2(called web):8080 by ServicePort, sent 1 got 1, sent back 1 got 1, handshake - -
    ");
}

/// The address of the service.
const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 7));

/// Captures of two nodes: the packets of each interface.
const SOURCES: [(u32, u32, &str); 3] =
    [(1, 1, "10.96.0.7"), (1, 2, "10.0.2.8"), (2, 1, "10.0.2.8")];

#[test]
fn a_connection_opened_before_another_capture_began_is_joined_too() {
    let opened = OPENED
        .replace("seq=900", "seq=69")
        .replace("seq=100", "seq=4999");
    let opened = opened.replace("ack=101", "ack=5000");
    let mut engine = engine(SHOP, &[], with_records());
    // Something else comes in by the first node's uplink.
    let other = "\n2.5 10.0.2.9:5353 > 10.0.1.5:45000 udp";
    let older = OLDER.replace("1.00", "2.00");
    let packets = parse(&format!("{opened}{older}{other}"));
    for line in &packets {
        for (source, interface, server) in SOURCES {
            let server = match line.flags {
                Some(_) => server.parse().unwrap(),
                None => line.source.ip(),
            };
            let is_here = [line.source.ip(), line.destination.ip()].contains(&server);
            // The first capture begins when the connection is open.
            let is_on = source == 2 && line.flags.is_some();
            if is_here && (is_on || source == 1 && line.nanos >= 2_000_000_000) {
                let outgoing = (line.source.ip() == server) == (source == 1 && interface == 1);
                let direction = if outgoing {
                    Direction::Outgoing
                } else {
                    Direction::Incoming
                };
                let origin = Origin {
                    source,
                    interface,
                    direction,
                };
                ingest_at(&mut engine, line, origin);
            }
        }
    }
    assert_snapshot!(told_of(&snapshot(engine)), @"
    client > web-2(called web):8080 by Syn, sent 1 got 2, sent back 2 got 1, handshake - 1000000, 1 connections
    client > dns-2(endpoint dns):5353 by ServicePort, sent 0 got 0, sent back 1 got 1, handshake - -, 1 connections
      from 40000: client > web-2(called web):8080 by ServicePort, sent 1 got 2, sent back 2 got 1, handshake - 1000000
      from 45000: client > dns-2(endpoint dns):5353 by ServicePort, sent 0 got 0, sent back 1 got 1, handshake - -
    ");
}

#[test]
fn openings_at_many_other_places_hide_none() {
    let told = |others: u32, first: bool| {
        let mut engine = engine(SHOP, &[], Settings::default());
        let at = |interface| Origin {
            source: 1,
            interface,
            direction: Direction::Incoming,
        };
        let scan = |engine: &mut Engine| {
            for n in 0..others {
                let syn = format!("0.5 10.0.2.9:{} > 10.0.1.9:53 S seq={n}", 1_000 + n);
                ingest_at(engine, &parse(&syn)[0], at(100 + n));
            }
        };
        let opened = parse("1.0 10.0.1.5:40000 > 10.96.0.7:80 S seq=4999");
        if first {
            scan(&mut engine);
        }
        ingest_at(&mut engine, &opened[0], at(1));
        if !first {
            scan(&mut engine);
        }
        for line in parse(OLDER) {
            let is_before = [line.source.ip(), line.destination.ip()].contains(&VIP);
            ingest_at(&mut engine, &line, at(if is_before { 2 } else { 3 }));
        }
        let text = told_of(&snapshot(engine));
        let flows = text.lines().filter(|line| line.contains("called web"));
        flows.map(str::to_owned).collect::<Vec<_>>()
    };
    let alone = told(0, true);
    assert_eq!(alone.len(), 1);
    assert_eq!(told(300, true), alone);
    assert_eq!(told(300, false), alone);
}

#[test]
fn a_refused_join_leaves_the_flows_apart() {
    let both = format!("{QUERY}\n1.002 10.0.1.5:45000 > 10.0.2.9:5353 udp len=30");
    assert_snapshot!(told(SHOP, &both), @"
    client > 10.96.0.10(called dns):53 by ServicePort, sent 1 got 1, sent back 1 got 1, handshake - -, 1 connections
    client > dns-1(endpoint dns):5353 by ServicePort, sent 1 got 1, sent back 1 got 1, handshake - -, 1 connections
    client > dns-2(endpoint dns):5353 by ServicePort, sent 1 got 1, sent back 0 got 0, handshake - -, 1 connections
      from 45000: client > 10.96.0.10(called dns):53 by ServicePort, sent 1 got 1, sent back 1 got 1, handshake - -
      from 45000: client > dns-1(endpoint dns):5353 by ServicePort, sent 1 got 1, sent back 1 got 1, handshake - -
      from 45000: client > dns-2(endpoint dns):5353 by ServicePort, sent 1 got 1, sent back 0 got 0, handshake - -
    ");
}

/// A pod that calls the world, with its own address and with its node's.
pub(crate) const EGRESS: &str = "
    1.000 10.0.1.5:50000 > 203.0.113.9:443 S seq=1
    1.001 192.168.0.1:50000 > 203.0.113.9:443 S seq=1
    1.002 203.0.113.9:443 > 192.168.0.1:50000 SA seq=77 ack=2
    1.003 203.0.113.9:443 > 10.0.1.5:50000 SA seq=77 ack=2";

/// Open before the capture began.
pub(crate) const OLDER: &str = "
    1.0000 10.0.1.5:40000 > 10.96.0.7:80 A seq=5000 ack=70 len=100
    1.0001 10.0.1.5:40000 > 10.0.2.8:8080 A seq=5000 ack=70 len=100
    1.0010 10.0.2.8:8080 > 10.0.1.5:40000 A seq=70 ack=5100 len=900
    1.0011 10.96.0.7:80 > 10.0.1.5:40000 A seq=70 ack=5100 len=900";

/// A query through the service's address.
pub(crate) const QUERY: &str = "
    1.0000 10.0.1.5:45000 > 10.96.0.10:53 udp len=30
    1.0001 10.0.1.5:45000 > 10.0.1.9:5353 udp len=30
    1.0010 10.0.1.9:5353 > 10.0.1.5:45000 udp len=90
    1.0011 10.96.0.10:53 > 10.0.1.5:45000 udp len=90";

/// Conversations of all kinds, each from ports of its own, in order of time. Clocks are coarse:
/// many packets are of one time.
fn conversations() -> impl Strategy<Value = Vec<Line>> {
    let kinds = prop::sample::select(vec![OPENED, NODE_PORT, EGRESS, OLDER, QUERY]);
    prop::collection::vec((kinds, 0..20_u64), 1..6).prop_map(|conversations| {
        let mut all = Vec::new();
        for (number, (script, tenths)) in (0..).zip(conversations) {
            let mut lines = parse(script);
            for line in &mut lines {
                line.nanos = line.nanos / 1_000_000_000 * 1_000_000_000 + tenths * 100_000_000;
                for end in [&mut line.source, &mut line.destination] {
                    if end.port() >= 40_000 {
                        end.set_port(end.port() + number);
                    }
                }
                line.seq += u32::from(number) * 10_000;
                line.ack += u32::from(number) * 10_000;
            }
            all.append(&mut lines);
        }
        all.sort_by_key(|line| line.nanos);
        all
    })
}

/// What passed of one five-tuple stays in order.
fn five_tuple(line: &Line) -> (bool, std::net::SocketAddr, std::net::SocketAddr) {
    let (a, b) = (line.source, line.destination);
    (line.flags.is_some(), a.min(b), a.max(b))
}

proptest! {
    #[test]
    fn packets_of_one_time_may_come_in_any_order(
        lines in conversations(), turn in 0..1000_u64,
    ) {
        let mut turned = lines.clone();
        let place = |line: &Line| {
            let (_, a, b) = five_tuple(line);
            let mixed = u64::from(a.port()) * 31 + u64::from(b.port());
            let octets = format!("{a}{b}").bytes().map(u64::from).sum::<u64>();
            (mixed + octets * 7).wrapping_mul(turn * 2 + 1) % 101
        };
        turned.sort_by_key(|line| (line.nanos, place(line)));
        let answers = |lines: &[Line]| answers(engine(SHOP, lines, with_records()));
        prop_assert_eq!(answers(&lines), answers(&turned));
    }
}
