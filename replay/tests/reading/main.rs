//! Captures, written here octet by octet, and what is read of them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed, and its numbers are small"
)]

mod ahead;
mod arguments;
mod builder;
mod compression;
mod concatenated;
mod corpus;
mod damage;
mod formats;
mod hostile;
mod merging;
mod pipes;
mod tolerances;
