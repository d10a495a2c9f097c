//! A node that goes on counting between two answers.

use std::sync::Arc;

use analyzer::query::Operation;
use serde_json::{Value, json};
use server::{Options, Published};

use crate::client::Server;
use crate::mcp::call;
use crate::traffic;

/// Whether a note of an answer says this.
fn says(answer: &Value, part: &str) -> bool {
    let hints = answer["hints"].as_array().map_or(&[][..], Vec::as_slice);
    hints
        .iter()
        .any(|hint| hint.as_str().unwrap().contains(part))
}

#[test]
fn a_capture_is_read_to_its_end_and_a_live_node_has_none() {
    let live = traffic::live();
    for (snapshot, reads) in [
        (traffic::part(), true),
        (traffic::whole(), false),
        (live, false),
    ] {
        let server = Server::start(Arc::new(Published::new(snapshot)), Options::default());
        for operation in Operation::ALL {
            let answer = call(&server, operation, json!({})).unwrap();
            assert_eq!(says(&answer, "still reading"), reads, "{answer}");
        }
    }
}

#[test]
fn a_page_says_that_counts_moved_on_unless_its_window_was_over() {
    for (arguments, moves) in [
        (json!({"limit": 1}), true),
        (json!({"limit": 1, "end": "2026-11-22T10:00:20Z"}), true),
        (json!({"limit": 1, "end": "2026-11-22T10:00:10Z"}), false),
    ] {
        let source = Arc::new(Published::new(traffic::live()));
        let server = Server::start(Arc::clone(&source) as _, Options::default());
        let page = call(&server, Operation::Connections, arguments.clone()).unwrap();
        let mut next = arguments;
        next["cursor"] = page["cursor"].clone();
        let page = call(&server, Operation::Connections, next.clone()).unwrap();
        assert!(!says(&page, "repeat or miss"), "{page}");
        source.publish(traffic::live_on());
        for _ in 0..2 {
            let page = call(&server, Operation::Connections, next.clone()).unwrap();
            assert_eq!(says(&page, "repeat or miss"), moves, "{page}");
            next["cursor"] = page["cursor"].clone();
        }
    }
}

/// What a client does that asks a node for more rows than one answer holds.
#[test]
fn pages_of_a_window_that_is_over_agree_while_a_node_counts_on() {
    let source = Arc::new(Published::new(traffic::live()));
    let server = Server::start(Arc::clone(&source) as _, Options::default());
    let pages = || {
        let page = |offset: usize| {
            let path = format!("/mcp/connections?end=2026-11-22T10:00:10Z&limit=1&offset={offset}");
            let page: Value = serde_json::from_slice(&server.get(&path).body).unwrap();
            [
                page["total"].clone(),
                page["connections"][0]["client"].clone(),
            ]
        };
        [0, 1, 2].map(page)
    };
    let before = pages();
    assert!(before[2][1].is_object(), "{before:?}");
    source.publish(traffic::live_on());
    assert_eq!(pages(), before);
}
