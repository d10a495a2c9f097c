//! The binary itself: commands, what they print and what they exit with.
//!
//! A test is a command line; its snapshot is the command, its exit code and both its outputs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

#[cfg(test)]
mod answers;
#[cfg(test)]
mod assert;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod files;
#[cfg(test)]
mod help;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod run;
#[cfg(all(test, unix))]
mod secured;
#[cfg(all(test, unix))]
mod server;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod surgery;
#[cfg(test)]
mod verify;
