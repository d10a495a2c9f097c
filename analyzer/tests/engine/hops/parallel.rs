//! Several ways at once: links that are bonded, and routes of equal cost. What connections take
//! turns to pass adds up; what each of them passes is seen several times.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

/// The interfaces of node-1, whose own processes ask: the bond, and its two links.
const BOND: u32 = 2;
const LINKS: [u32; 2] = [3, 4];

/// Exchanges of two packets out and three in. Each takes the links of its number's two lowest bits,
/// for what goes out and for what comes in.
fn exchanges(count: u32, has_bond: bool) -> String {
    let mut script = String::new();
    for number in 0..count {
        let (asks, answers) = (
            format!("10.0.0.11:{}", 40_000 + number),
            "203.0.113.9:443".to_string(),
        );
        let (out, back) = (LINKS[number as usize & 1], LINKS[number as usize >> 1 & 1]);
        let mut pass = |millis: u32, comes_in: bool, flags: &str| {
            let (from, to, link, way) = if comes_in {
                (&answers, &asks, back, "in")
            } else {
                (&asks, &answers, out, "out")
            };
            let mut hops = vec![link];
            hops.extend(has_bond.then_some(BOND));
            if !comes_in {
                hops.reverse();
            }
            for (hop, micros) in hops.into_iter().zip(0..) {
                let at = number * 20 + millis;
                let (seconds, millis) = (at / 1_000, at % 1_000);
                let packet = format!("{from} > {to} {flags}");
                writeln!(
                    script,
                    "1:{hop} {way} {seconds}.{millis:03}{micros:03} {packet}"
                )
                .unwrap();
            }
        };
        pass(1, false, "S seq=1");
        pass(2, true, "SA seq=8 ack=2");
        pass(3, true, "A len=100");
        pass(4, true, "FA");
        pass(5, false, "FA");
    }
    script
}

#[test]
fn what_the_links_of_a_bond_share_adds_up() {
    insta::assert_snapshot!(check(&exchanges(4, false), &["node-1"]), @"
    tcp 10.0.0.11 > 203.0.113.9:443, client 8/12, server 12/8, Client, 4 connections, wire 20
    counted 20, copies 0
    ");
}

#[test]
fn what_a_bond_shows_besides_its_links_are_copies() {
    insta::assert_snapshot!(check(&exchanges(4, true), &["node-1"]), @"
    tcp 10.0.0.11 > 203.0.113.9:443, client 8/12, server 12/8, Client, 4 connections, wire 20
    counted 20, copies 20
    ");
}

#[test]
fn without_a_cluster_the_ways_add_up_too() {
    let script = exchanges(4, false).replace("10.0.0.11", "192.0.2.11");
    insta::assert_snapshot!(check(&script, &["node-1"]), @"
    tcp 192.0.2.11 > 203.0.113.9:443, client 8/12, server 12/8, Between, 4 connections, wire 20
    counted 20, copies 0
    ");
}

/// Two captures, a link each: that the first connections of each are not at the same time says
/// nothing of their clocks.
#[test]
fn what_two_captures_do_not_share_says_nothing_of_their_clocks() {
    insta::assert_snapshot!(check(
        "1:3 out 0.000 192.0.2.1:4000 > 192.0.2.9:443 S seq=1
         1:3 in  0.001 192.0.2.9:443 > 192.0.2.1:4000 SA seq=8 ack=2
         2:4 out 0.500 192.0.2.1:4001 > 192.0.2.9:443 S seq=1
         2:4 in  0.501 192.0.2.9:443 > 192.0.2.1:4001 SA seq=8 ack=2",
        &["node-1", "node-1"],
    ), @"
    tcp 192.0.2.1 > 192.0.2.9:443, client 2/2, server 2/2, Between, 2 connections, wire 4
    counted 4, copies 0
    ");
}

/// The second capture's clock is 30 ms ahead: it tells the SYN late, and its answer later than that
/// came.
#[test]
fn clocks_are_compared_where_answers_pass_another_hop() {
    insta::assert_snapshot!(check(
        "1:3 out 0.000 192.0.2.1:4000 > 192.0.2.9:443 S seq=1
         2:3 in  0.031 192.0.2.1:4000 > 192.0.2.9:443 S seq=1
         1:4 in  0.003 192.0.2.9:443 > 192.0.2.1:4000 SA seq=8 ack=2
         2:4 out 0.032 192.0.2.9:443 > 192.0.2.1:4000 SA seq=8 ack=2",
        &["node-1", "node-2"],
    ), @"
    tcp 192.0.2.1 > 192.0.2.9:443, client 1/1, server 1/1, Between, 1 connections, wire 2
    counted 2, copies 2
    node-2.pcap: its clock is about 30 ms ahead of node-1.pcap: times and rates across them are that far off, counts are not
    ");
}

#[test]
fn what_either_half_shows_ends_a_connection() {
    let there = "1:3 out 0.000 192.0.2.1:4000 > 192.0.2.9:443 S seq=1";
    for (back, active) in [("RA seq=0 ack=2", 0), ("SA seq=8 ack=2", 1)] {
        let back = format!("1:4 in 0.001 192.0.2.9:443 > 192.0.2.1:4000 {back}");
        for script in [format!("{there}\n{back}"), format!("{back}\n{there}")] {
            let snapshot = snapshot(&sightings(&script), &["node-1"]);
            let Answer::Flows(view) = ask(&snapshot, Operation::Flows, "state=active") else {
                panic!("flows were asked for");
            };
            assert_eq!(view.flows.len(), active, "{script}");
            assert!(flows(&snapshot).contains(" 1 connections, wire 2"));
        }
    }
}

/// The server resets the first connection, whose halves pass two links; the second goes on.
#[test]
fn a_reset_ends_both_halves_and_no_other_connection() {
    let mut script = String::from(
        "1:3 out 0.000 192.0.2.1:4000 > 192.0.2.9:443 S seq=1
        1:4 in 0.001 192.0.2.9:443 > 192.0.2.1:4000 SA seq=8 ack=2
        1:3 out 0.100 192.0.2.1:4001 > 192.0.2.9:443 S seq=1
        1:4 in 0.101 192.0.2.9:443 > 192.0.2.1:4001 SA seq=8 ack=2
        1:4 in 1.000 192.0.2.9:443 > 192.0.2.1:4000 RA seq=9 ack=2\n",
    );
    for second in (40..480).step_by(40) {
        let packet = "192.0.2.1:4001 > 192.0.2.9:443 A len=9";
        writeln!(script, "1:3 out {second} {packet}").unwrap();
    }
    let snapshot = snapshot(&sightings(&script), &["node-1"]);
    let Answer::Flows(view) = ask(&snapshot, Operation::Flows, "state=active&format=full") else {
        panic!("flows were asked for");
    };
    assert_eq!(view.flows.len(), 1);
    assert_eq!(view.flows[0].connections, Some(2));
    let late = "start=400&format=full";
    let Answer::Flows(view) = ask(&snapshot, Operation::Flows, late) else {
        panic!("flows were asked for");
    };
    assert_eq!(
        view.flows[0].connections,
        Some(1),
        "the other one has ended"
    );
}

#[test]
fn what_is_over_is_no_half_of_what_comes_later() {
    insta::assert_snapshot!(check(
        "1:3 out 0 192.0.2.1:4000 > 192.0.2.9:53 udp len=9
         1:4 in 1000 192.0.2.9:53 > 192.0.2.1:4000 udp len=9",
        &["node-1"],
    ), @"
    udp 192.0.2.1 > 192.0.2.9:53, client 1/1, server 1/1, Between, 2 connections, wire 2
    counted 2, copies 0
    ");
}

/// Where the clocks of two captures differ, the answers come first, at more than one hop.
#[test]
fn an_opening_after_its_answers_is_one_connection() {
    let mut script = String::new();
    for (port, order) in [(4000, [3, 4]), (4001, [4, 3]), (4002, [3, 4])] {
        for hop in order {
            let packet = format!("192.0.2.9:443 > 192.0.2.1:{port} SA seq=8 ack=2");
            writeln!(script, "1:{hop} in 0.{port} {packet}").unwrap();
        }
        let packet = format!("192.0.2.1:{port} > 192.0.2.9:443 S seq=1");
        writeln!(script, "2:5 out 0.{port} {packet}").unwrap();
    }
    insta::assert_snapshot!(check(&script, &["node-1", "node-1"]), @"
    tcp 192.0.2.1 > 192.0.2.9:443, client 3/3, server 3/3, Between, 3 connections, wire 6
    counted 6, copies 3
    ");
}

/// One connection passes hops 3 and 4, the other 5 and 6, and that one's last packet is at 6 in the
/// next interval.
#[test]
fn a_packet_on_its_way_between_intervals_counts_once_on_any_way() {
    insta::assert_snapshot!(check(
        "1:3 in  1.0      192.0.2.1:4000 > 192.0.2.9:53 udp len=9
         1:4 out 1.00001  192.0.2.1:4000 > 192.0.2.9:53 udp len=9
         1:5 in  2.0      192.0.2.1:4001 > 192.0.2.9:53 udp len=9
         1:6 out 2.00001  192.0.2.1:4001 > 192.0.2.9:53 udp len=9
         1:5 in  9.999995 192.0.2.1:4001 > 192.0.2.9:53 udp len=9
         1:6 out 10.00001 192.0.2.1:4001 > 192.0.2.9:53 udp len=9",
        &["node-1"],
    ), @"
    udp 192.0.2.1 > 192.0.2.9:53, client 3/0, server 0/3, Between, 2 connections, wire 3
    counted 3, copies 3
    ");
}

/// One connection passes hops 3 and 4, the other 5, and 20 seconds later 6.
#[test]
fn a_connection_that_goes_on_elsewhere_counts_once_beside_others() {
    insta::assert_snapshot!(check(
        "1:3 in  1.0     192.0.2.1:4000 > 192.0.2.9:53 udp len=9
         1:4 out 1.00001 192.0.2.1:4000 > 192.0.2.9:53 udp len=9
         1:5 in  2.0     192.0.2.1:4001 > 192.0.2.9:53 udp len=9
         1:6 in  22.0    192.0.2.1:4001 > 192.0.2.9:53 udp len=9",
        &["node-1"],
    ), @"
    udp 192.0.2.1 > 192.0.2.9:53, client 3/0, server 0/3, Between, 2 connections, wire 3
    counted 3, copies 1
    ");
}

/// Both ends send at once, each by a link of its own at either machine: each machine shows an
/// answering half, and one alone.
#[test]
fn halves_that_cross_are_one_connection() {
    insta::assert_snapshot!(check(
        "2:4 out 0.000 10.0.0.12:80 > 10.0.0.11:4000 udp len=9
         1:3 out 0.001 10.0.0.11:4000 > 10.0.0.12:80 udp len=9
         2:3 in  0.002 10.0.0.11:4000 > 10.0.0.12:80 udp len=9
         1:4 in  0.003 10.0.0.12:80 > 10.0.0.11:4000 udp len=9",
        &["node-1", "node-2"],
    ), @"
    udp 10.0.0.11 > 10.0.0.12:80, client 1/1, server 1/1, Both, 1 connections, wire 2
    counted 4, copies 0
    ");
}

/// Places with high numbers are in groups of which one is not searched for what another shows.
#[test]
fn what_is_not_looked_for_elsewhere_is_not_held_to_be_apart() {
    let mut script = String::new();
    for number in 0..700 {
        let packet = format!(
            "198.51.100.7:{} > 198.51.100.8:53 udp len=9",
            1_000 + number
        );
        writeln!(script, "1:{} in 0.{number:03} {packet}", 10 + number).unwrap();
    }
    for interface in [600, 700] {
        let packet = "192.0.2.1:4000 > 192.0.2.9:80 udp len=9";
        writeln!(script, "1:{interface} in 1.{interface} {packet}").unwrap();
    }
    let snapshot = snapshot(&sightings(&script), &["node-1"]);
    let Answer::Flows(view) = ask(&snapshot, Operation::Flows, "port=80&format=full") else {
        panic!("flows were asked for");
    };
    assert_eq!(view.flows[0].wire.as_ref().unwrap().pkts, 1);
    assert_eq!(view.flows[0].connections, Some(1));
}

/// A connection between two machines with two links each.
#[derive(Clone, Debug)]
struct Exchange {
    /// The links it takes at the client's and at the server's, there and back.
    there: (usize, usize),
    back: (usize, usize),
    /// When its packets pass, in tenths of seconds, and whether they go back.
    packets: Vec<(u32, bool)>,
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let packets = prop::collection::vec((0..300_u32, any::<bool>()), 1..8);
    let links = || (0..2_usize, 0..2_usize);
    (links(), links(), packets).prop_map(|(there, back, mut packets)| {
        packets.sort_unstable();
        Exchange {
            there,
            back,
            packets,
        }
    })
}

/// Every packet as both machines show it, at the link and, where they have one, at the bond.
fn shown(exchanges: &[Exchange], bonds: (bool, bool)) -> Vec<Sighting> {
    let mut sightings = Vec::new();
    for (number, exchange) in exchanges.iter().enumerate() {
        let client = format!("10.0.0.11:{}", 40_000 + number);
        let server = "10.0.0.12:80".to_string();
        for (tenths, is_back) in &exchange.packets {
            let (from, to, (at_client, at_server)) = if *is_back {
                (&server, &client, exchange.back)
            } else {
                (&client, &server, exchange.there)
            };
            let (mut near, mut far) = (vec![LINKS[at_client]], vec![LINKS[at_server]]);
            near.extend(bonds.0.then_some(BOND));
            far.extend(bonds.1.then_some(BOND));
            near.reverse();
            let of = |source: u32, hops: Vec<u32>| hops.into_iter().map(move |hop| (source, hop));
            let mut path: Vec<(u32, u32)> = of(1, near).chain(of(2, far)).collect();
            if *is_back {
                path.reverse();
            }
            for (step, (source, interface)) in path.into_iter().enumerate() {
                let direction = if (source == 1) == *is_back {
                    Direction::Incoming
                } else {
                    Direction::Outgoing
                };
                let at = format!("{}.{}{:05}", tenths / 10, tenths % 10, number * 10 + step);
                let packet = format!("{at} {from} > {to} udp len={}", 10 + number);
                sightings.push(Sighting {
                    source,
                    interface,
                    direction,
                    packet: parse(&packet).pop().unwrap(),
                });
            }
        }
    }
    sightings.sort_by_key(|sighting| sighting.packet.nanos);
    sightings
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_packet_counts_once_at_each_end_whichever_links_it_takes(
        exchanges in prop::collection::vec(exchange(), 1..12), bonds in any::<(bool, bool)>(),
    ) {
        let snapshot = snapshot(&shown(&exchanges, bonds), &["node-1", "node-2"]);
        prop_assert!(snapshot.coverage.closes());
        let Answer::Flows(view) = ask(&snapshot, Operation::Flows, "format=full") else {
            panic!("flows were asked for");
        };
        let packets = || exchanges.iter().flat_map(|exchange| &exchange.packets);
        let sent = packets().filter(|(_, is_back)| !is_back).count() as u64;
        let all = packets().count() as u64;
        prop_assert_eq!(view.flows.len(), 1);
        let (client, server) = (&view.flows[0].client_stats, &view.flows[0].server_stats);
        let counted = (client.tx_pkts, client.rx_pkts, server.tx_pkts, server.rx_pkts);
        let expected = (sent, all - sent, all - sent, sent);
        prop_assert_eq!(counted, expected);
        prop_assert_eq!(view.flows[0].wire.as_ref().map(|wire| wire.pkts), Some(all));
        prop_assert_eq!(view.flows[0].connections, Some(exchanges.len() as u64));
    }
}
