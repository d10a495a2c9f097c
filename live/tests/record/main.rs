//! What the recorder writes, read back by replay.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod answers;
mod changes;
mod frames;
mod killed;
mod scenarios;
mod telling;
