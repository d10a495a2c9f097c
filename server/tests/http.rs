//! The server over real sockets, with a small cluster's traffic made here.

#![cfg(test)]

#[path = "http/answers.rs"]
mod answers;
#[path = "http/arguments.rs"]
mod arguments;
#[path = "http/at_hand.rs"]
mod at_hand;
#[path = "http/client.rs"]
mod client;
#[path = "http/counting.rs"]
mod counting;
#[path = "http/cutting.rs"]
mod cutting;
#[path = "http/documentation.rs"]
mod documentation;
#[path = "http/guard.rs"]
mod guard;
#[path = "http/life.rs"]
mod life;
#[path = "http/limits.rs"]
mod limits;
#[path = "http/mcp.rs"]
mod mcp;
#[path = "http/metrics.rs"]
mod metrics;
#[path = "http/query_string.rs"]
mod query_string;
#[path = "http/readiness.rs"]
mod readiness;
#[path = "http/refusals.rs"]
mod refusals;
#[path = "http/traffic.rs"]
mod traffic;
