//! Journeys of packets between the pods of two nodes, some of which are lost on the way.

use analyzer::frame::Direction;
use analyzer::query::{Answer, Operation};
use proptest::prelude::*;

use super::{Sighting, flows, snapshot};
use crate::script::{ask, parse};

/// The pods' numbers: their addresses and the interfaces of their nodes.
const PODS: [(&str, u32, u32); 4] = [
    ("10.244.1.10", 1, 5),
    ("10.244.1.11", 1, 6),
    ("10.244.2.10", 2, 5),
    ("10.244.2.11", 2, 6),
];
const UPLINK: u32 = 2;

/// Between two pods: how far a packet came, as the number of its sightings.
#[derive(Clone, Debug)]
struct Trip {
    from: usize,
    to: usize,
    reached: usize,
}

fn trips() -> impl Strategy<Value = Vec<Trip>> {
    let trip = (0..4_usize, 1..4_usize, 1..6_usize).prop_map(|(from, other, reached)| Trip {
        from,
        to: (from + other) % 4,
        reached,
    });
    prop::collection::vec(trip, 1..40)
}

/// Every sighting of a trip.
fn path(number: usize, trip: &Trip) -> Vec<Sighting> {
    let ((from, node, own), (to, other_node, other)) = (PODS[trip.from], PODS[trip.to]);
    let mut hops = vec![(node, own, Direction::Incoming)];
    if node != other_node {
        hops.push((node, UPLINK, Direction::Outgoing));
        hops.push((other_node, UPLINK, Direction::Incoming));
    }
    hops.push((other_node, other, Direction::Outgoing));
    // From the smaller pod's port 80 or to it, so that who serves is plain.
    let ports = if trip.from < trip.to {
        (4_000, 80)
    } else {
        (80, 4_000)
    };
    let sightings = hops.into_iter().enumerate().take(trip.reached);
    let sighting = |(at, (source, interface, direction)): (usize, (u32, u32, Direction))| {
        let millis = number * 10 + at;
        let packet = format!(
            "{}.{:03} {from}:{} > {to}:{} udp len={}",
            millis / 1_000,
            millis % 1_000,
            ports.0,
            ports.1,
            number + 1,
        );
        Sighting {
            source,
            interface,
            direction,
            packet: parse(&packet).pop().unwrap(),
        }
    };
    sightings.map(sighting).collect()
}

/// What sightings say whose interfaces are: each pod sends to the other on its node and back, early
/// and late, so that every interface is known and covered.
fn greetings(at: usize) -> Vec<Sighting> {
    let pairs = [(0, 1), (1, 0), (2, 3), (3, 2)];
    let trip = |(from, to)| {
        path(
            at,
            &Trip {
                from,
                to,
                reached: 5,
            },
        )
    };
    pairs.into_iter().flat_map(trip).collect()
}

fn journey(trips: &[Trip]) -> Vec<Sighting> {
    let on_the_way = trips
        .iter()
        .zip(1..)
        .flat_map(|(trip, number)| path(number, trip));
    greetings(0)
        .into_iter()
        .chain(on_the_way)
        .chain(greetings(60))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_end_counts_what_passed_its_own_interface(trips in trips()) {
        let snapshot = snapshot(&journey(&trips), &["node-1", "node-2"]);
        prop_assert!(snapshot.coverage.closes());
        let Answer::Flows(view) = ask(&snapshot, Operation::Flows, "limit=1000") else {
            panic!("flows were asked for");
        };
        let greeted = |from: usize, to: usize| if from / 2 == to / 2 { 2 } else { 0 };
        for (a, b) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            let sent = |from, to| trips.iter().filter(|t| (t.from, t.to) == (from, to)).count()
                + greeted(from, to);
            let whole = if PODS[a].1 == PODS[b].1 { 2 } else { 4 };
            let got = |from, to| {
                let all = trips.iter().filter(|t| (t.from, t.to) == (from, to));
                all.filter(|t| t.reached >= whole).count() + greeted(from, to)
            };
            let ip = |pod: usize| Some(PODS[pod].0.parse().unwrap());
            let flow = view.flows.iter().find(|f| (f.client.ip, f.server.ip) == (ip(a), ip(b)));
            let counted = flow.map_or((0, 0, 0, 0), |f| {
                let (client, server) = (&f.client_stats, &f.server_stats);
                (client.tx_pkts, client.rx_pkts, server.tx_pkts, server.rx_pkts)
            });
            let expected = (sent(a, b), got(b, a), sent(b, a), got(a, b));
            prop_assert_eq!(counted, (
                expected.0 as u64, expected.1 as u64, expected.2 as u64, expected.3 as u64,
            ), "{} and {}", a, b);
        }
    }

    #[test]
    fn any_assignment_of_interfaces_to_files_gives_the_same_flows(
        trips in trips(), files in prop::collection::vec(0..3_u32, 8),
    ) {
        let journey = journey(&trips);
        let whole = flows(&snapshot(&journey, &["node-1", "node-2"]));
        let parted: Vec<Sighting> = journey
            .into_iter()
            .map(|sighting| {
                let node = sighting.source - 1;
                let file = files[(node * 4 + sighting.interface % 4) as usize];
                Sighting { source: 1 + node * 3 + file, ..sighting }
            })
            .collect();
        let nodes = ["node-1", "node-1", "node-1", "node-2", "node-2", "node-2"];
        prop_assert_eq!(flows(&snapshot(&parted, &nodes)), whole);
    }
}
