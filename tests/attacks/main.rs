//! Attacks on a server: the binary as it is run, and clients that mean no good.
//!
//! Each leaves the server answering, and its memory bounded.
#![cfg(all(test, target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod crowds;
mod log;
mod names;
mod requests;
mod server;
