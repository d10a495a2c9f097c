//! The engine from frames to answers: traffic in as packet scripts, answers out as snapshots.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "a test that meets the unexpected fails, and its text is short"
)]

mod connections;
mod handshakes;
mod invariants;
mod queries;
mod roles;
mod script;
mod windows;
