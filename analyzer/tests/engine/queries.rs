//! Parameters: what they accept, and what they say when they do not.

use analyzer::query::parameter::parameters;
use analyzer::query::parse::RowLimit;
use analyzer::query::{Operation, Query};
use insta::assert_snapshot;

use crate::script::flows_asked;

const SCRIPT: &str = "
    0 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
    1 10.0.0.2:80 > 10.0.0.1:40000 SA seq=9 ack=2
    2 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 ack=10
    3 10.0.0.1:40000 > 10.0.0.3:53 udp len=500
    4 10.1.0.1:40000 > 10.0.0.1:443 udp
    5 [fd00::1]:40000 > [fd00::2]:53 udp";

fn error(operation: Operation, name: &str, value: &str) -> String {
    let pairs = [(name, value)];
    Query::parse(operation, pairs, RowLimit::Bounded)
        .unwrap_err()
        .to_string()
}

#[test]
fn an_address_matches_either_end_and_prefixes_one() {
    assert_snapshot!(flows_asked(SCRIPT, "ip=10.0.0.1"), @"
    tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1 connections, 2 packets 80 bytes out, 1 40 back, handshake 1000000us 2000000us
    udp 10.0.0.1 > 10.0.0.3:53 by Port, Active, 1 connections, 1 packets 528 bytes out, 0 0 back, handshake - -
    udp 10.1.0.1 > 10.0.0.1:443 by Port, Active, 1 connections, 1 packets 28 bytes out, 0 0 back, handshake - -
    ");
    assert_snapshot!(flows_asked(SCRIPT, "server_ip=10.0.0.1"), @"udp 10.1.0.1 > 10.0.0.1:443 by Port, Active, 1 connections, 1 packets 28 bytes out, 0 0 back, handshake - -");
    assert_snapshot!(flows_asked(SCRIPT, "client_ip=!10.0.0.0/8"), @"udp fd00::1 > fd00::2:53 by Port, Active, 1 connections, 1 packets 48 bytes out, 0 0 back, handshake - -");
}

#[test]
fn a_plus_that_was_not_escaped_is_still_an_offset() {
    let all = flows_asked(SCRIPT, "start=1970-01-01T00:00:00Z");
    assert_eq!(flows_asked(SCRIPT, "start=1970-01-01T01:00:00 01:00"), all);
}

#[test]
fn exclusions_must_hold_for_neither_end() {
    assert_snapshot!(flows_asked(SCRIPT, "ip=!10.0.0.2,!10.1.0.1"), @"
    udp 10.0.0.1 > 10.0.0.3:53 by Port, Active, 1 connections, 1 packets 528 bytes out, 0 0 back, handshake - -
    udp fd00::1 > fd00::2:53 by Port, Active, 1 connections, 1 packets 48 bytes out, 0 0 back, handshake - -
    ");
}

#[test]
fn alternatives_and_ports() {
    assert_snapshot!(flows_asked(SCRIPT, "port=53,443&l4proto=udp&ip=10.0.0.0/8"), @"
    udp 10.0.0.1 > 10.0.0.3:53 by Port, Active, 1 connections, 1 packets 528 bytes out, 0 0 back, handshake - -
    udp 10.1.0.1 > 10.0.0.1:443 by Port, Active, 1 connections, 1 packets 28 bytes out, 0 0 back, handshake - -
    ");
    assert_snapshot!(flows_asked(SCRIPT, "state=closed"), @"");
    assert_snapshot!(flows_asked(SCRIPT, "rtt_min=1s"), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1 connections, 2 packets 80 bytes out, 1 40 back, handshake 1000000us 2000000us");
    assert_snapshot!(flows_asked(SCRIPT, "rtt_min=1.1s"), @"");
}

#[test]
fn an_absent_name_passes_an_exclusion_and_fails_a_match() {
    assert_eq!(flows_asked(SCRIPT, "ns=!shop"), flows_asked(SCRIPT, ""));
    assert_eq!(flows_asked(SCRIPT, "ns=*"), "");
}

#[test]
fn wrong_values_are_said_with_what_was_expected() {
    let wrong = [
        ("limit", "0"),
        ("limit", "10001"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", ""),
        ("limit", "all"),
        ("limit", "99999999999999999999999"),
        ("offset", "-1"),
        ("port", "65536"),
        ("port", "80,"),
        ("l4proto", "icmp"),
        ("ip", "10.0.0.300"),
        ("ip", "10.0.0.0/33"),
        ("server_kind", "pods"),
        ("state", "open"),
        ("aggregate", "nod"),
        ("sort", "size"),
        ("format", "raw"),
        ("format", "json"),
        ("rtt_min", "10"),
        ("rtt_min", "-1s"),
        ("window", "0s"),
        ("window", "5"),
        ("start", "yesterday"),
        ("end", "1.2.3"),
        ("ns", ""),
        ("pod", "a,,b"),
        ("nss", "x"),
        ("namespace", "x"),
        ("src_ns", "x"),
        ("dst_svc", "x"),
        ("dst_filter", "x"),
        ("zzz", "x"),
        ("client_port", "80"),
    ];
    let said: String = wrong
        .iter()
        .map(|(n, v)| format!("{n}={v} → {}\n", error(Operation::Flows, n, v)))
        .collect();
    assert_snapshot!(said);
}

#[test]
fn parameters_that_contradict_each_other_or_repeat_are_refused() {
    let error = |pairs: &[(&str, &str)]| {
        Query::parse(Operation::Flows, pairs.iter().copied(), RowLimit::Bounded)
            .unwrap_err()
            .to_string()
    };
    assert_snapshot!(error(&[("ns", "a"), ("ns", "b")]), @"ns: given twice, expected once; separate alternatives by commas");
    assert_snapshot!(error(&[("start", "20"), ("end", "20")]), @"end: not after start, expected a later time");
    assert_snapshot!(error(&[("start", "2"), ("end", "20"), ("window", "5s")]), @"window: start and end are given already, expected at most one of them");
}

#[test]
fn an_operation_refuses_the_parameters_of_another() {
    assert_snapshot!(error(Operation::Summary, "limit", "5"), @"limit: not a parameter of summary, only of flows, connections, workloads, dependencies and diff");
    assert_snapshot!(error(Operation::Connections, "format", "json"), @"format: `json` is unknown, expected compact or full");
    assert_snapshot!(error(Operation::Workloads, "sort", "rtt"), @"sort: `rtt` is unknown, expected bytes, pkts, bps, pps, first_seen or last_seen");
    assert_snapshot!(error(Operation::Workloads, "state", "closed"), @"state: `closed` is unknown, expected active, idle or all");
    assert_snapshot!(error(Operation::Workloads, "of", "shop/cart"), @"of: not a parameter of workloads, only of dependencies");
    assert_snapshot!(error(Operation::Dependencies, "state", "idle"), @"state: `idle` is unknown, expected active or closed");
    assert_snapshot!(error(Operation::Dependencies, "format", "full"), @"format: `full` is unknown, expected json, mermaid or dot");
    assert_snapshot!(error(Operation::Dependencies, "depth", "2"), @"depth: given without of, expected of as well, such as of=shop/cart");
    assert_snapshot!(error(Operation::Dependencies, "of", ""), @"of: empty, expected a name such as shop/cart");
    assert_snapshot!(error(Operation::Connections, "aggregate", "pod"), @"aggregate: not a parameter of connections, only of flows");
}

#[test]
fn every_parameter_of_the_table_is_known_to_the_parser() {
    for operation in Operation::ALL {
        for parameter in parameters(operation) {
            let name = parameter.name.as_str();
            let mut pairs = vec![(name, sample(operation, name))];
            if ["direction", "depth"].contains(&name) {
                pairs.push(("of", "shop/cart"));
            }
            let parsed = Query::parse(operation, pairs, RowLimit::Bounded);
            assert!(parsed.is_ok(), "{}: {parsed:?}", parameter.name);
        }
    }
}

/// A value that each parameter takes.
fn sample(operation: Operation, name: &str) -> &'static str {
    match name
        .trim_start_matches("client_")
        .trim_start_matches("server_")
    {
        "ip" => "10.0.0.0/8",
        "kind" => "external",
        "l4proto" => "tcp",
        "port" | "limit" | "offset" | "start" | "end" => "5",
        "state" => "active",
        "rtt_min" | "window" => "5s",
        "aggregate" | "across" | "level" => "pod",
        "sort" => "pps",
        "format" if operation == Operation::Dependencies => "mermaid",
        "format" => "full",
        "direction" => "both",
        "depth" => "2",
        "a_window" | "b_window" => "0s/30s",
        "volume" | "rate" | "handshake" | "failures" => "20%",
        _ => "name*",
    }
}

#[test]
fn the_table_of_parameters_is_documented() {
    let table = |operation| -> String {
        parameters(operation)
            .iter()
            .map(|p| format!("{} {}: {}\n", p.name, p.value, p.help))
            .collect()
    };
    assert_snapshot!(table(Operation::Flows));
}
