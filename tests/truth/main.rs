//! Every scenario against its truth: what programs and kernels of the recorded machines counted,
//! apart from the capture.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

mod delivered;
mod ends;

use std::net::IpAddr;
use std::path::Path;

use analyzer::engine::Settings;
use analyzer::protocol::Protocol;
use analyzer::snapshot::Snapshot;
use replay::{Replay, ReplayInputs};
use serde::Deserialize;

/// A scenario's `truth.json`.
#[derive(Deserialize)]
struct Truth {
    flows: Vec<TrueFlow>,
}

/// What the two ends of a flow sent, and what of it the other end was delivered.
#[derive(Deserialize)]
struct TrueFlow {
    proto: Protocol,
    client: TrueEnd,
    server: TrueEnd,
    service: Option<TrueService>,
    /// Which ends were seen at their own interface, where that is said.
    observed: Option<String>,
    /// Connections: each has a client port of its own.
    client_ports: u64,
    client_sent_pkts: u64,
    client_sent_bytes: u64,
    client_delivered_pkts: u64,
    client_delivered_bytes: u64,
    server_sent_pkts: u64,
    server_sent_bytes: u64,
    server_delivered_pkts: u64,
    server_delivered_bytes: u64,
    captured: Captured,
}

#[derive(Deserialize)]
struct TrueEnd {
    ip: IpAddr,
    port: Option<u16>,
    name: String,
    kind: Option<String>,
}

/// The service that was called.
#[derive(Deserialize)]
struct TrueService {
    name: String,
}

/// How often each packet that an end's peer received is in the capture; null where that is not to
/// be told this simply.
#[derive(Deserialize)]
struct Captured {
    client: Option<u64>,
    server: Option<u64>,
}

/// The truth of a scenario's folder, if it has one.
fn truth(folder: &Path) -> Option<Truth> {
    let text = std::fs::read_to_string(folder.join("truth.json")).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// All that is known of a scenario at its end.
fn replayed(folder: &Path) -> Snapshot {
    let inputs = ReplayInputs {
        captures: vec![folder.to_owned()],
        ..ReplayInputs::default()
    };
    let mut settings = Settings::default();
    settings.limits.connection_records = 100_000;
    let mut replay = Replay::open(&inputs, settings).unwrap();
    while replay.step(1_000) {}
    replay.finish()
}
