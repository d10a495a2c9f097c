//! Names out of DNS answers: whom they name an address for, and for how long.

use std::net::{IpAddr, Ipv4Addr};

use analyzer::engine::{Engine, Settings};
use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::query::Answer;
use analyzer::query::Operation;
use analyzer::query::view::EndView;
use analyzer::snapshot::Snapshot;
use analyzer::time::Timestamp;
use proptest::prelude::*;

use crate::script::{Line, ask, ingest, parse, snapshot};

/// A packet of a script, or an answer: `5 10.0.0.1 is told api.example 203.0.113.9 for 30`.
#[derive(Clone, Debug)]
enum Event {
    Packet(Line),
    Told(u64, Ipv4Addr, String, Ipv4Addr, u32),
}

fn events(script: &str) -> Vec<Event> {
    let lines = script.lines().map(str::trim).filter(|l| !l.is_empty());
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [seconds, client, "is", "told", name, address, "for", ttl] = words[..] else {
                return Event::Packet(parse(line).remove(0));
            };
            let nanos = seconds.parse::<u64>().unwrap() * 1_000_000_000;
            let [client, address] = [client, address].map(|ip| ip.parse().unwrap());
            Event::Told(
                nanos,
                client,
                name.to_owned(),
                address,
                ttl.parse().unwrap(),
            )
        })
        .collect()
}

/// A datagram from 10.0.0.53:53 with the address of a name.
fn answer(client: Ipv4Addr, name: &str, address: Ipv4Addr, ttl: u32) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| {
        let len = u8::try_from(label.len()).unwrap();
        [&[len], label.as_bytes()].concat()
    });
    let mut datagram = vec![0, 53, 0x9c, 0x40, 0, 0, 0, 0];
    datagram.extend([0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    datagram.extend(labels);
    datagram.extend([0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1]);
    datagram.extend(ttl.to_be_bytes());
    datagram.extend([0, 4]);
    datagram.extend(address.octets());
    let total = u16::try_from(20 + datagram.len()).unwrap();
    let mut packet = vec![0x45, 0];
    packet.extend(total.to_be_bytes());
    packet.extend([0, 1, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 53]);
    packet.extend(client.octets());
    [packet, datagram].concat()
}

fn read(events: &[Event]) -> Snapshot {
    let mut settings = Settings::default();
    settings.limits.connection_records = 1_000;
    let mut engine = Engine::new(settings);
    for event in events {
        match event {
            Event::Packet(line) => ingest(&mut engine, line),
            Event::Told(nanos, client, name, address, ttl) => {
                let data = answer(*client, name, *address, *ttl);
                engine.ingest(&Frame {
                    time: Timestamp::from_nanos(*nanos),
                    link: LinkType::RAW,
                    original_len: u32::try_from(data.len()).unwrap(),
                    offload: Offload::Unknown,
                    data: &data,
                    origin: Origin::default(),
                });
            }
        }
    }
    snapshot(engine)
}

fn end(end: &EndView) -> String {
    let names: Vec<&str> = end.dns.iter().map(AsRef::as_ref).collect();
    let ip: IpAddr = end.ip.unwrap();
    format!("{ip}[{}]", names.join(" "))
}

/// The flows but those of name servers, a line each, with the names of their ends.
fn flows(snapshot: &Snapshot, parameters: &str) -> String {
    let parameters = format!("format=full&sort=first_seen&port=!53&{parameters}");
    let Answer::Flows(view) = ask(snapshot, Operation::Flows, &parameters) else {
        panic!("flows were asked for");
    };
    let line = |flow: &analyzer::query::view::FlowView| {
        format!("{} > {}\n", end(&flow.client), end(&flow.server))
    };
    view.flows.iter().rev().map(line).collect()
}

fn connections(snapshot: &Snapshot, parameters: &str) -> String {
    let parameters = format!("sort=first_seen&port=!53&{parameters}");
    let Answer::Connections(view) = ask(snapshot, Operation::Connections, &parameters) else {
        panic!("connections were asked for");
    };
    let line = |c: &analyzer::query::view::ConnectionView| {
        format!("{} > {}\n", end(&c.flow.client), end(&c.flow.server))
    };
    view.connections.iter().rev().map(line).collect()
}

/// Two clients, one address, and connections that outlive their names.
const SCRIPT: &str = "
    1 10.0.0.1 is told www.shop.example 203.0.113.9 for 3
    2 10.0.0.1:4000 > 203.0.113.9:443 S seq=1
    3 10.0.0.2 is told API.bank.example 203.0.113.9 for 3
    4 10.0.0.2:4000 > 203.0.113.9:443 S seq=1
    12 10.0.0.1:4001 > 203.0.113.9:80 S seq=1
    30 10.0.0.1:4000 > 203.0.113.9:443 R seq=2
    70 10.0.0.2:4000 > 203.0.113.9:443 A seq=2
    90 10.0.0.1:4002 > 203.0.113.9:443 S seq=1
    91 10.0.0.1 is told new.example 203.0.113.9 for 3
    92 10.0.0.1:4003 > 203.0.113.9:443 S seq=1";

#[test]
fn each_client_knows_an_address_by_the_name_it_asked_for() {
    let read = read(&events(SCRIPT));
    insta::assert_snapshot!(flows(&read, ""), @"
    10.0.0.1[] > 203.0.113.9[new.example www.shop.example]
    10.0.0.2[] > 203.0.113.9[api.bank.example]
    10.0.0.1[] > 203.0.113.9[]
    ");
    insta::assert_snapshot!(flows(&read, "server_dns=api.*"), @"10.0.0.2[] > 203.0.113.9[api.bank.example]");
    insta::assert_snapshot!(flows(&read, "dns=!*.example"), @"10.0.0.1[] > 203.0.113.9[]");
    insta::assert_snapshot!(flows(&read, "client_dns=*"), @"");
    insta::assert_snapshot!(flows(&read, "dns=WWW.Shop.Example"), @"10.0.0.1[] > 203.0.113.9[new.example www.shop.example]");
}

#[test]
fn a_window_has_the_names_that_held_in_it_and_of_connections_carried_into_it() {
    let read = read(&events(SCRIPT));
    insta::assert_snapshot!(flows(&read, "start=0&end=20"), @"
    10.0.0.1[] > 203.0.113.9[www.shop.example]
    10.0.0.2[] > 203.0.113.9[api.bank.example]
    10.0.0.1[] > 203.0.113.9[]
    ");
    insta::assert_snapshot!(flows(&read, "start=30&end=40"), @"10.0.0.1[] > 203.0.113.9[www.shop.example]");
    insta::assert_snapshot!(flows(&read, "start=70"), @"
    10.0.0.2[] > 203.0.113.9[api.bank.example]
    10.0.0.1[] > 203.0.113.9[new.example]
    ");
    insta::assert_snapshot!(flows(&read, "start=70&dns=www.shop.example"), @"");
}

#[test]
fn a_connection_has_the_names_of_its_first_packet() {
    let read = read(&events(SCRIPT));
    insta::assert_snapshot!(connections(&read, ""), @"
    10.0.0.1[] > 203.0.113.9[www.shop.example]
    10.0.0.2[] > 203.0.113.9[api.bank.example]
    10.0.0.1[] > 203.0.113.9[]
    10.0.0.1[] > 203.0.113.9[]
    10.0.0.1[] > 203.0.113.9[new.example]
    ");
    insta::assert_snapshot!(connections(&read, "server_dns=!www*,!new*,!api*"), @"
    10.0.0.1[] > 203.0.113.9[]
    10.0.0.1[] > 203.0.113.9[]
    ");
}

#[test]
fn a_graph_is_asked_for_by_every_name_that_a_client_has() {
    let script = "
        1 10.0.0.1 is told a.example 203.0.113.9 for 60
        1 10.0.0.2 is told a.example 203.0.113.9 for 60
        1 10.0.0.2 is told c.example 203.0.113.9 for 60
        2 10.0.0.1:4000 > 203.0.113.9:443 S seq=1
        3 10.0.0.2:4000 > 203.0.113.9:443 S seq=1";
    let read = read(&events(script));
    let asked = |name: &str| {
        let parameters = format!("of={name}&direction=upstream&port=443");
        let Answer::Dependencies(view) = ask(&read, Operation::Dependencies, &parameters) else {
            panic!("dependencies were asked for");
        };
        let edges = view.edges.into_iter();
        edges.map(|edge| (edge.from, edge.to)).collect::<Vec<_>>()
    };
    assert_eq!(asked("a.example").len(), 2);
    assert_eq!(asked("c.example"), asked("a.example"), "one node");
}

#[test]
fn who_is_called_may_know_the_caller_by_name() {
    let read = read(&events(
        "
        1 10.0.0.2 is told client.example 10.0.0.1 for 3
        2 10.0.0.1:4000 > 10.0.0.2:443 S seq=1",
    ));
    insta::assert_snapshot!(flows(&read, ""), @"10.0.0.1[client.example] > 10.0.0.2[]");
}

#[test]
fn merged_flows_to_an_address_have_all_its_names() {
    let read = read(&events(SCRIPT));
    insta::assert_snapshot!(flows(&read, "aggregate=workload"), @"
    10.0.0.1[] > 203.0.113.9[new.example www.shop.example]
    10.0.0.2[] > 203.0.113.9[api.bank.example]
    ");
}

proptest! {
    #[test]
    fn answers_name_addresses_whenever_they_come(order in Just(events(SCRIPT)).prop_shuffle()) {
        // Packets keep their order; answers come at any place between them.
        let mut packets = events(SCRIPT).into_iter().filter(|e| matches!(e, Event::Packet(_)));
        let order: Vec<Event> = order
            .into_iter()
            .map(|event| match event {
                Event::Packet(_) => packets.next().unwrap(),
                Event::Told(..) => event,
            })
            .collect();
        let (one, other) = (read(&events(SCRIPT)), read(&order));
        prop_assert_eq!(flows(&one, ""), flows(&other, ""));
        prop_assert_eq!(connections(&one, ""), connections(&other, ""));
    }
}
