//! Hops: the same packets seen at several interfaces, counted once at each end.
//!
//! A sighting is a packet of a script behind the place where it was seen: `1:5 in 0.000 …` is
//! interface 5 of source 1, coming in; interface 0 is that of a capture that tells none.

use analyzer::engine::{Engine, Settings};
use analyzer::frame::{Direction, Frame, LinkType, Offload, Origin};
use analyzer::hop::declaration::{SourceDeclaration, TakenAt};
use analyzer::query::Answer;
use analyzer::query::Operation;
use analyzer::skip::SkipReason;
use analyzer::snapshot::{Provenance, Snapshot};
use analyzer::time::Timestamp;

use crate::cluster_script::changes;
use crate::script::{Line, ask, parse, provenance};

mod asked;
mod coarse;
mod connections;
mod journeys;
mod parallel;
mod repeats;
mod ring;
mod within;

/// Two nodes with two pods each: web and api on node-1, cart and store on node-2.
const CLUSTER: &str = "
    node node-1 ip=10.0.0.11 cidr=10.244.1.0/24
    node node-2 ip=10.0.0.12 cidr=10.244.2.0/24
    pod shop/web ip=10.244.1.10 node=node-1
    pod shop/api ip=10.244.1.11 node=node-1
    pod shop/cart ip=10.244.2.10 node=node-2
    pod shop/store ip=10.244.2.11 node=node-2";

/// A packet at a place.
#[derive(Clone, Debug)]
struct Sighting {
    source: u32,
    interface: u32,
    direction: Direction,
    packet: Line,
}

fn sightings(script: &str) -> Vec<Sighting> {
    let lines = script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let sighting = |line: &str| {
        let (place, rest) = line.split_once(' ')?;
        let (direction, packet) = rest.trim_start().split_once(' ')?;
        let (source, interface) = place.split_once(':')?;
        Some(Sighting {
            source: source.parse().ok()?,
            interface: interface.parse().ok()?,
            direction: match direction {
                "in" => Direction::Incoming,
                "out" => Direction::Outgoing,
                _ => return None,
            },
            packet: parse(packet).pop()?,
        })
    };
    lines
        .map(|line| sighting(line).unwrap_or_else(|| panic!("not a sighting: {line}")))
        .collect()
}

/// What `tcpdump -i any` writes of it; source 0 is a tap between the ends.
fn ingest(engine: &mut Engine, sighting: &Sighting) {
    let packet_type = match sighting.direction {
        Direction::Outgoing => 4,
        Direction::Incoming | Direction::Unknown => 3,
    };
    let mut octets = vec![8, 0, 0, 0];
    octets.extend(sighting.interface.to_be_bytes());
    octets.extend([0, 1, packet_type, 6, 0, 0, 0, 0, 0, 0, 0, 0]);
    octets.extend(sighting.packet.octets());
    let link = match (sighting.source, sighting.interface) {
        (0, _) | (_, 0) => LinkType::RAW,
        _ => LinkType::LINUX_SLL2,
    };
    if link == LinkType::RAW {
        octets = sighting.packet.octets();
    }
    engine.ingest(&Frame {
        time: Timestamp::from_nanos(sighting.packet.nanos),
        link,
        original_len: u32::try_from(octets.len()).unwrap(),
        offload: sighting.packet.offload,
        data: &octets,
        origin: Origin {
            source: sighting.source,
            ..Origin::default()
        },
    });
}

/// What is known when sources 1, 2, … were taken on these nodes.
fn snapshot(sightings: &[Sighting], nodes: &[&str]) -> Snapshot {
    declared(sightings, nodes.iter().map(on_node).collect())
}

fn on_node(node: &&str) -> SourceDeclaration {
    SourceDeclaration {
        name: format!("{node}.pcap"),
        at: TakenAt::Node((*node).into()),
        ..SourceDeclaration::default()
    }
}

/// What is known when this is declared of sources 1, 2, ….
fn declared(sightings: &[Sighting], sources: Vec<SourceDeclaration>) -> Snapshot {
    of_cluster(CLUSTER, sightings, sources)
}

/// The same, of another cluster.
fn of_cluster(cluster: &str, sightings: &[Sighting], sources: Vec<SourceDeclaration>) -> Snapshot {
    let mut settings = Settings::default();
    settings.limits.connection_records = 100_000;
    let mut engine = Engine::new(settings);
    for change in changes(cluster) {
        engine.apply(change);
    }
    for sighting in sightings {
        ingest(&mut engine, sighting);
    }
    let between = std::iter::once(SourceDeclaration::default());
    engine.into_snapshot(Provenance {
        sources: between.chain(sources).collect(),
        ..provenance()
    })
}

/// A line a flow: what each end sent and received.
fn flows(snapshot: &Snapshot) -> String {
    let Answer::Flows(view) = ask(snapshot, Operation::Flows, "format=full&limit=1000") else {
        panic!("flows were asked for");
    };
    let end = |end: &analyzer::query::view::EndView| {
        end.pod
            .as_ref()
            .map_or_else(|| end.ip.unwrap().to_string(), ToString::to_string)
    };
    let line = |flow: &analyzer::query::view::FlowView| {
        let (client, server) = (&flow.client_stats, &flow.server_stats);
        format!(
            "{} {} > {}:{}, client {}/{}, server {}/{}, {:?}, {} connections, wire {}\n",
            flow.proto,
            end(&flow.client),
            end(&flow.server),
            flow.server.port.unwrap(),
            client.tx_pkts,
            client.rx_pkts,
            server.tx_pkts,
            server.rx_pkts,
            flow.observed.unwrap(),
            flow.connections.unwrap(),
            flow.wire.as_ref().unwrap().pkts,
        )
    };
    let mut lines: Vec<String> = view.flows.iter().map(line).collect();
    lines.sort_unstable();
    lines.concat()
}

fn check(script: &str, nodes: &[&str]) -> String {
    let snapshot = snapshot(&sightings(script), nodes);
    let coverage = &snapshot.coverage;
    assert!(coverage.closes(), "{coverage:?}");
    let (counted, copies) = (coverage.counted, coverage.copies);
    let warnings: String = snapshot.warnings.iter().map(|w| format!("{w}\n")).collect();
    format!(
        "{}counted {counted}, copies {copies}\n{warnings}",
        flows(&snapshot)
    )
}

#[test]
fn each_end_counts_at_its_own_interface_and_loss_between_shows() {
    insta::assert_snapshot!(check(
        "1:5 in  0.000 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 out 0.000 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:5 in  0.100 10.244.1.10:4000 > 10.244.1.11:80 udp len=11
         1:5 in  0.200 10.244.1.10:4000 > 10.244.1.11:80 udp len=12
         1:6 out 0.200 10.244.1.10:4000 > 10.244.1.11:80 udp len=12
         1:6 in  0.300 10.244.1.11:80 > 10.244.1.10:4000 udp len=13
         1:5 out 0.300 10.244.1.11:80 > 10.244.1.10:4000 udp len=13",
        &["node-1"],
    ), @"
    udp web > api:80, client 3/1, server 1/2, Both, 1 connections, wire 4
    counted 7, copies 0
    ");
}

#[test]
fn nothing_at_a_covered_end_is_loss() {
    insta::assert_snapshot!(check(
        "1:5 in  0.000 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
         1:2 out 0.001 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
         2:2 in  0.002 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
         2:7 in  0.003 10.244.2.11:4000 > 10.244.1.10:81 udp len=10",
        &["node-1", "node-2"],
    ), @"
    udp store > web:81, client 1/0, server 0/0, Both, 1 connections, wire 1
    udp web > cart:80, client 1/0, server 0/0, Both, 1 connections, wire 1
    counted 2, copies 2
    ");
}

#[test]
fn an_end_that_was_not_captured_mirrors_the_other_one() {
    insta::assert_snapshot!(check(
        "1:5 in  0.000 10.244.1.10:4000 > 203.0.113.9:443 S seq=1
         1:2 out 0.001 10.244.1.10:4000 > 203.0.113.9:443 S seq=1
         1:2 in  0.010 203.0.113.9:443 > 10.244.1.10:4000 SA seq=8 ack=2
         1:5 out 0.011 203.0.113.9:443 > 10.244.1.10:4000 SA seq=8 ack=2",
        &["node-1"],
    ), @"
    tcp web > 203.0.113.9:443, client 1/1, server 1/1, Client, 1 connections, wire 2
    counted 2, copies 2
    ");
}

#[test]
fn without_a_cluster_the_hop_that_saw_it_first_stands_for_both_ends() {
    insta::assert_snapshot!(check(
        "1:5 in  9.999 192.0.2.1:4000 > 192.0.2.2:443 udp len=10
         1:6 out 10.001 192.0.2.1:4000 > 192.0.2.2:443 udp len=10
         1:5 in  10.500 192.0.2.1:4000 > 192.0.2.2:443 udp len=11
         1:6 out 10.501 192.0.2.1:4000 > 192.0.2.2:443 udp len=11",
        &["node-1"],
    ), @"
    udp 192.0.2.1 > 192.0.2.2:443, client 2/0, server 0/2, Between, 1 connections, wire 2
    counted 2, copies 2
    ");
}

#[test]
fn a_packet_that_arrives_in_the_next_interval_is_on_the_wire_once() {
    insta::assert_snapshot!(check(
        "1:5 in  9.999 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 out 10.001 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 in  10.002 10.244.1.11:80 > 10.244.1.10:4000 udp len=11
         1:5 out 10.003 10.244.1.11:80 > 10.244.1.10:4000 udp len=11",
        &["node-1"],
    ), @"
    udp web > api:80, client 1/1, server 1/1, Both, 1 connections, wire 2
    counted 4, copies 0
    ");
}

/// Two captures of the ways out of two nodes.
#[test]
fn a_packet_that_another_node_sees_in_the_next_interval_counts_once_at_each_end() {
    let nodes = ["node-1", "node-2"];
    insta::assert_snapshot!(check(
        "1:0 out 9.9999 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
         2:0 in 10.0001 10.244.1.10:4000 > 10.244.2.10:80 udp len=10",
        &nodes,
    ), @"
    udp web > cart:80, client 1/0, server 0/1, Both, 1 connections, wire 1
    counted 2, copies 0
    ");
    // The second node's clock is ahead, and behind.
    for (one, other) in [(9.98, 10.01), (10.01, 9.98)] {
        let seen = |node: &str, from: f64| {
            format!(
                "{node} in {:.4} 10.244.1.10:4000 > 10.244.2.10:80 S seq=1
                 {node} in {:.4} 10.244.2.10:80 > 10.244.1.10:4000 SA seq=8 ack=2
                 {node} in {:.4} 10.244.1.10:4000 > 10.244.2.10:80 FA seq=2 ack=9
                 {node} in {:.4} 10.244.2.10:80 > 10.244.1.10:4000 FA seq=9 ack=3\n",
                from,
                from + 0.001,
                from + 0.002,
                from + 0.003,
            )
        };
        let script = seen("1:0", one) + &seen("2:0", other);
        insta::allow_duplicates! {
            let told = check(&script, &nodes);
            insta::assert_snapshot!(told[..told.find("node-").unwrap()], @"
            tcp web > cart:80, client 2/2, server 2/2, Both, 1 connections, wire 4
            counted 8, copies 0
            ");
        }
    }
}

#[test]
fn an_interface_that_shows_one_direction_only_covers_no_other() {
    insta::assert_snapshot!(check(
        "1:5 in  0.000 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 out 0.001 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 in  0.002 10.244.1.11:80 > 10.244.1.10:4000 udp len=11",
        &["node-1"],
    ), @"
    udp web > api:80, client 1/1, server 1/1, Both, 1 connections, wire 2
    counted 3, copies 0
    node-1.pcap: interface 5: shows only what its pod sends; what it receives is counted elsewhere: capture inside the pod (live: --in-pod-namespaces), or on the node's way out
    ");
}

#[test]
fn addresses_of_a_link_are_those_of_the_machine_that_shows_them() {
    insta::assert_snapshot!(check(
        "1:1 in 0.000 127.0.0.1:4000 > 127.0.0.1:80 udp len=10
         2:1 in 0.001 127.0.0.1:4000 > 127.0.0.1:80 udp len=10
         2:1 in 0.002 127.0.0.1:4000 > 127.0.0.1:80 udp len=10",
        &["node-1", "node-2"],
    ), @"
    udp 127.0.0.1 > 127.0.0.1:80, client 1/0, server 0/1, Between, 1 connections, wire 1
    udp 127.0.0.1 > 127.0.0.1:80, client 2/0, server 0/2, Between, 1 connections, wire 2
    counted 3, copies 0
    ");
}

#[test]
fn clocks_that_disagree_are_told_and_not_corrected() {
    insta::assert_snapshot!(check(
        "1:5 in  0.000 10.244.1.10:4000 > 10.244.2.10:80 S seq=1
         2:6 out 5.001 10.244.1.10:4000 > 10.244.2.10:80 S seq=1
         2:6 in  5.002 10.244.2.10:80 > 10.244.1.10:4000 SA seq=8 ack=2
         1:5 out 0.003 10.244.2.10:80 > 10.244.1.10:4000 SA seq=8 ack=2",
        &["node-1", "node-2"],
    ), @"
    tcp web > cart:80, client 1/1, server 1/1, Both, 1 connections, wire 2
    counted 4, copies 0
    node-2.pcap: its clock is about 5000 ms ahead of node-1.pcap: times and rates across them are that far off, and packets may count twice where a flow begins or ends: set one right (editcap -t)
    ");
}

#[test]
fn captures_that_do_not_begin_together_have_clocks_that_agree() {
    insta::assert_snapshot!(check(
        "1:5 in  0.000 10.244.1.10:4000 > 10.244.2.10:80 S seq=1
         1:5 out 0.003 10.244.2.10:80 > 10.244.1.10:4000 SA seq=8 ack=2
         1:5 in  5.000 10.244.1.10:4001 > 10.244.2.10:80 S seq=51
         2:6 out 5.001 10.244.1.10:4001 > 10.244.2.10:80 S seq=51
         2:6 in  5.002 10.244.2.10:80 > 10.244.1.10:4001 SA seq=58 ack=52
         1:5 out 5.003 10.244.2.10:80 > 10.244.1.10:4001 SA seq=58 ack=52",
        &["node-1", "node-2"],
    ), @"
    tcp web > cart:80, client 2/2, server 1/1, Both, 2 connections, wire 4
    counted 6, copies 0
    ");
}

#[test]
fn a_fragment_of_nothing_makes_no_place_but_its_own() {
    let mut settings = Settings::default();
    settings.limits.places = 2;
    let mut engine = Engine::new(settings);
    let mut fragment = parse("1 10.0.1.5:1 > 10.0.2.8:2 udp len=30")[0].octets();
    fragment[7] = 3;
    let octets = [
        vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0],
        fragment,
    ]
    .concat();
    engine.ingest(&Frame {
        time: Timestamp::default(),
        link: LinkType::LINUX_SLL,
        original_len: u32::try_from(octets.len()).unwrap(),
        offload: Offload::Unknown,
        data: &octets,
        origin: Origin {
            source: 1,
            ..Origin::default()
        },
    });
    let coverage = engine.into_snapshot(provenance()).coverage;
    let skipped = coverage.skipped().find(|(_, frames)| *frames > 0);
    assert_eq!(skipped, Some((SkipReason::Fragment, 1)));
    assert_eq!(coverage.evicted, 0);
}

/// The card cuts at the uplink what the pod's interface showed in one piece: copies are as many as
/// passed there, and the sums close.
#[test]
fn a_frame_that_is_cut_on_the_way_is_as_many_copies_as_it_became() {
    insta::assert_snapshot!(check(
        "1:5 in 0 10.244.1.10:40000 > 10.244.2.10:80 S gso=none
        1:2 out 0 10.244.1.10:40000 > 10.244.2.10:80 S gso=none
        1:5 in 1 10.244.1.10:40000 > 10.244.2.10:80 A len=2500 gso=1000
        1:2 out 1 10.244.1.10:40000 > 10.244.2.10:80 A len=2500 gso=1000
        2:2 in 1 10.244.1.10:40000 > 10.244.2.10:80 A len=2000 gso=1000
        2:2 in 1 10.244.1.10:40000 > 10.244.2.10:80 A len=500 gso=none
        2:7 out 1 10.244.1.10:40000 > 10.244.2.10:80 A len=2500 gso=1000",
        &["node-1", "node-2"],
    ), @"
    tcp web > cart:80, client 4/0, server 0/3, Both, 1 connections, wire 4
    counted 7, copies 7
    ");
}
