//! What the recorder writes, read back by replay.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets the unexpected fails, and one that is skipped says so"
)]

mod answers;
mod changes;
mod frames;
mod killed;
#[path = "../lab/namespace.rs"]
mod lab;
mod live_run;
mod node;
mod scenarios;
mod telling;
