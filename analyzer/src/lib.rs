//! The flow engine of Pilotfish: frames and cluster changes in, snapshots and answers out.
//!
//! ```text
//! frame ──► packet ──► connection ──► leg ──► snapshot: flows ──► query ──► view
//! ```
//!
//! No I/O, no clock, no randomness: everything known arrives as a timestamped input, everything
//! seen is a pure function of a snapshot. Files stand in the order data meets them.

pub mod cluster;
pub mod frame;
pub mod packet;
pub mod protocol;
pub mod skip;
pub mod time;
