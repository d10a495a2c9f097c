//! The ring on interfaces of namespaces that are made for a test. Needs root and `ip`; elsewhere
//! each test says that it is skipped.
#![cfg(all(test, target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that meets the unexpected fails, and one that is skipped says so"
)]

mod frames;
#[path = "../lab/namespace.rs"]
mod lab;
mod namespace;
