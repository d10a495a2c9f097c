//! Arguments in the forms that clients write them in.

use analyzer::query::Operation;
use serde_json::json;

use crate::client::Server;
use crate::mcp::{call, lesson};

#[test]
fn null_is_nothing_and_a_list_is_alternatives() {
    let server = Server::ready();
    let rows = |arguments| call(&server, Operation::Flows, arguments).unwrap()["flows"].take();
    assert_eq!(rows(json!({"ns": null})), rows(json!({})));
    assert_eq!(
        rows(json!({"ns": ["shop", "data"]})),
        rows(json!({"ns": "shop,data"}))
    );
    assert_eq!(
        rows(json!({"port": [80, "443"]})),
        rows(json!({"port": "80,443"}))
    );
}

#[test]
fn a_whole_number_may_be_written_with_a_point() {
    let server = Server::ready();
    let rows = |arguments| call(&server, Operation::Flows, arguments).unwrap()["flows"].take();
    assert_eq!(
        rows(json!({"limit": 2.0, "max_tokens": 4e3, "port": [80.0, 443]})),
        rows(json!({"limit": 2, "max_tokens": 4_000, "port": [80, 443]}))
    );
    let beyond = lesson(&server, Operation::Flows, json!({"limit": 1e99}));
    assert_eq!(
        beyond["error"],
        "limit: `1e+99` is not a whole number, expected 1 to 10000"
    );
}
