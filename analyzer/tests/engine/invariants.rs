//! The invariants of the engine, as properties of any traffic.

use std::net::{IpAddr, SocketAddr};

use analyzer::connection::handshake::Handshake;
use analyzer::connection::record::ConnectionRecord;
use analyzer::engine::{DuplicatePolicy, Engine, Settings};
use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::leg::samples::Samples;
use analyzer::leg::{Interval, Leg};
use analyzer::query::Operation;
use analyzer::snapshot::Snapshot;
use analyzer::time::Timestamp;
use analyzer::traffic::{IntervalIndex, Traffic};
use proptest::prelude::*;

use crate::script::{Line, ask, engine, ingest, parse, provenance, snapshot};

/// A packet between four hosts with few ports, so that connections, repeats and reuse abound.
fn line() -> impl Strategy<Value = (u64, Line)> {
    let gap = prop_oneof![
        4 => 0..2_000_000_u64,
        3 => 0..20_000_000_000_u64,
        1 => 50_000_000_000..400_000_000_000_u64,
    ];
    let port = prop::sample::select(vec![53_u16, 80, 7000, 40_000, 50_000]);
    let flags = prop::sample::select(vec![
        None,
        Some(2),
        Some(0x12),
        Some(0x10),
        Some(0x11),
        Some(4),
    ]);
    (
        gap,
        1..5_u8,
        1..5_u8,
        port.clone(),
        port,
        flags,
        0..3_u32,
        0..200_u16,
    )
        .prop_map(|(gap, from, to, source_port, port, flags, seq, len)| {
            let host = |n: u8, port| ([10, 0, 0, n], port).into();
            let (source, destination) = (host(from, source_port), host(to, port));
            let seq = seq | five_tuple(source, destination) << 8;
            (
                gap,
                Line {
                    nanos: 0,
                    source,
                    destination,
                    flags,
                    seq,
                    ack: seq,
                    len,
                    id: 0,
                    offload: Offload::Unknown,
                },
            )
        })
}

/// A number for each five-tuple: equal sequence numbers would be translations.
fn five_tuple(source: SocketAddr, destination: SocketAddr) -> u32 {
    let number = |end: SocketAddr| match end.ip() {
        IpAddr::V4(address) => u32::from(address.octets()[3]) << 5 | u32::from(end.port() % 17),
        IpAddr::V6(_) => 0,
    };
    number(source.min(destination)) << 8 | number(source.max(destination))
}

/// Up to sixty packets in order of time.
pub(crate) fn lines() -> impl Strategy<Value = Vec<Line>> {
    prop::collection::vec(line(), 0..60).prop_map(|lines| {
        let mut nanos = 0;
        let later = |(gap, line): (u64, Line)| {
            nanos += gap;
            Line { nanos, ..line }
        };
        lines.into_iter().map(later).collect()
    })
}

fn with_records(seed: u64) -> Settings {
    let mut settings = Settings {
        seed,
        ..Settings::default()
    };
    settings.limits.connection_records = 1_000;
    settings
}

/// Every answer to a snapshot, as JSON.
pub(crate) fn answers(engine: Engine) -> String {
    answers_of(&snapshot(engine))
}

fn answers_of(snapshot: &Snapshot) -> String {
    let asked = [
        (Operation::Flows, "format=full&limit=10000"),
        (Operation::Flows, "aggregate=node&format=full"),
        (Operation::Flows, "window=30s&format=full&sort=rtt"),
        (Operation::Summary, ""),
        (Operation::Connections, "limit=10000"),
    ];
    asked
        .map(|(operation, query)| serde_json::to_string(&ask(snapshot, operation, query)).unwrap())
        .join("\n")
}

fn records(lines: &[Line]) -> Vec<ConnectionRecord> {
    snapshot(engine(lines, with_records(0)))
        .connections
        .iter()
        .map(|c| c.record)
        .collect()
}

proptest! {
    #[test]
    fn every_frame_is_accounted_for(
        frames in prop::collection::vec(
            (0..300_u16, prop::collection::vec(any::<u8>(), 0..120), any::<u32>()), 0..40),
        lines in lines(),
    ) {
        let settings = Settings { duplicates: DuplicatePolicy::Copy, ..Settings::default() };
        let mut engine = engine(&lines, settings);
        for (link, data, time) in &frames {
            engine.ingest(&Frame {
                time: Timestamp::from_nanos(u64::from(*time)),
                link: LinkType(*link),
                original_len: u32::try_from(data.len()).unwrap(),
                offload: Offload::Unknown,
                data,
                origin: Origin::default(),
            });
        }
        let coverage = snapshot(engine).coverage;
        prop_assert_eq!(coverage.frames, (frames.len() + lines.len()) as u64);
        prop_assert!(coverage.closes(), "{:?}", coverage);
    }

    #[test]
    fn packets_of_flows_are_the_packets_counted(lines in lines()) {
        let snapshot = snapshot(engine(&lines, with_records(0)));
        let intervals = snapshot.flows.iter().flat_map(|flow| flow.intervals.iter());
        let in_flows: u64 = intervals.map(|i| i.forward.packets + i.backward.packets).sum();
        let in_connections: u64 = snapshot
            .connections
            .iter()
            .map(|c| c.record.total.low.packets + c.record.total.high.packets)
            .sum();
        prop_assert_eq!(in_flows, snapshot.coverage.counted);
        prop_assert_eq!(in_connections, snapshot.coverage.counted);
    }

    #[test]
    fn seeds_and_the_moments_of_expiry_change_no_answer(
        lines in lines(), seed: u64, expiries in prop::collection::vec(any::<bool>(), 60),
    ) {
        let mut expiring = Engine::new(with_records(seed));
        for (line, expire) in lines.iter().zip(expiries) {
            if expire {
                expiring.expire(Timestamp::from_nanos(line.nanos));
            }
            ingest(&mut expiring, line);
        }
        prop_assert_eq!(answers(expiring), answers(engine(&lines, with_records(0))));
    }

    #[test]
    fn a_snapshot_on_the_way_knows_just_what_was_seen(lines in lines(), at in 0..60_usize) {
        let seen = &lines[..at.min(lines.len())];
        let mut going_on = engine(seen, with_records(0));
        let on_the_way = answers_of(&going_on.snapshot(provenance()));
        prop_assert_eq!(on_the_way, answers(engine(seen, with_records(0))));
        for line in &lines[seen.len()..] {
            ingest(&mut going_on, line);
        }
        prop_assert_eq!(answers(going_on), answers(engine(&lines, with_records(0))));
    }

    #[test]
    fn connections_do_not_depend_on_what_other_connections_do(lines in lines()) {
        let all = records(&lines);
        let mut apart: Vec<ConnectionRecord> = Vec::new();
        let mut keys: Vec<_> = all.iter().map(|record| record.key).collect();
        keys.dedup();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let ends = |line: &Line| {
                let (a, b) = (line.source, line.destination);
                let pair = |e: analyzer::endpoint::Endpoint| (e.address, e.port);
                let mut ends = [(a.ip(), a.port()), (b.ip(), b.port())];
                ends.sort_unstable();
                let tcp = key.protocol == analyzer::protocol::Protocol::Tcp;
                ends == [pair(key.low), pair(key.high)] && line.flags.is_some() == tcp
            };
            let own: Vec<Line> = lines.iter().filter(|line| ends(line)).cloned().collect();
            let end = lines.last().cloned().unwrap();
            let mut engine = engine(&own, with_records(0));
            engine.ingest(&Frame {
                time: Timestamp::from_nanos(end.nanos),
                link: LinkType(0xffff),
                original_len: 0,
                offload: Offload::Unknown,
                data: &[],
                origin: Origin::default(),
            });
            apart.extend(snapshot(engine).connections.iter().map(|c| c.record));
        }
        apart.sort_by_key(|record| (record.first(), record.key));
        prop_assert_eq!(format!("{all:?}"), format!("{apart:?}"));
    }

    #[test]
    fn swapping_source_and_destination_swaps_directions_and_nothing_else(lines in lines()) {
        let swapped: Vec<Line> = lines.iter().cloned().map(Line::reversed).collect();
        let back = |record: ConnectionRecord| {
            // Of two equal endpoints there is only one side.
            if record.key.low == record.key.high {
                return record;
            }
            let (mut total, mut flags) = (record.total, record.flags);
            std::mem::swap(&mut total.low, &mut total.high);
            std::mem::swap(&mut flags.low, &mut flags.high);
            let client = record.client.map(analyzer::endpoint::Side::other);
            ConnectionRecord { total, flags, client, ..record }
        };
        let expected = records(&lines);
        let actual: Vec<_> = records(&swapped).into_iter().map(back).collect();
        prop_assert_eq!(format!("{actual:?}"), format!("{expected:?}"));
    }

    #[test]
    fn a_limit_loses_no_frame_and_is_counted(lines in lines(), limit in 1..5_usize) {
        let mut settings = with_records(0);
        settings.limits.connections = limit;
        settings.limits.connection_records = limit;
        let limited = snapshot(engine(&lines, settings));
        let free = snapshot(engine(&lines, with_records(0)));
        prop_assert!(limited.coverage.closes());
        prop_assert_eq!(limited.coverage.counted, free.coverage.counted);
        prop_assert!(limited.connections.len() <= limit);
        let kept = limited.connections.len() as u64 + limited.connections_not_kept;
        prop_assert!(kept >= free.connections.len() as u64, "folding early may only split");
        let intervals = limited.flows.iter().flat_map(|flow| flow.intervals.iter());
        let in_flows: u64 = intervals.map(|i| i.forward.packets + i.backward.packets).sum();
        prop_assert_eq!(in_flows, limited.coverage.counted);
        if kept > free.connections.len() as u64 {
            prop_assert!(limited.coverage.evicted > 0);
        }
    }
}

/// Traffic of one client to many servers, a packet a second.
fn servers(count: u8) -> Vec<Line> {
    let line = |n: u8| format!("{n} 10.0.0.1:40000 > 10.0.1.{n}:53 udp");
    parse(&(0..count).map(line).collect::<Vec<_>>().join("\n"))
}

#[test]
fn at_the_limit_of_intervals_the_oldest_go_and_the_newest_stay() {
    let mut settings = with_records(0);
    settings.limits.intervals = 40;
    let limited = snapshot(engine(&servers(100), settings));
    let counted = limited.flows.len() as u64;
    assert!((20..=40).contains(&counted), "{counted} flows are left");
    assert_eq!(counted + limited.coverage.evicted, 100);
    let newest = limited
        .flows
        .iter()
        .any(|flow| flow.key.server.address == IpAddr::from([10, 0, 1, 99]));
    assert!(newest, "the newest is among them");
    assert!(limited.coverage.closes());
}

#[test]
fn at_the_limit_within_one_interval_no_more_than_an_eighth_goes_at_once() {
    let mut settings = with_records(0);
    (settings.limits.intervals, settings.limits.connections) = (80, 80);
    let mut lines = servers(100);
    for line in &mut lines {
        line.nanos = 0;
    }
    let limited = snapshot(engine(&lines, settings));
    assert!(
        limited.flows.len() >= 60,
        "{} flows are left",
        limited.flows.len()
    );
    assert!(limited.coverage.evicted > 0);
}

#[test]
fn a_flow_that_goes_back_in_time_costs_no_more_than_others() {
    let line = |n: u64| format!("{} 10.0.0.1:40000 > 10.0.0.2:53 udp", 2_000_000 - n * 10);
    let lines = parse(&(0..100_000).map(line).collect::<Vec<_>>().join("\n"));
    let snapshot = snapshot(engine(&lines, with_records(0)));
    assert_eq!(snapshot.flows[0].intervals.len(), 100_000);
}

fn traffic() -> impl Strategy<Value = Traffic> {
    (0..9_u64, 0..9_u64, any::<u32>(), any::<u32>()).prop_map(|(packets, ip_bytes, first, last)| {
        let at = |nanos| Timestamp::from_nanos(u64::from(nanos));
        Traffic {
            packets,
            ip_bytes,
            first: at(first),
            last: at(last),
        }
    })
}

fn leg() -> impl Strategy<Value = Leg> {
    let interval = (
        0..4_u64,
        traffic(),
        traffic(),
        0..3_u32,
        0..3_u32,
        prop::option::of(any::<u64>()),
    );
    (any::<bool>(), prop::collection::vec(interval, 0..4)).prop_map(|(answered, intervals)| {
        let mut leg = Leg::default();
        leg.answered = answered;
        for (index, forward, backward, started, ended, handshake) in intervals {
            let index = IntervalIndex::of(Timestamp::from_nanos(index * IntervalIndex::NANOS));
            let mut handshakes = Samples::default();
            if let Some(client_ns) = handshake {
                handshakes.record(&Handshake {
                    at: Timestamp::MIN,
                    client_ns,
                    server_ns: None,
                });
            }
            let interval = Interval {
                period: index.into(),
                forward,
                backward,
                started,
                ended,
                handshakes,
            };
            leg.add(interval);
        }
        leg
    })
}

proptest! {
    #[test]
    fn merging_legs_is_associative_and_commutative_with_an_identity(
        a in leg(), b in leg(), c in leg(),
    ) {
        let merged = |x: &Leg, y: &Leg| {
            let mut sum = x.clone();
            sum.merge(y);
            sum
        };
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &Leg::default()), a.clone());
        prop_assert_eq!(merged(&Leg::default(), &a), a);
    }
}
