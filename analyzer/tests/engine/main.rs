//! The engine from frames to answers: traffic in as packet scripts, answers out as snapshots.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "a test that meets the unexpected fails, and its text is short"
)]

use analyzer::{cluster, protocol, time};

#[path = "../../src/cluster/tests/script.rs"]
#[expect(
    dead_code,
    reason = "questions to a directory are asked where it is made"
)]
mod cluster_script;
mod coarsening;
mod connections;
mod halves;
mod handshakes;
mod hops;
mod invariants;
mod joins;
mod names;
mod queries;
mod offload;
mod owners;
mod retention;
mod roles;
mod script;
mod translations;
mod windows;
mod workers;
