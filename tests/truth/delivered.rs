//! What the capture has of each direction: as many packets as the kernel of the receiver was
//! delivered.
//!
//! `truth.json` says how often the capture has each packet; where it cannot say so, the direction is
//! left aside here.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use analyzer::endpoint::Side;
use analyzer::protocol::Protocol;

use crate::{TrueFlow, replayed, truth};

/// From one address to another, of one protocol and one flow's server port.
type Direction = (Protocol, IpAddr, IpAddr, u16);

/// Packets and bytes by direction.
type Sent = BTreeMap<Direction, (u64, u64)>;

#[test]
fn counts_are_what_the_kernels_delivered() {
    let mut compared = 0;
    for entry in std::fs::read_dir("captures").unwrap() {
        let folder = entry.unwrap().path();
        let Some(truth) = truth(&folder) else {
            continue;
        };
        let counted = counted(&folder);
        for flow in &truth.flows {
            for (key, expected) in flow.captured_directions(tells_hops(&folder)) {
                let actual = counted.get(&key).copied().unwrap_or_default();
                assert_eq!(actual, expected, "{}: {key:?}", folder.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 150, "compared only {compared} directions");
}

impl TrueFlow {
    /// What each direction should count: every packet as often as the capture has it or, where
    /// hops are told apart, once.
    fn captured_directions(&self, tells_hops: bool) -> Vec<(Direction, (u64, u64))> {
        let (client, server, port) = (self.client.ip, self.server.ip, self.server.port.unwrap());
        let times = |captured: Option<u64>| {
            captured.map(|times| if tells_hops { times.min(1) } else { times })
        };
        let out = times(self.captured.client).map(|times| {
            let sent = (
                self.client_delivered_pkts * times,
                self.client_delivered_bytes * times,
            );
            ((self.proto, client, server, port), sent)
        });
        let back = times(self.captured.server).map(|times| {
            let sent = (
                self.server_delivered_pkts * times,
                self.server_delivered_bytes * times,
            );
            ((self.proto, server, client, port), sent)
        });
        out.into_iter().chain(back).collect()
    }
}

fn tells_hops(folder: &Path) -> bool {
    let declared = std::fs::read_to_string(folder.join("scenario.yaml"));
    declared.is_ok_and(|text| text.contains("at:"))
}

fn counted(folder: &Path) -> Sent {
    let mut sent = Sent::new();
    for connection in replayed(folder).connections {
        let record = connection.record;
        // Either end may be the server: the truth knows which, the capture need not.
        let one_port = record.key.low.port == record.key.high.port;
        let sides: &[Side] = if one_port {
            &[Side::Low]
        } else {
            &[Side::Low, Side::High]
        };
        for &side in sides {
            let (client, server) = (record.key.endpoint(side), record.key.endpoint(side.other()));
            let (out, back) = (record.total.get(side), record.total.get(side.other()));
            let directions = [
                (client.address, server.address, out),
                (server.address, client.address, back),
            ];
            for (from, to, traffic) in directions {
                let key = (record.key.protocol, from, to, server.port);
                let counts = sent.entry(key).or_default();
                counts.0 += traffic.packets;
                counts.1 += traffic.ip_bytes;
            }
        }
    }
    sent
}
