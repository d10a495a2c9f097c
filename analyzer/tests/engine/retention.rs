//! What is too old is forgotten, and nothing else: memory stays flat while traffic goes on.

use std::net::SocketAddr;

use analyzer::endpoint::Endpoint;
use analyzer::engine::{Engine, Settings, Socket};
use analyzer::frame::{Direction, Frame, LinkType, Offload, Origin};
use analyzer::protocol::Protocol;
use analyzer::query::{Answer, Operation};
use analyzer::skip::SkipReason;
use analyzer::snapshot::Snapshot;
use analyzer::time::{NANOS_PER_SECOND, Timestamp};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::cluster_script::changes;
use crate::invariants::lines;
use crate::script::{Line, ask, ingest, ingest_at, parse, provenance, snapshot};

const SECOND: u64 = NANOS_PER_SECOND;
const RETENTION: u64 = 600 * SECOND;

fn at(second: u64) -> Timestamp {
    Timestamp::from_nanos(second * SECOND)
}

fn watching() -> Engine {
    let mut settings = Settings::default();
    settings.limits.connection_records = 100_000;
    Engine::new(settings)
}

/// The state of an engine after a script, at a second, with what was before another forgotten.
fn forgetting(script: &str, before: u64, now: u64) -> Snapshot {
    let mut engine = watching();
    for line in parse(script) {
        ingest(&mut engine, &line);
    }
    engine.reach(at(now));
    engine.expire(at(now));
    engine.forget(at(before));
    snapshot(engine)
}

fn flows(snapshot: &Snapshot) -> String {
    let Answer::Flows(view) = ask(snapshot, Operation::Flows, "format=full&sort=first_seen") else {
        panic!("flows were asked for");
    };
    let line = |flow: &analyzer::query::view::FlowView| {
        let (client, server) = (flow.client.ip.unwrap(), flow.server.port.unwrap());
        let (connections, state) = (flow.connections.unwrap(), flow.state.unwrap());
        let packets = flow.client_stats.tx_pkts;
        format!("{client} > :{server} {connections} connections, {state:?}, {packets} packets\n")
    };
    view.flows.iter().rev().map(line).collect()
}

/// Two connections that go on, one that ends before it is forgotten and one that does after.
const SCRIPT: &str = "
    1 10.0.0.1:40000 > 10.0.0.9:80 S seq=1
    2 10.0.0.2:40000 > 10.0.0.9:80 S seq=1
    3 10.0.0.2:40000 > 10.0.0.9:80 R seq=2
    4 10.0.0.1:40001 > 10.0.0.9:80 S seq=7
    5 10.0.0.9:80 > 10.0.0.1:40000 SA seq=1 ack=2
    6 10.0.0.9:80 > 10.0.0.1:40001 SA seq=1 ack=8
    90 10.0.0.1:40000 > 10.0.0.9:80 A seq=2 len=10
    91 10.0.0.1:40001 > 10.0.0.9:80 R seq=8";

#[test]
fn what_is_open_stays_with_what_it_counted_since() {
    assert_snapshot!(flows(&forgetting(SCRIPT, 50, 95)), @"10.0.0.1 > :80 2 connections, Active, 2 packets");
    assert_snapshot!(flows(&forgetting(SCRIPT, 50, 400)), @"10.0.0.1 > :80 2 connections, Closed, 2 packets");
    assert_snapshot!(flows(&forgetting(SCRIPT, 100, 400)), @"");
}

#[test]
fn coverage_begins_where_memory_does_and_counts_what_is_forgotten() {
    let coverage = forgetting(SCRIPT, 57, 95).coverage;
    assert_eq!((coverage.from, coverage.to), (Some(at(50)), Some(at(95))));
    // The first interval of two legs, and the record of the one connection that is over.
    assert_eq!((coverage.forgotten, coverage.evicted), (3, 0));
    assert!(coverage.closes());
}

#[test]
fn the_time_goes_on_without_packets() {
    let state = |now| flows(&forgetting(SCRIPT, 0, now));
    assert!(state(389).contains("10.0.0.1 > :80 2 connections, Active"));
    assert!(state(391).contains("10.0.0.1 > :80 2 connections, Closed"));
}

#[test]
fn answers_end_at_the_time_that_the_clock_tells_once_it_was_set_back() {
    // Some frames come from a day ahead, and then the clock is right again.
    let script = "
        1 10.0.0.1:40000 > 10.0.0.9:80 S seq=1
        86403 10.0.0.2:40000 > 10.0.0.9:80 S seq=1
        5 10.0.0.3:40000 > 10.0.0.9:80 S seq=1";
    for (told, to, ahead) in [
        // What is saved has no other clock.
        (&[][..], 86_403, None),
        (&[6], 6, Some(86_403)),
        (&[86_404, 6], 6, Some(86_404)),
        (&[6, 86_404], 86_404, None),
        // Who reads may be late.
        (&[86_350], 86_403, None),
    ] {
        let mut engine = watching();
        for line in parse(script) {
            ingest(&mut engine, &line);
        }
        for second in told {
            engine.reach(at(*second));
        }
        let snapshot = snapshot(engine);
        let coverage = &snapshot.coverage;
        let expected = (Some(at(to)), ahead.map(at));
        assert_eq!((coverage.to, coverage.ahead), expected, "{told:?}");
        assert_eq!(coverage.from, Some(at(1)), "{told:?}");
        let Answer::Flows(view) = ask(&snapshot, Operation::Flows, "window=1m&state=active") else {
            panic!("flows were asked for");
        };
        let of_late = if to == 6 { 2 } else { 1 };
        assert_eq!(view.total, of_late, "{told:?}");
        let warnings = view.coverage.warnings;
        assert_eq!(warnings.len(), usize::from(ahead.is_some()), "{told:?}");
        let text = "up to 1970-01-02T00:00:03.000000000Z, 86397 s after the time that it tells";
        let is_told = warnings.iter().any(|warning| warning.contains(text));
        assert_eq!(is_told, ahead == Some(86_403), "{warnings:?}");
    }
}

#[test]
fn a_pod_that_went_is_forgotten_and_one_that_is_there_is_not() {
    let mut engine = watching();
    for change in changes(
        "@1 pod shop/gone uid=a ip=10.0.0.1 start=0
        @20 -pod shop/gone uid=a ip=10.0.0.1 start=0
        @2 pod shop/here uid=b ip=10.0.0.9 start=0",
    ) {
        engine.apply(change);
    }
    for line in parse(SCRIPT) {
        ingest(&mut engine, &line);
    }
    engine.forget(at(60));
    let Answer::Flows(view) = ask(&snapshot(engine), Operation::Flows, "start=80") else {
        panic!("flows were asked for");
    };
    let pods: Vec<_> = view
        .flows
        .iter()
        .map(|flow| (flow.client.pod.as_deref(), flow.server.pod.as_deref()))
        .collect();
    assert_eq!(pods, [(None, Some("here"))]);
}

#[test]
fn the_packets_of_sockets_that_are_left_out_are_counted_as_such() {
    let own = |protocol, near, far: &str| Socket {
        protocol,
        near: endpoint(near),
        far: (!far.is_empty()).then(|| endpoint(far)),
    };
    for (socket, excluded) in [
        (own(Protocol::Tcp, "10.0.0.9:80", ""), 8),
        (own(Protocol::Udp, "10.0.0.9:80", ""), 0),
        (own(Protocol::Tcp, "10.0.0.1:40000", "10.0.0.9:80"), 3),
        (own(Protocol::Tcp, "10.0.0.9:80", "10.0.0.1:40000"), 3),
        (own(Protocol::Tcp, "10.0.0.1:40000", "10.0.0.9:81"), 0),
        (own(Protocol::Udp, "10.0.0.1:40000", "10.0.0.9:80"), 0),
    ] {
        let mut engine = watching();
        engine.exclude_sockets([socket].into());
        for line in parse(SCRIPT) {
            ingest(&mut engine, &line);
        }
        let coverage = snapshot(engine).coverage;
        let skipped: Vec<_> = coverage.skipped().collect();
        let expected = Some((SkipReason::Excluded, excluded)).filter(|_| excluded > 0);
        assert_eq!(
            skipped,
            expected.into_iter().collect::<Vec<_>>(),
            "{socket:?}"
        );
        assert_eq!(coverage.counted, 8 - excluded, "{socket:?}");
        assert!(coverage.closes(), "{socket:?}");
    }
}

fn endpoint(text: &str) -> Endpoint {
    let address: SocketAddr = text.parse().unwrap();
    Endpoint {
        address: address.ip(),
        port: address.port(),
    }
}

/// A client's short connection at a second, one of many clients; it asks a name server before.
fn short(second: u64) -> Vec<Line> {
    let client = format!("10.{}.{}.7", second / 250 % 250, second % 250);
    let port = 30_000 + second % 20_000;
    parse(&format!(
        "{second}.1 {client}:{port} > 10.0.0.9:80 S seq={second}
        {second}.2 10.0.0.9:80 > {client}:{port} SA seq=1 ack={}
        {second}.3 {client}:{port} > 10.0.0.9:80 R seq={}
        {second}.4 {client}:5000 > 10.0.0.53:53 udp len=30
        {second}.5 10.9.9.9:50000 > 10.0.0.9:443 A seq={second} len=1",
        second + 1,
        second + 1
    ))
}

/// Intervals of flows and records of connections.
fn held(snapshot: &Snapshot) -> (usize, usize) {
    let flows = snapshot.flows.iter();
    let intervals = flows.map(|flow| flow.intervals.len()).sum();
    (intervals, snapshot.connections.len())
}

#[test]
fn hours_of_packets_take_as_much_memory_as_what_is_kept_of_them() {
    let mut engine = watching();
    let mut held_then = Vec::new();
    for second in 1..=4 * 3_600 {
        for line in short(second) {
            ingest(&mut engine, &line);
        }
        if second % 10 == 0 {
            engine.reach(at(second));
            engine.expire(at(second));
            engine.forget(at(second).saturating_sub(std::time::Duration::from_nanos(RETENTION)));
        }
        if second % 1_800 == 0 {
            held_then.push(held(&engine.snapshot(provenance())));
        }
    }
    // Of ten minutes and a second: a short connection and a question a second, and one connection
    // that goes on, whose start is kept as one interval more.
    assert_eq!(held_then, [(1_264, 1_203); 8]);
}

#[test]
fn interfaces_that_come_and_go_are_no_more_than_those_of_what_is_kept() {
    let churning = |places| {
        let mut settings = Settings::default();
        settings.limits.places = places;
        let mut engine = Engine::new(settings);
        // Each minute another pod on another interface, which its node's own shows as well.
        for minute in 1..=1_000_u32 {
            let second = u64::from(minute) * 60;
            for line in short(second) {
                for (interface, direction) in
                    [(minute + 1, Direction::Incoming), (1, Direction::Outgoing)]
                {
                    let origin = Origin {
                        source: 1,
                        interface,
                        direction,
                    };
                    ingest_at(&mut engine, &line, origin);
                }
            }
            engine.reach(at(second));
            engine.expire(at(second));
            engine.forget(at(second.saturating_sub(600)));
        }
        snapshot(engine)
    };
    let (crowded, roomy) = (churning(30), churning(10_000));
    assert_eq!((crowded.coverage.evicted, roomy.coverage.evicted), (0, 0));
    assert_eq!(flows(&crowded), flows(&roomy));
}

/// An engine in which three interfaces are a crowd.
fn crowded() -> Engine {
    let mut settings = Settings::default();
    settings.limits.places = 4;
    settings.limits.connection_records = 100;
    Engine::new(settings)
}

const fn incoming(interface: u32) -> Origin {
    Origin {
        source: 1,
        interface,
        direction: Direction::Incoming,
    }
}

#[test]
fn what_is_open_keeps_its_interface() {
    let mut engine = crowded();
    let see = |engine: &mut Engine, line: &str, interface| {
        ingest_at(engine, &parse(line)[0], incoming(interface));
    };
    see(&mut engine, "1 10.0.0.1:40000 > 10.0.0.9:80 S seq=1", 1);
    see(&mut engine, "2 10.0.0.2:40000 > 10.0.0.9:80 S seq=1", 2);
    engine.forget(at(60));
    // The other way round: numbers that were given anew would be exchanged.
    see(&mut engine, "70 10.0.0.2:40000 > 10.0.0.9:80 A seq=2", 2);
    see(&mut engine, "71 10.0.0.1:40000 > 10.0.0.9:80 A seq=2", 1);
    let Answer::Connections(view) = ask(&snapshot(engine), Operation::Connections, "limit=100")
    else {
        panic!("connections were asked for")
    };
    assert_eq!(view.total, 2);
}

#[test]
fn a_first_fragment_of_a_tunnel_keeps_its_interface() {
    let mut engine = crowded();
    // VXLAN around a segment, in two fragments: the first one has it whole.
    let inner = parse("1 10.244.1.2:40000 > 10.244.2.3:80 S seq=1")[0].octets();
    let ethernet = [&[0; 12][..], &[8, 0], &inner].concat();
    let vxlan = [&[8, 0, 0, 0, 0, 0, 1, 0][..], &ethernet].concat();
    let mut outer = parse("1 10.0.0.1:40000 > 10.0.0.2:4789 udp len=0")[0].octets();
    outer.extend(vxlan);
    let len = u16::try_from(outer.len()).unwrap();
    outer[2..4].copy_from_slice(&len.to_be_bytes());
    let fragment = |more: u8, place: u8| {
        let mut octets = outer.clone();
        octets[4..8].copy_from_slice(&[0, 7, more, place]);
        octets
    };
    let see = |engine: &mut Engine, second, octets: &[u8], interface| {
        engine.ingest(&Frame {
            time: at(second),
            link: LinkType::RAW,
            data: octets,
            original_len: u32::try_from(octets.len()).unwrap(),
            offload: Offload::Unknown,
            origin: incoming(interface),
        });
    };
    see(&mut engine, 1, &fragment(0x20, 0), 1);
    // What is silent for five minutes is over, as its number would be.
    engine.expire(at(400));
    engine.forget(at(390));
    let other = parse("1 10.0.0.5:40000 > 10.0.0.6:80 S seq=1")[0].octets();
    see(&mut engine, 1, &other, 2);
    see(&mut engine, 1, &other, 3);
    see(&mut engine, 2, &fragment(0, 100), 1);
    let coverage = snapshot(engine).coverage;
    let skipped: Vec<_> = coverage
        .skipped()
        .filter(|(_, frames)| *frames > 0)
        .collect();
    assert_eq!(skipped, [(SkipReason::TunnelFragment, 1)]);
}

proptest! {
    #[test]
    fn forgetting_changes_no_count_of_what_came_after(
        lines in lines(), place in 0..60_usize, back in 0..400_u64,
    ) {
        let mut keeps = watching();
        let mut forgets = watching();
        let mut before = Timestamp::MIN;
        for (number, line) in lines.iter().enumerate() {
            ingest(&mut keeps, line);
            ingest(&mut forgets, line);
            if number == place {
                before = at((line.nanos / SECOND).saturating_sub(back) / 10 * 10);
                forgets.forget(before);
            }
        }
        let counts = |engine| {
            let snapshot = snapshot(engine);
            let asked = format!("start={}", before.as_nanos() / SECOND);
            let Answer::Summary(sum) = ask(&snapshot, Operation::Summary, &asked)
            else { panic!("a summary was asked for") };
            // Rows would not do: an answer to a SYN that is forgotten tells nobody who the server was,
            // so what was open and silent may be in a row of its own, which nothing shows.
            let asked = format!("{asked}&limit=10000&format=full");
            let Answer::Connections(view) = ask(&snapshot, Operation::Connections, &asked)
            else { panic!("connections were asked for") };
            (sum.total_bytes, sum.wire_pkts, view.total)
        };
        prop_assert_eq!(counts(forgets), counts(keeps));
    }
}

#[test]
fn what_is_over_makes_room_while_frames_come() {
    const A_SECOND: u32 = 300;
    let mut settings = Settings::default();
    settings.limits.connections = 60_000;
    let mut engine = Engine::new(settings);
    // Questions, each from a port of its own and over after a minute. Who is over is looked for when
    // as many frames have come as half of those there are: twice 18 000 and a little at most.
    for number in 0..400 * A_SECOND {
        let [_, high, low, _] = number.to_be_bytes();
        let client = [10, 0, high, low].into();
        let source = SocketAddr::new(client, 1_024 + u16::try_from(number % 256).unwrap());
        ingest(
            &mut engine,
            &Line {
                nanos: u64::from(number) * SECOND / u64::from(A_SECOND),
                source,
                destination: "10.0.0.9:53".parse().unwrap(),
                flags: None,
                seq: 0,
                ack: 0,
                len: 10,
                id: 0,
                offload: Offload::Unknown,
            },
        );
    }
    let coverage = snapshot(engine).coverage;
    assert_eq!((coverage.counted, coverage.evicted), (120_000, 0));
}

#[test]
fn of_those_that_are_silent_equally_long_no_more_go_than_must() {
    let mut settings = Settings::default();
    settings.limits.connections = 16;
    let mut engine = Engine::new(settings);
    for port in 1..=17 {
        let line = format!("1 10.0.0.1:{port} > 10.0.0.9:53 udp len=10");
        ingest(&mut engine, &parse(&line)[0]);
    }
    // One in eight, and the one at which they part.
    assert_eq!(snapshot(engine).coverage.evicted, 3);
}
