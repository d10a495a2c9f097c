//! Interfaces whose owners the kernel told by number.

use analyzer::hop::declaration::{InterfaceOwner, PodName, Shown};

use super::*;

fn pod(name: &str) -> InterfaceOwner {
    InterfaceOwner::Pod(PodName {
        namespace: "shop".into(),
        name: name.into(),
    })
}

fn asked<const N: usize>(node: &str, owners: [(u32, InterfaceOwner); N]) -> SourceDeclaration {
    SourceDeclaration {
        numbered: owners.into(),
        ..on_node(&node)
    }
}

/// What is known of frames that a ring tells the place of.
fn of_rings(sightings: &[Sighting], sources: Vec<SourceDeclaration>) -> Snapshot {
    let mut engine = Engine::new(Settings::default());
    for change in changes(CLUSTER) {
        engine.apply(change);
    }
    for sighting in sightings {
        let octets = sighting.packet.octets();
        engine.ingest(&Frame {
            time: Timestamp::from_nanos(sighting.packet.nanos),
            link: LinkType::RAW,
            original_len: u32::try_from(octets.len()).unwrap(),
            offload: Offload::Unknown,
            data: &octets,
            origin: Origin {
                source: sighting.source,
                interface: sighting.interface,
                direction: sighting.direction,
            },
        });
    }
    let between = std::iter::once(SourceDeclaration::default());
    engine.into_snapshot(Provenance {
        sources: between.chain(sources).collect(),
        ..provenance()
    })
}

#[test]
fn what_was_asked_counts_for_more_than_what_was_learned() {
    let script = "1:4 in  0.000 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:5 in  0.001 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 out 0.002 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:5 in  0.101 10.244.1.10:4000 > 10.244.1.11:80 udp len=11
         1:6 out 0.102 10.244.1.10:4000 > 10.244.1.11:80 udp len=11";
    insta::assert_snapshot!(flows(&snapshot(&sightings(script), &["node-1"])), @"udp web > api:80, client 1/0, server 0/2, Both, 1 connections, wire 2");
    let asked = asked("node-1", [(5, pod("web")), (6, pod("api"))]);
    insta::assert_snapshot!(flows(&declared(&sightings(script), vec![asked])), @"udp web > api:80, client 2/0, server 0/2, Both, 1 connections, wire 2");
}

/// A pod of a stateful set, twice under one name: each with its own address and interface.
const AGAIN: &str = "
    node node-1 ip=10.0.0.11 cidr=10.244.1.0/24
    pod shop/web ip=10.244.1.10 node=node-1
    @0 +pod shop/db-0 ip=10.244.1.20 node=node-1 uid=first
    @20 -pod shop/db-0 ip=10.244.1.20 node=node-1 uid=first
    @30 +pod shop/db-0 ip=10.244.1.21 node=node-1 uid=second";

#[test]
fn pods_that_follow_each_other_under_one_name_have_an_interface_each() {
    // The first one only sends, and the second one is asked and answers.
    let script = "1:7 in  10.000 10.244.1.20:4000 > 10.244.1.10:80 udp len=10
         1:5 out 10.001 10.244.1.20:4000 > 10.244.1.10:80 udp len=10
         1:5 in  40.000 10.244.1.10:4001 > 10.244.1.21:80 udp len=11
         1:9 out 40.001 10.244.1.10:4001 > 10.244.1.21:80 udp len=11
         1:9 in  40.002 10.244.1.21:80 > 10.244.1.10:4001 udp len=12
         1:5 out 40.003 10.244.1.21:80 > 10.244.1.10:4001 udp len=12";
    let owners = [(5, pod("web")), (7, pod("db-0")), (9, pod("db-0"))];
    let sources = vec![asked("node-1", owners)];
    let snapshot = of_cluster(AGAIN, &sightings(script), sources);
    insta::assert_snapshot!(flows(&snapshot), @"
    udp db-0 > web:80, client 1/0, server 0/1, Both, 1 connections, wire 1
    udp web > db-0:80, client 1/1, server 1/1, Both, 1 connections, wire 2
    ");
    assert!(snapshot.warnings.is_empty(), "{:?}", snapshot.warnings);
}

#[test]
fn where_all_interfaces_are_shown_silence_at_one_never_seen_is_loss() {
    let script = "1:5 in  0.000 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
         1:2 out 0.001 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
         2:2 in  0.002 10.244.1.10:4000 > 10.244.2.10:80 udp len=10";
    let told = |shows| {
        let source = |node| SourceDeclaration {
            shows,
            ..asked(node, [(2, InterfaceOwner::Uplink)])
        };
        let sources = vec![source("node-1"), source("node-2")];
        flows(&of_rings(&sightings(script), sources))
    };
    insta::assert_snapshot!(told(Shown::All), @"udp web > cart:80, client 1/0, server 0/0, Both, 1 connections, wire 1");
    insta::assert_snapshot!(told(Shown::Some), @"udp web > cart:80, client 1/0, server 0/1, Both, 1 connections, wire 1");
}

#[test]
fn the_way_out_of_a_machine_without_pods_is_its_own_interface() {
    // Two packets reach node-3 and one is lost before it.
    let script = "1:5 in  0.000 10.244.1.10:4000 > 10.0.0.13:80 udp len=10
         1:2 out 0.001 10.244.1.10:4000 > 10.0.0.13:80 udp len=10
         2:2 in  0.002 10.244.1.10:4000 > 10.0.0.13:80 udp len=10
         1:5 in  0.100 10.244.1.10:4000 > 10.0.0.13:80 udp len=11
         1:2 out 0.101 10.244.1.10:4000 > 10.0.0.13:80 udp len=11
         2:2 in  0.110 10.0.0.13:81 > 203.0.113.9:80 udp len=10
         1:5 in  0.200 10.244.1.10:4001 > 10.0.0.13:82 udp len=11
         1:2 out 0.201 10.244.1.10:4001 > 10.0.0.13:82 udp len=11";
    let cluster = format!("{CLUSTER}\n    node node-3 ip=10.0.0.13 cidr=10.244.3.0/24");
    let uplink = || [(2, InterfaceOwner::Uplink)];
    let sources = vec![asked("node-1", uplink()), asked("node-3", uplink())];
    let snapshot = of_cluster(&cluster, &sightings(script), sources);
    insta::assert_snapshot!(flows(&snapshot), @"
    udp 10.0.0.13 > 203.0.113.9:80, client 1/0, server 0/1, Client, 1 connections, wire 1
    udp web > 10.0.0.13:80, client 2/0, server 0/1, Both, 1 connections, wire 2
    udp web > 10.0.0.13:82, client 1/0, server 0/0, Both, 1 connections, wire 1
    ");
}
