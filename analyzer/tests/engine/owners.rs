//! Addresses that change their owners while packets pass.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

use analyzer::cluster::{Change, Directory};
use analyzer::engine::{Engine, Settings};
use analyzer::flow::FlowEnd;
use analyzer::query::view::{ConnectionView, EndView, FlowView};
use analyzer::query::{Answer, Operation};
use analyzer::snapshot::Snapshot;
use analyzer::time::Timestamp;
use analyzer::traffic::IntervalIndex;
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::cluster_script::changes;
use crate::invariants::{answers, lines};
use crate::script::{Line, ask, ingest, parse, snapshot};

/// Pod `a` dies, and `b` gets its address six seconds later.
const REUSE: &str = "
    pod shop/client uid=c ip=10.0.0.1
    @1 pod shop/a uid=a ip=10.0.0.2 start=0
    @14 -pod shop/a uid=a ip=10.0.0.2 start=0
    @20 pod shop/b uid=b ip=10.0.0.2 start=18";

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.limits.connection_records = 1_000;
    settings
}

/// An engine that is told the cluster before the packets.
fn knowing(cluster: &str, packets: &str) -> Snapshot {
    let mut engine = Engine::new(settings());
    tell(&mut engine, &changes(cluster));
    send(&mut engine, &parse(packets));
    snapshot(engine)
}

fn tell<'c>(engine: &mut Engine, changes: impl IntoIterator<Item = &'c Change>) {
    for change in changes {
        engine.apply(change.clone());
    }
}

fn send(engine: &mut Engine, lines: &[Line]) {
    for line in lines {
        ingest(engine, line);
    }
}

/// Gives an engine one packet, and has it counted before anything else is told.
fn count(engine: &mut Engine, line: &Line) {
    ingest(engine, line);
    engine.expire(Timestamp::MIN);
}

/// Flows and connections, a line each, with the names of their ends.
fn named(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for flow in flows(snapshot, "format=full&sort=first_seen").iter().rev() {
        let _ = writeln!(
            text,
            "{}, {} connections, {:?}",
            ends(flow),
            flow.connections.unwrap(),
            flow.state.unwrap()
        );
    }
    for connection in connections(snapshot).iter().rev() {
        let end = connection
            .end_reason
            .map_or_else(|| "open".to_owned(), |reason| format!("{reason:?}"));
        let _ = writeln!(text, "  {}, {end}", ends(&connection.flow));
    }
    text
}

fn flows(snapshot: &Snapshot, parameters: &str) -> Vec<FlowView> {
    let Answer::Flows(view) = ask(snapshot, Operation::Flows, parameters) else {
        panic!("flows were asked for");
    };
    view.flows
}

fn connections(snapshot: &Snapshot) -> Vec<ConnectionView> {
    let Answer::Connections(view) = ask(snapshot, Operation::Connections, "sort=first_seen") else {
        panic!("connections were asked for");
    };
    view.connections
}

fn ends(flow: &FlowView) -> String {
    let (client, server) = (&flow.client_stats, &flow.server_stats);
    format!(
        "{} > {}:{} by {:?}, {} out {} back",
        name(&flow.client),
        name(&flow.server),
        flow.server.port.unwrap(),
        flow.basis.unwrap(),
        client.tx_pkts,
        server.tx_pkts,
    )
}

fn name(end: &EndView) -> String {
    let named = end.pod.as_ref().or(end.node.as_ref());
    let name = named.map_or_else(|| format!("{:?}", end.kind.unwrap()), ToString::to_string);
    match &end.svc {
        Some(svc) => format!("{name}({svc})"),
        None => name,
    }
}

#[test]
fn a_five_tuple_used_again_within_an_interval_is_two_flows() {
    let snapshot = knowing(
        REUSE,
        "11 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         12 10.0.0.2:80 > 10.0.0.1:40000 SA seq=5 ack=2
         13 10.0.0.1:40000 > 10.0.0.2:80 A len=10
         16 10.0.0.1:40000 > 10.0.0.2:80 A len=10
         18.5 10.0.0.1:40000 > 10.0.0.2:80 S seq=9
         18.6 10.0.0.2:80 > 10.0.0.1:40000 SA seq=7 ack=10
         19 10.0.0.1:40000 > 10.0.0.2:80 A len=10
         19.5 10.0.0.2:80 > 10.0.0.1:40000 R",
    );
    assert_snapshot!(named(&snapshot), @"
    client > a:80 by Syn, 2 out 1 back, 1 connections, Closed
    client > Unresolved:80 by Syn, 1 out 0 back, 1 connections, Closed
    client > b:80 by Syn, 2 out 2 back, 1 connections, Closed
      client > a:80 by Syn, 2 out 1 back, OwnerChanged
      client > Unresolved:80 by Syn, 1 out 0 back, OwnerChanged
      client > b:80 by Syn, 2 out 2 back, Rst
    ");
}

#[test]
fn a_connection_that_stays_open_is_one_of_each_owner() {
    let cluster = "
        pod shop/peer uid=p ip=10.0.0.1
        pod shop/a uid=a ip=10.0.0.2
        @15 -pod shop/a uid=a ip=10.0.0.2
        @15 pod shop/b uid=b ip=10.0.0.2";
    let packets = "
        1 10.0.0.2:40000 > 10.0.0.1:80 S seq=1
        14 10.0.0.2:40000 > 10.0.0.1:80 A len=10
        16 10.0.0.2:40000 > 10.0.0.1:80 A len=10
        17 10.0.0.1:80 > 10.0.0.2:40000 A len=10";
    assert_snapshot!(named(&knowing(cluster, packets)), @"
    a > peer:80 by Syn, 2 out 0 back, 1 connections, Closed
    b > peer:80 by Syn, 1 out 1 back, 1 connections, Active
      a > peer:80 by Syn, 2 out 0 back, OwnerChanged
      b > peer:80 by Syn, 1 out 1 back, open
    ");
}

#[test]
fn an_address_that_loses_its_owner_closes_its_connections() {
    let cluster = "pod shop/a uid=a ip=10.0.0.2\n@15 -pod shop/a uid=a ip=10.0.0.2";
    let packets = "
        1 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
        2 10.0.0.1:40000 > 10.0.0.2:53 udp
        20 10.0.0.1:40000 > 10.0.0.3:80 S seq=1";
    assert_snapshot!(named(&knowing(cluster, packets)), @"
    External > a:80 by Syn, 1 out 0 back, 1 connections, Closed
    External > a:53 by Port, 1 out 0 back, 1 connections, Closed
    External > External:80 by Syn, 1 out 0 back, 1 connections, Active
      External > a:80 by Syn, 1 out 0 back, OwnerChanged
      External > a:53 by Port, 1 out 0 back, OwnerChanged
      External > External:80 by Syn, 1 out 0 back, open
    ");
    let packets = "
        1 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
        14 10.0.0.1:40000 > 10.0.0.3:80 S seq=1";
    assert_snapshot!(named(&knowing(cluster, packets)), @"
    External > a:80 by Syn, 1 out 0 back, 1 connections, Active
    External > External:80 by Syn, 1 out 0 back, 1 connections, Active
      External > a:80 by Syn, 1 out 0 back, open
      External > External:80 by Syn, 1 out 0 back, open
    ");
}

#[test]
fn silence_before_the_change_is_a_timeout() {
    let cluster = "pod shop/a uid=a ip=10.0.0.2\n@100 -pod shop/a uid=a ip=10.0.0.2";
    let packets = "
        1 10.0.0.1:40000 > 10.0.0.2:53 udp
        110 10.0.0.1:40000 > 10.0.0.2:53 udp";
    assert_snapshot!(named(&knowing(cluster, packets)), @"
    External > a:53 by Port, 1 out 0 back, 1 connections, Closed
    External > Unresolved:53 by Port, 1 out 0 back, 1 connections, Active
      External > a:53 by Port, 1 out 0 back, Timeout
      External > Unresolved:53 by Port, 1 out 0 back, open
    ");
}

#[test]
fn a_packet_out_of_order_counts_for_the_owner_of_its_time() {
    let packets = "
        13 10.0.0.1:40000 > 10.0.0.2:53 udp
        18.1 10.0.0.1:40000 > 10.0.0.2:53 udp
        13.9 10.0.0.2:53 > 10.0.0.1:40000 udp
        18.2 10.0.0.2:53 > 10.0.0.1:40000 udp";
    assert_snapshot!(named(&knowing(REUSE, packets)), @"
    client > a:53 by Port, 1 out 1 back, 2 connections, Closed
    client > b:53 by Port, 1 out 1 back, 2 connections, Active
      client > a:53 by Port, 1 out 0 back, OwnerChanged
      client > a:53 by Port, 0 out 1 back, OwnerChanged
      client > b:53 by Port, 1 out 0 back, OwnerChanged
      client > b:53 by Port, 0 out 1 back, open
    ");
}

#[test]
fn a_change_of_services_or_labels_ends_nothing() {
    let cluster = "
        pod shop/a uid=a ip=10.0.0.2
        service shop/web ip=10.96.0.1 port=tcp/80
        service shop/all port=tcp/80
        @12 slice shop/1 svc=all at=10.0.0.2#a port=tcp/80
        @15 slice shop/2 svc=web at=10.0.0.2#a port=tcp/80
        @18 -slice shop/2 svc=web at=10.0.0.2#a port=tcp/80
        @18 ~pod shop/a uid=a ip=10.0.0.2 container=c2";
    let packets = "
        11 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
        13 10.0.0.1:40000 > 10.0.0.2:80 A len=10
        16 10.0.0.1:40000 > 10.0.0.2:80 A len=10
        23 10.0.0.1:40000 > 10.0.0.2:80 A len=10";
    assert_snapshot!(named(&knowing(cluster, packets)), @"
    External > a(web):80 by Syn, 4 out 0 back, 1 connections, Active
      External > a(all):80 by Syn, 4 out 0 back, open
    ");
}

/// Each address is looked up once, not once for every other one: that would take minutes.
#[test]
fn a_pod_of_thousands_of_addresses_is_one_idle_row() {
    let addresses: String = (0..20_000)
        .map(|n| format!(" ip=10.9.{}.{}", n / 250, n % 250 + 1))
        .collect();
    let cluster = format!("pod shop/many uid=m{addresses}");
    let snapshot = knowing(&cluster, "1.0 10.0.0.1:4000 > 10.0.0.2:80 S");
    let Answer::Workloads(view) = ask(&snapshot, Operation::Workloads, "state=idle") else {
        panic!("workloads were asked for");
    };
    let rows = view.workloads.iter().map(|row| row.end.pod.as_deref());
    assert_eq!(rows.collect::<Vec<_>>(), [Some("many")]);
}

#[test]
fn a_port_that_goes_from_pod_to_pod_ends_the_connections_to_it() {
    let cluster = "
        node n1 ip=192.168.0.1
        pod kube-system/old uid=o net=host ip=192.168.0.1 node=n1 hostport=udp/53
        @15 -pod kube-system/old uid=o net=host ip=192.168.0.1 node=n1 hostport=udp/53
        @15 pod kube-system/new uid=n net=host ip=192.168.0.1 node=n1 hostport=udp/53
        @15 service shop/web ip=10.96.0.1 port=tcp/80+30080";
    let packets = "
        11 10.0.0.1:40000 > 192.168.0.1:53 udp
        12 10.0.0.1:40000 > 192.168.0.1:22 S seq=1
        13 10.0.0.1:40001 > 192.168.0.1:30080 S seq=1
        16 10.0.0.1:40000 > 192.168.0.1:53 udp
        17 10.0.0.1:40000 > 192.168.0.1:22 A len=10
        18 10.0.0.1:40001 > 192.168.0.1:30080 A len=10";
    assert_snapshot!(named(&knowing(cluster, packets)), @"
    External > old:53 by Port, 1 out 0 back, 1 connections, Closed
    External > n1:22 by Syn, 2 out 0 back, 1 connections, Active
    External > n1:30080 by Syn, 1 out 0 back, 1 connections, Closed
    External > new:53 by Port, 1 out 0 back, 1 connections, Active
    External > Service(web):30080 by Syn, 1 out 0 back, 1 connections, Active
      External > old:53 by Port, 1 out 0 back, OwnerChanged
      External > n1:22 by Syn, 2 out 0 back, open
      External > n1:30080 by Syn, 1 out 0 back, OwnerChanged
      External > new:53 by Port, 1 out 0 back, open
      External > Service(web):30080 by Syn, 1 out 0 back, open
    ");
}

#[test]
fn a_change_told_late_is_one_of_each_owner_in_the_flows() {
    let cluster = "
        pod shop/peer uid=p ip=10.0.0.1
        pod shop/a uid=a ip=10.0.0.2
        @20 -pod shop/a uid=a ip=10.0.0.2
        @20 pod shop/b uid=b ip=10.0.0.2";
    let packets = parse(
        "1 10.0.0.2:40000 > 10.0.0.1:80 S seq=1
         14 10.0.0.2:40000 > 10.0.0.1:80 A len=10
         26 10.0.0.2:40000 > 10.0.0.1:80 A len=10
         37 10.0.0.1:80 > 10.0.0.2:40000 A len=10",
    );
    for told in 0..=packets.len() {
        let mut engine = Engine::new(settings());
        for (place, line) in packets.iter().enumerate() {
            if place == told {
                tell(&mut engine, &changes(cluster));
            }
            count(&mut engine, line);
        }
        if told == packets.len() {
            tell(&mut engine, &changes(cluster));
        }
        let text = named(&snapshot(engine));
        let flows: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
        // What has gone on when it is told ends then, and what goes on from there is another one.
        let connections = if told == 3 { 2 } else { 1 };
        let b = format!("b > peer:80 by Syn, 1 out 1 back, {connections} connections, Active");
        assert_eq!(
            flows,
            [
                "a > peer:80 by Syn, 2 out 0 back, 1 connections, Closed",
                &b,
            ],
            "told before packet {told}"
        );
    }
}

/// The API server may be away for long after a node began to count.
#[test]
fn a_change_told_hours_late_ends_what_it_ended() {
    let cluster = "
        pod shop/peer uid=p ip=10.0.0.1
        pod shop/a uid=a ip=10.0.0.2
        @20 -pod shop/a uid=a ip=10.0.0.2
        @20 pod shop/b uid=b ip=10.0.0.2";
    let mut packets = "1 10.0.0.2:40000 > 10.0.0.1:80 S seq=1".to_owned();
    for second in (101..8_000).step_by(200) {
        let _ = write!(packets, "\n{second} 10.0.0.2:40000 > 10.0.0.1:80 A len=10");
    }
    let mut engine = Engine::new(settings());
    for line in &parse(&packets) {
        count(&mut engine, line);
    }
    tell(&mut engine, &changes(cluster));
    count(
        &mut engine,
        &parse("8000 10.0.0.1:80 > 10.0.0.2:40000 A len=10")[0],
    );
    assert_snapshot!(named(&snapshot(engine)), @"
    a > peer:80 by Syn, 1 out 0 back, 1 connections, Closed
    b > peer:80 by Syn, 40 out 1 back, 2 connections, Active
      a > peer:80 by Syn, 41 out 0 back, OwnerChanged
      b > peer:80 by Port, 0 out 1 back, open
    ");
}

/// Traffic with packets of any gaps, and pods that come and go at the addresses it is between.
fn world(unit: u64) -> impl Strategy<Value = (Vec<Line>, String)> {
    let pod = (2..5_u8, 0..40_u64, 0..40_u64)
        .prop_map(move |(host, start, life)| (host, start * unit, life * unit));
    (lines(), prop::collection::vec(pod, 0..8)).prop_map(|(lines, pods)| {
        let mut cluster = String::new();
        for (place, (host, start, life)) in pods.iter().enumerate() {
            let pod = format!("pod s/p{place} uid=u{place} ip=10.0.0.{host} start={start}");
            let _ = writeln!(cluster, "@{start} {pod}\n@{} -{pod}", start + life);
        }
        (lines, cluster)
    })
}

/// What passed between two owners of addresses in an interval, whoever asked.
type Passed = BTreeMap<(IntervalIndex, [(IpAddr, Option<String>); 2]), u64>;

fn pair(
    one: (IpAddr, Option<String>),
    other: (IpAddr, Option<String>),
) -> [(IpAddr, Option<String>); 2] {
    if one <= other {
        [one, other]
    } else {
        [other, one]
    }
}

/// By the flows.
fn counted(snapshot: &Snapshot) -> Passed {
    let mut passed = Passed::new();
    let name = |end: FlowEnd| {
        let pod = snapshot.directory.identity(end.identity).pod.as_deref();
        (end.address, pod.map(str::to_owned))
    };
    for flow in &snapshot.flows {
        let ends = pair(name(flow.key.client), name(flow.key.server));
        for interval in flow.intervals.iter() {
            let packets = interval.forward.packets + interval.backward.packets;
            *passed
                .entry((interval.period.first(), ends.clone()))
                .or_default() += packets;
        }
    }
    passed
}

/// By the packets themselves.
fn sent(lines: &[Line], directory: &Directory) -> Passed {
    let mut passed = Passed::new();
    for line in lines {
        let at = Timestamp::from_nanos(line.nanos);
        let name = |address| {
            let pod = &directory.identity(directory.resolve(address, None, at)).pod;
            (address, pod.as_deref().map(str::to_owned))
        };
        let ends = pair(name(line.source.ip()), name(line.destination.ip()));
        *passed.entry((IntervalIndex::of(at), ends)).or_default() += 1;
    }
    passed
}

proptest! {
    #[test]
    fn every_packet_counts_for_the_owners_of_its_time((lines, cluster) in world(1)) {
        let mut engine = Engine::new(settings());
        tell(&mut engine, &changes(&cluster));
        send(&mut engine, &lines);
        let snapshot = snapshot(engine);
        prop_assert_eq!(counted(&snapshot), sent(&lines, &snapshot.directory));
        for connection in &snapshot.connections {
            let record = &connection.record;
            for (end, side) in [(connection.client, connection.client_side), (connection.server, connection.client_side.other())] {
                let address = record.key.endpoint(side).address;
                for at in [record.first(), record.last()] {
                    let identity = snapshot.directory.resolve(address, None, at);
                    prop_assert_eq!(snapshot.directory.owner(identity), end.owner);
                }
            }
        }
    }

    #[test]
    fn late_changes_between_intervals_count_every_packet_for_the_same_owners(
        (lines, cluster) in world(10), told in prop::collection::vec(0..61_usize, 16),
    ) {
        let mut engine = Engine::new(settings());
        let changes = changes(&cluster);
        for (place, line) in lines.iter().enumerate() {
            let now = changes.iter().zip(&told).filter(|(_, when)| **when == place);
            tell(&mut engine, now.map(|(change, _)| change));
            count(&mut engine, line);
        }
        let rest = changes.iter().zip(&told).filter(|(_, when)| **when >= lines.len());
        tell(&mut engine, rest.map(|(change, _)| change));
        let snapshot = snapshot(engine);
        prop_assert_eq!(counted(&snapshot), sent(&lines, &snapshot.directory));
    }

    #[test]
    fn late_changes_give_the_answer_of_early_ones_when_no_connection_spans_them(
        (mut lines, cluster) in world(10),
    ) {
        // Every interval has ports of its own.
        for line in &mut lines {
            let interval = u16::try_from(line.nanos / IntervalIndex::NANOS % 1_000).unwrap();
            line.source.set_port(line.source.port() + interval * 4);
            line.destination.set_port(line.destination.port() + interval * 4);
        }
        let (mut early, mut late) = (Engine::new(settings()), Engine::new(settings()));
        tell(&mut early, &changes(&cluster));
        send(&mut early, &lines);
        for line in &lines {
            count(&mut late, line);
        }
        tell(&mut late, &changes(&cluster));
        prop_assert_eq!(answers(early), answers(late));
    }
}
