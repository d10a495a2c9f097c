//! Answers while a capture is still being read.

use std::sync::Arc;

use server::{Options, Progress, Published, Readiness};

use crate::client::Server;
use crate::traffic;

fn coverage(server: &Server) -> (bool, u64) {
    let reply = server.get("/mcp/flows");
    let answer: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let coverage = &answer["coverage"];
    (
        coverage["complete"].as_bool().unwrap(),
        coverage["frames"].as_u64().unwrap(),
    )
}

#[test]
fn answers_cover_what_was_read_and_say_so() {
    let source = Arc::new(Published::new(traffic::nothing()));
    let server = Server::start(Arc::clone(&source) as _, Options::default());
    assert_eq!(coverage(&server), (false, 0));
    source.publish(traffic::part());
    assert_eq!(coverage(&server), (false, 8));
    source.publish(traffic::whole());
    assert_eq!(coverage(&server), (true, 15));
}

#[test]
fn ready_means_read() {
    let source = Arc::new(Published::new(traffic::nothing()));
    let server = Server::start(Arc::clone(&source) as _, Options::default());
    let mut seen = Vec::new();
    for readiness in [
        Readiness::Reading(Progress::default()),
        Readiness::Reading(Progress {
            read_bytes: 1_048_576,
            total_bytes: Some(2_500_000_000),
        }),
        Readiness::Failed("shop.pcap: not a capture".to_owned()),
        Readiness::Ready,
    ] {
        source.set_readiness(readiness);
        let reply = server.get("/readyz");
        let retry = reply.header("retry-after").unwrap_or("never");
        seen.push(format!("{} (again: {retry})", reply.line()));
        assert_eq!(server.get("/healthz").line(), "200 ok");
    }
    insta::assert_snapshot!(seen.join("\n"));
}
