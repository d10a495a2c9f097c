//! Frames of a live ring: places are told beside the octets, and not in a header of them.

use analyzer::engine::{Engine, Settings};
use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::hop::declaration::{Shown, SourceDeclaration};
use analyzer::snapshot::Provenance;
use analyzer::time::Timestamp;

use crate::cluster_script::changes;
use crate::hops::{CLUSTER, Sighting, declared, flows, on_node, sightings};
use crate::script::provenance;

/// Web sends to cart, and nothing arrives there.
const LOSS: &str = "
    1:5 in  0.000 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
    1:2 out 0.001 10.244.1.10:4000 > 10.244.2.10:80 udp len=10
    2:2 in  0.002 10.244.1.10:4000 > 10.244.2.10:80 udp len=10";

/// The flows of a script when rings on two nodes saw it, of so many of their interfaces.
fn ringed(script: &str, shows: Shown) -> String {
    let mut engine = Engine::new(Settings::default());
    for change in changes(CLUSTER) {
        engine.apply(change);
    }
    for Sighting {
        source,
        interface,
        direction,
        packet,
    } in sightings(script)
    {
        let octets = packet.octets();
        let frame = Frame {
            time: Timestamp::from_nanos(packet.nanos),
            link: LinkType::RAW,
            original_len: u32::try_from(octets.len()).unwrap(),
            offload: Offload::Whole,
            data: &octets,
            origin: Origin {
                source,
                interface,
                direction,
            },
        };
        engine.ingest(&frame);
    }
    let nodes = ["", "node-1", "node-2"].map(|node| SourceDeclaration {
        shows,
        ..on_node(&node)
    });
    let snapshot = engine.into_snapshot(Provenance {
        sources: nodes.to_vec(),
        ..provenance()
    });
    assert!(snapshot.coverage.closes(), "{:?}", snapshot.coverage);
    flows(&snapshot)
}

#[test]
fn a_ring_tells_what_a_cooked_capture_does() {
    let nodes = ["node-1", "node-2"].map(|node| on_node(&node)).to_vec();
    let cooked = flows(&declared(&sightings(LOSS), nodes));
    assert_eq!(ringed(LOSS, Shown::All), cooked);
    insta::assert_snapshot!(cooked, @"udp web > cart:80, client 1/0, server 0/0, Both, 1 connections, wire 1");
}

#[test]
fn where_interfaces_are_left_out_nothing_is_lost_for_not_being_seen() {
    insta::assert_snapshot!(ringed(LOSS, Shown::Some), @"udp web > cart:80, client 1/0, server 0/1, Both, 1 connections, wire 1");
}
