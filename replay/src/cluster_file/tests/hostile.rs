//! Whatever a file holds, it is read or refused.

use std::fmt::Write;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use objects::kept::READ;

use crate::cluster_file::decode;

/// Objects of every kind whose fields hold anything.
fn object() -> impl Strategy<Value = Value> {
    let kinds = vec![
        "Pod",
        "Service",
        "EndpointSlice",
        "Endpoints",
        "Node",
        "ReplicaSet",
        "List",
        "PodList",
    ];
    (
        prop::sample::select(kinds),
        value(),
        value(),
        value(),
        value(),
    )
        .prop_map(|(kind, metadata, spec, status, items)| {
            json!({"kind": kind, "metadata": metadata, "spec": spec, "status": status,
                   "items": items, "subsets": status, "endpoints": items, "ports": spec})
        })
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..70_000_u32).prop_map(Value::from),
        "[a-z0-9./:-]{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "10.0.0.1",
            "fd00::1",
            "10.0.0.0/8",
            "TCP",
            "None",
            "Pod",
            "Succeeded"
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(READ.to_vec()), inner, 0..6).prop_map(
                |map| map
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            ),
        ]
    })
}

/// The outcome without lines, which only YAML knows.
fn outcome(text: &str) -> String {
    match decode(Path::new("f"), text) {
        Ok(file) => format!("{file:?}"),
        Err(error) => {
            let error = error.to_string();
            error
                .split_once(": ")
                .map(|(_, problem)| problem.to_owned())
                .unwrap_or(error)
        }
    }
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..512)) {
        let text = String::from_utf8_lossy(&octets);
        let _ = decode(Path::new("f"), &text);
    }

    #[test]
    fn any_text_of_yaml_letters_is_read_or_refused(text in "[\\-{}\\[\\]:,&*<>|?#'\"!%@` \nak1~.]{0,200}") {
        let _ = decode(Path::new("f"), &text);
        let _ = decode(Path::new("f"), &format!("{{{text}"));
    }

    #[test]
    fn json_means_the_same_as_json_and_as_yaml(object in object()) {
        let text = object.to_string();
        prop_assert_eq!(outcome(&text), outcome(&format!("---\n{text}")));
    }
}

#[test]
fn aliases_cannot_multiply_without_bound() {
    let mut text = "kind: List\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{refs}]");
    }
    let error = decode(Path::new("f"), &text).unwrap_err().to_string();
    assert!(
        error.contains("more than 20000000 values: split the file"),
        "{error}"
    );
}
