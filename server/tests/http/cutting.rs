//! Rows that are longer than an answer may be.

use std::sync::Arc;

use analyzer::query::Operation;
use serde_json::{Value, json};
use server::{Options, Published, Readiness};

use crate::client::Server;
use crate::mcp::call;
use crate::traffic;

/// A server that has seen a scan of many ports beside other traffic.
fn scanned() -> Server {
    let source = Published::new(traffic::scanned());
    source.set_readiness(Readiness::Ready);
    Server::start(Arc::new(source), Options::default())
}

/// All pages of an answer, each beginning behind the one before.
fn pages(server: &Server, operation: Operation, mut arguments: Value) -> Vec<Value> {
    let (mut pages, mut rows) = (Vec::new(), 0);
    loop {
        let page = call(server, operation, arguments.clone()).unwrap();
        assert!(page.to_string().len() <= 6_000, "{page}");
        let shown = page["shown"].as_u64().unwrap();
        assert!(shown > 0, "a cursor that stands still: {page}");
        rows += shown;
        let (total, cursor) = (page["total"].as_u64().unwrap(), page["cursor"].clone());
        pages.push(page);
        if cursor.is_null() {
            assert_eq!(rows, total);
            return pages;
        }
        arguments["cursor"] = cursor;
    }
}

#[test]
fn a_row_longer_than_an_answer_is_cut_and_passed() {
    let server = scanned();
    for level in ["pod", "namespace"] {
        let asked = json!({"level": level, "max_tokens": 2_000});
        let pages = pages(&server, Operation::Dependencies, asked);
        let cut: Vec<&Value> = pages
            .iter()
            .filter(|page| page["left_out"]["ports"].is_u64())
            .collect();
        assert_eq!(cut.len(), 1, "{level}");
        let ports = cut[0]["edges"].as_array().unwrap().iter();
        let longest = ports.map(|edge| edge["ports"].as_array().unwrap().len());
        let kept = longest.max().unwrap() as u64;
        let lost = cut[0]["left_out"]["ports"].as_u64().unwrap();
        assert!(
            kept > 50 && kept + lost >= u64::from(traffic::SCANNED),
            "{kept} {lost}"
        );
        let hints = cut[0]["hints"].to_string();
        assert!(hints.contains("lists were shortened"), "{hints}");
    }
}

#[test]
fn who_asks_for_so_much_gets_long_rows_whole() {
    let server = scanned();
    let asked = json!({"level": "pod", "max_tokens": 100_000});
    let whole = call(&server, Operation::Dependencies, asked).unwrap();
    assert!(whole["left_out"].is_null() && whole["cursor"].is_null());
    let edges = whole["edges"].as_array().unwrap().iter();
    let longest = edges.map(|edge| edge["ports"].as_array().unwrap().len());
    assert!(longest.max() >= Some(usize::from(traffic::SCANNED)));
}

#[test]
fn where_there_are_no_namespaces_it_is_not_said_that_there_is_no_traffic() {
    let server = Server::start(
        Arc::new(Published::new(traffic::unnamed())),
        Options::default(),
    );
    let nothing = call(&server, Operation::Flows, json!({"ip": "192.0.2.1"})).unwrap();
    let message = nothing["no_match"]["message"].as_str().unwrap();
    assert!(
        message.contains("there is some, of no namespace"),
        "{message}"
    );
    let never = json!({"end": "1970-01-02T00:00:00Z"});
    let nothing = call(&server, Operation::Flows, never).unwrap();
    let message = nothing["no_match"]["message"].as_str().unwrap();
    assert!(
        message.contains("there is none in this window"),
        "{message}"
    );
}
