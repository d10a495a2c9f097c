//! Rules over one flow, and rules that are wrong.

use std::fs;

use serde_json::json;

use super::*;
use crate::rules::evaluate::Budget;
use crate::rules::schema::{Field as Known, Kind, answer_fields, flow as fields_of_a_flow};

fn flow() -> serde_json::Value {
    json!({
        "proto": "tcp",
        "client": {"ip": "10.0.0.1", "ns": "shop", "workload": {"kind": "Deployment", "name": "cart"}},
        "server": {"ip": "203.0.113.10", "port": 443, "kind": "external", "dns": ["a.pay.example", "b.example"]},
        "client_stats": {"tx_pkts": 3, "rx_pkts": 4, "tx_bytes": 300, "rx_bytes": 18_446_744_073_709_551_615_u64},
        "totals": {"pkts": 14, "bytes": 1400, "pps": 1.5, "bps": 20.0},
        "connections": 2,
    })
}

fn holds(source: &str) -> Result<bool, &'static str> {
    let expression =
        Expression::parse(source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
    expression.holds(&flow(), &mut Budget::new(1_000_000))
}

#[test]
fn what_is_true_of_a_flow() {
    for source in [
        "true",
        "proto == 'tcp' && server.port == 443",
        "server.kind == \"external\" && server.dns.exists(n, n.endsWith(\".pay.example\"))",
        "client.workload.name in ['cart', 'web']",
        "server.dns.all(n, n.contains('example')) && server.dns.exists_one(n, n.startsWith('a'))",
        "size(server.dns) == 2 && server.dns[1] == 'b.example' && client.ip.size() == 8",
        "server.dns.filter(n, n != 'b.example').map(n, size(n)) == [13]",
        "client_stats.rx_bytes > 9223372036854775807",
        "totals.pps > 1 && totals.pps == 1.5 && 3 < 3.5",
        "totals.bytes / connections == 700 && totals.bytes % 3 == 2 && -connections == -2",
        "(connections > 1 ? 'many' : 'one') + '!' == 'many!'",
        "double(totals.bytes) / double(totals.pkts) == 100.0 && int(1.9) == 1 && string(7) == '7'",
        "has(client.workload.name) && !has(client.svc) && !has(client_stats.tcp_handshake_p50_us)",
        "first_seen == '' && client.svc == '' && server.svc == '' && size(client.dns) == 0",
        "false && 1 / 0 == 1 || true",
        "1 / 0 == 1 || true",
    ] {
        assert_eq!(holds(source), Ok(true), "{source}");
    }
}

#[test]
fn every_comparison_with_an_unknown_number_is_false() {
    let unknown = "client_stats.tcp_handshake_p99_us";
    for sign in ["<", "<=", ">", ">=", "==", "!="] {
        for source in [
            format!("{unknown} {sign} 5"),
            format!("5 {sign} {unknown}"),
            format!("{unknown} + 1 {sign} {unknown} * 2"),
            format!("-{unknown} {sign} wire.pps"),
        ] {
            let source = source.replace("wire.pps", "server_stats.tcp_handshake_p50_us");
            assert_eq!(holds(&source), Ok(false), "{source}");
        }
    }
    assert_eq!(holds("wire.pps < 1.0 || wire.pps >= 1.0"), Ok(false));
}

#[test]
fn what_data_makes_wrong_is_a_failure() {
    for (source, problem) in [
        ("1 / (connections - 2) == 1", "it divides by zero"),
        ("server.dns[2] == ''", "a list has no such item"),
        ("client_stats.rx_bytes * 2 > 1", "a number does not fit"),
    ] {
        assert_eq!(holds(source), Err(problem), "{source}");
    }
}

#[test]
fn no_expression_works_for_ever() {
    let list = format!("[{}]", vec!["1"; 100].join(","));
    let nested =
        format!("{list}.all(a, {list}.all(b, {list}.all(c, {list}.all(d, a + b + c + d > 0))))");
    assert_eq!(holds(&nested), Err("it takes too much work"));
    let doubled = format!(
        "['aaaaaaaaaaaaaaaa']{} != ['']",
        ".map(s, s + s)".repeat(40)
    );
    assert_eq!(holds(&doubled), Err("it takes too much work"));
    let shared = format!("[1]{} == []", ".map(x, [x, x, x, x])".repeat(30));
    assert!(Expression::parse(&shared).is_err() || holds(&shared) == Err("it takes too much work"));
    let mut budget = Budget::new(10);
    let expression = Expression::parse("1 + 1 + 1 + 1 + 1 + 1 + 1 == 7").unwrap();
    assert!(expression.holds(&flow(), &mut budget).is_err() && budget.is_spent());
}

#[test]
fn work_on_long_texts_is_counted_by_their_length() {
    let list = format!("[{}]", vec!["1"; 200].join(","));
    let text = format!("['a']{}", ".map(s, s + s + s + s)".repeat(8));
    for work in [
        "size(s) > 0",
        "s.contains('b') || true",
        "s != 'b'",
        "[s][0] != ''",
    ] {
        let often = format!("{text}.all(s, {list}.all(n, {work}))");
        assert_eq!(holds(&often), Err("it takes too much work"), "{work}");
        let once = format!("{text}.all(s, {work})");
        assert_eq!(holds(&once), Ok(true), "{work}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let wrong = [
        "server.svcc == 'redis'",
        "sever.svc == 'redis'",
        "server.workload == 'cart'",
        "server.port == '443'",
        "server.svc > 5",
        "server.svc",
        "server.dns.exists(n, n > 5)",
        "server.dns.exists(n, m == '')",
        "server.dns == ['a', 1]",
        "server.svc.endswith('x')",
        "server.svc.endsWith(5)",
        "size(server.port) == 1",
        "server.port.number == 1",
        "has(server.workload)",
        "!server.port",
        "server.port ? true : false",
        "'a' in server.port",
        "{'a': 1} == {'a': 1}",
        "server.svc == null",
        "server.svc ==",
        "server.svc == 'redis",
        "größe == 1",
        "  ",
        "1 + 1.5 == 2.5",
        "server.svc == \"a\" &&\nclient.pots == 1",
    ];
    let told = wrong.map(|source| match Expression::parse(source) {
        Ok(_) => format!("{source}\n    is right"),
        Err(error) => format!("{source}\n    {}: {}", error.at, error.problem),
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn hostile_expressions_are_refused() {
    for source in [
        "(".repeat(100_000),
        "[".repeat(5_000),
        "!".repeat(3_999) + "true",
        "-".repeat(3_999),
        format!("1{}", "+1".repeat(1_900)),
        format!("client{}", ".client".repeat(500)),
        "a?".repeat(1_500),
        "x".repeat(10_000),
        "\u{0}\u{202e}".to_owned(),
        "server.dns".to_owned() + &".map(x, x)".repeat(390),
    ] {
        let refused = Expression::parse(&source);
        assert!(refused.is_err(), "{source:.20}");
    }
}

#[test]
fn a_file_says_where_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yaml");
    let told = [
        "rules:\n  - name: a\n    forbid: server.svc == \"redis\" && client.workload.nam != \"cart\"\n",
        "rules:\n  - name: a\n    forbid: >-\n      server.port == 1 &&\n      server.prot == 2\n",
        "rules:\n  - name: a\n    forbid: |\n      server.port == 1 &&\n      server.prot == 2\n",
        "rules:\n  - name: a\n    forbidden: true\n",
        "rules:\n  - name: a\n    forbid: 'true'\n    require: 'true'\n",
        "rules:\n  - name: a\n    forbid: 'true'\n    min_connections: 1\n",
        "rules:\n  - name: a\n    require: 'true'\n    min_connections: few\n",
        "rules:\n  - forbid: 'true'\n",
        "rules: []\n",
        "rules:\n  - name: a\n    forbid: 'true'\n  - name: a\n    forbid: 'true'\n",
        "rule: []\n",
        "- a\n",
        "a: [\n",
    ]
    .map(|text| {
        fs::write(&file, text).unwrap();
        let error = read(&file).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "")
    });
    insta::assert_snapshot!(told.join("\n"));
}

/// Every field of the view is known to rules: one that is not would be `None` here.
#[test]
fn the_schema_is_that_of_the_view() {
    fn example(fields: &[Known]) -> serde_json::Value {
        let value = |(name, kind): &Known| {
            let value = match (name.as_str(), kind) {
                ("ip", _) => json!("10.0.0.1"),
                ("first_seen" | "last_seen" | "timestamp", _) => {
                    json!("2026-11-22T10:00:00.000000000Z")
                }
                (_, Kind::Text) => json!("x"),
                (_, Kind::Word(words)) => json!(words[0]),
                (_, Kind::Whole) => json!(1),
                (_, Kind::Fraction) => json!(1.5),
                (_, Kind::Texts) => json!(["x"]),
                (_, Kind::Object(fields)) => example(fields),
            };
            (name.clone(), value)
        };
        serde_json::Value::Object(fields.iter().map(value).collect())
    }
    let all = example(fields_of_a_flow());
    let view: analyzer::query::view::FlowView = serde_json::from_value(all.clone()).unwrap();
    assert_eq!(serde_json::to_value(&view).unwrap(), all);
    let unknown = format!("{view:?}");
    assert!(
        !unknown.contains("None") && !unknown.contains("[]"),
        "{unknown}"
    );
}

#[test]
fn the_fields_of_answers_are_those_of_their_rows_and_of_coverage() {
    let known = answer_fields();
    for name in [
        "tcp_handshake_p99_us",
        "tcp_flags",
        "opened",
        "peers",
        "by_namespace",
        "unique_clients",
        "offload_segments",
        "forgotten",
        "warnings",
    ] {
        assert!(known.contains(name), "{name}");
    }
    // These are never in what is accepted, so to leave them out would do nothing.
    for name in ["coverage", "edges", "total", "truncated", "unchanged", "id"] {
        assert!(!known.contains(name), "{name}");
    }
}

/// The fields that are closed, with their words; only what is always known is never `""`.
#[test]
fn what_is_closed_is_one_of_its_words() {
    fn closed(path: &str, fields: &[Known], told: &mut Vec<String>) {
        for (name, kind) in fields {
            match kind {
                Kind::Word(words) => told.push(format!("{path}{name}: {words:?}")),
                Kind::Object(fields) => closed(&format!("{path}{name}."), fields, told),
                Kind::Text | Kind::Whole | Kind::Fraction | Kind::Texts => {}
            }
        }
    }
    let mut told = Vec::new();
    closed("", fields_of_a_flow(), &mut told);
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_text_that_never_occurs_is_refused() {
    let wrong = [
        "proto == 'TCP'",
        "proto == ''",
        "'open' == state",
        "state != 'open'",
        "server.port == 1 && server.kind in ['pod', 'pods']",
        "client.kind == (connections > 1 ? 'pod' : 'noode')",
        "[client.kind, server.kind].exists(kind, kind == 'nodes')",
        "'services' in [client.kind, server.kind]",
        "[proto] == ['sctp']",
        "observed == 'none'",
        "basis == 'syn-elsewhere'",
        "client.identity_basis == 'podip'",
        "server.svc_basis == 'call'",
        "proto < 'TCP'",
    ];
    let told = wrong.map(|source| match Expression::parse(source) {
        Ok(_) => format!("{source}\n    is right"),
        Err(error) => format!("{source}\n    {}: {}", error.at, error.problem),
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn words_are_texts() {
    for source in [
        "proto + server.kind == 'tcpexternal'",
        "size(proto) == 3 && proto.startsWith('t')",
        "client.kind == '' && state == \"\" && server.kind in ['external', '']",
        "[proto, 'udp'].exists(it, it == 'anything') || true",
        "client.workload.kind == 'Deployment' && server.kind != client.ns",
        "[server.kind, proto].all(it, it != 'pods')",
        "(proto == 'tcp' ? server.kind : 'mine') == 'external'",
    ] {
        assert_eq!(holds(source), Ok(true), "{source}");
    }
}
