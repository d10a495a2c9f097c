//! The engine from frames to answers: traffic in as packet scripts, answers out as snapshots.

mod connections;
mod handshakes;
mod invariants;
mod queries;
mod roles;
mod script;
mod windows;
