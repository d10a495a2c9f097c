//! Tests of CSV.

use std::collections::BTreeSet;

use analyzer::query::view::ConnectionView;
use serde_json::{Value, json};

use crate::cli::output::csv::{cell, connection, flow, quoted, text};

/// A connection that has everything a connection can have.
fn whole() -> Value {
    let end = json!({
        "ip": "10.0.0.1", "port": 1, "pod": "p", "ns": "n", "svc": "s", "node": "o", "kind": "pod",
        "workload": {"kind": "Deployment", "name": "w"}, "svc_basis": "endpoint", "svc_port": 2,
        "container_id": "c", "dns": ["a", "b"]
    });
    let stats = json!({
        "tx_pkts": 1, "rx_pkts": 2, "tx_bytes": 3, "rx_bytes": 4, "tcp_handshake_p50_us": 5,
        "tcp_handshake_p90_us": 6, "tcp_handshake_p99_us": 7, "tx_pps": 8.0, "rx_pps": 9.0,
        "tx_bps": 10.0, "rx_bps": 11.0, "timestamp": "2026-11-22T10:00:00Z"
    });
    let totals = json!({"pkts": 1, "bytes": 2, "pps": 3.0, "bps": 4.0});
    json!({
        "proto": "tcp", "client": end, "server": end, "client_stats": stats, "server_stats": stats,
        "totals": totals, "wire": totals, "observed": "between", "basis": "syn", "connections": 1,
        "state": "closed", "first_seen": "2026-11-22T10:00:00Z",
        "last_seen": "2026-11-22T10:00:01Z", "start": "2026-11-22T10:00:00Z", "duration_ns": 1,
        "end_reason": "fin", "tcp_flags": {"client": "S", "server": "SA"}
    })
}

/// The paths of everything in `value` that is no object.
fn leaves(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    let Value::Object(fields) = value else {
        found.insert(path.to_owned());
        return;
    };
    for (name, field) in fields {
        let below = match path {
            "" => name.clone(),
            _ => format!("{path}.{name}"),
        };
        leaves(field, &below, found);
    }
}

#[test]
fn every_field_of_a_connection_has_its_column() {
    let view: ConnectionView = serde_json::from_value(whole()).unwrap();
    let mut fields = BTreeSet::new();
    leaves(&serde_json::to_value(&view).unwrap(), "", &mut fields);
    assert_eq!(connection().into_iter().collect::<BTreeSet<_>>(), fields);
    let own = [
        "client.port",
        "duration_ns",
        "end_reason",
        "start",
        "tcp_flags.client",
        "tcp_flags.server",
    ];
    let of_flows: BTreeSet<String> = flow().into_iter().collect();
    assert_eq!(fields.difference(&of_flows).collect::<Vec<_>>(), own);
}

#[test]
fn quotes_follow_rfc_4180() {
    for (value, line) in [
        ("plain", "plain"),
        ("a,b", "\"a,b\""),
        ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("two\nlines", "\"two\nlines\""),
        ("", ""),
    ] {
        assert_eq!(quoted(value), line);
    }
}

#[test]
fn nothing_is_a_formula_or_a_command() {
    for (value, safe) in [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("\t=1", "\\u{9}=1"),
        ("\u{1b}[2J", "\\u{1b}[2J"),
        ("shop", "shop"),
    ] {
        assert_eq!(text(value), safe);
    }
}

#[test]
fn cells_are_the_values_of_the_json() {
    let row = whole();
    let at = |pointer: &str| cell(row.pointer(pointer));
    assert_eq!(at("/client/dns"), "a b");
    assert_eq!(at("/client_stats/tx_pps"), "8.0");
    assert_eq!(at("/client/port"), "1");
    assert_eq!(at("/client/nothing"), "");
}
