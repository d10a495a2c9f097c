//! The flow engine of Pilotfish: frames and cluster changes in, snapshots and answers out.
//!
//! ```text
//! frame ──► packet ──► connection ──► leg ──► snapshot: flows ──► query ──► view
//! ```
//!
//! No I/O, no clock, no randomness: everything known arrives as a timestamped input, everything
//! seen is a pure function of a snapshot. Files stand in the order data meets them.

pub mod time;
pub mod name;
pub mod frame;
pub mod skip;
pub mod packet;
pub mod protocol;
pub mod endpoint;
pub mod hop;
pub mod era;
pub mod traffic;
pub mod sketch;
pub mod keyed;
pub mod prefetch;
pub mod index;
pub mod connection;
pub mod translation;
pub mod leg;
pub mod ledger;
pub mod fragments;
pub mod duplicates;
pub mod watermark;
pub mod workers;
pub mod cluster;
pub mod tenancy;
pub mod dns;
pub mod coverage;
pub mod vantage;
pub mod flow;
pub mod snapshot;
pub mod query;
pub mod engine;
