use serde_json::json;

use super::*;
use crate::expect::field::Tolerance;

fn answer(rows: Vec<Value>) -> Answer {
    let total = rows.len();
    Answer {
        rows: Rows::Lines(rows),
        total,
    }
}

fn flow(client: &str, ip: &str, bytes: u64) -> Value {
    json!({
        "proto": "tcp",
        "client": {"ip": ip, "pod": client, "ns": "shop"},
        "server": {"ip": "10.0.0.9", "port": 80, "pod": "cart", "ns": "shop"},
        "client_stats": {"tx_bytes": bytes},
    })
}

fn changes(was: Vec<Value>, is: Vec<Value>) -> Vec<Change> {
    compare(&answer(was), &answer(is), &Tolerances::default())
}

#[test]
fn the_same_rows_in_another_order_are_no_change() {
    let (one, other) = (flow("a", "10.0.0.1", 1), flow("b", "10.0.0.2", 2));
    let was = vec![one.clone(), other.clone()];
    assert_eq!(changes(was, vec![other, one]), []);
}

#[test]
fn rows_come_and_go() {
    let (one, other) = (flow("a", "10.0.0.1", 1), flow("b", "10.0.0.2", 2));
    assert_eq!(
        changes(vec![one.clone()], vec![other.clone()]),
        [Change::Gone(one), Change::Appeared(other)]
    );
}

#[test]
fn a_count_moves_alone() {
    let is = flow("a", "10.0.0.1", 2);
    let changed = changes(vec![flow("a", "10.0.0.1", 1)], vec![is.clone()]);
    let fields = vec![FieldChange {
        path: "client_stats.tx_bytes".to_owned(),
        was: Some(json!(1)),
        is: Some(json!(2)),
    }];
    assert_eq!(changed, [Change::Moved { row: is, fields }]);
}

#[test]
fn a_row_keeps_to_its_address_and_then_to_its_name() {
    for (was, is) in [
        (flow("a", "10.0.0.1", 1), flow("b", "10.0.0.1", 1)),
        (flow("a", "10.0.0.1", 1), flow("a", "10.0.0.2", 1)),
    ] {
        let changed = changes(vec![was.clone()], vec![is.clone()]);
        assert!(
            matches!(&changed[..], [Change::Renamed { was: a, is: b, .. }] if *a == was && *b == is),
            "{changed:?}"
        );
    }
}

#[test]
fn equal_rows_are_counted() {
    let row = flow("a", "10.0.0.1", 1);
    let changed = changes(vec![row.clone()], vec![row.clone(), row.clone()]);
    assert_eq!(changed, [Change::Appeared(row)]);
}

#[test]
fn what_is_tolerated_is_no_change() {
    let tolerances = [("bytes".to_owned(), Tolerance::Percent(50.0))];
    let was = answer(vec![flow("a", "10.0.0.1", 10)]);
    let is = answer(vec![flow("a", "10.0.0.1", 14)]);
    assert_eq!(compare(&was, &is, &Tolerances::new(tolerances.into())), []);
}

#[test]
fn a_total_that_moves_alone_is_told() {
    let rows = vec![flow("a", "10.0.0.1", 1)];
    let more = Answer {
        rows: Rows::Lines(rows.clone()),
        total: 9,
    };
    let changed = compare(&answer(rows), &more, &Tolerances::default());
    assert_eq!(changed, [Change::Total { was: 1, is: 9 }]);
}
