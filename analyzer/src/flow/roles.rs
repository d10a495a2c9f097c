//! Client and server: which end of a leg asks and which answers, and how that is known.
//!
//! Rules are tried from the surest down; each later one runs only when all before say nothing.

use hashbrown::{HashMap, HashSet};

use crate::cluster::Directory;
use crate::endpoint::{Endpoint, Side};
use crate::flow::Basis;
use crate::flow::build::first_packets;
use crate::hop::HopId;
use crate::keyed::Keyed;
use crate::leg::{Ends, Leg, LegKey};
use crate::protocol::Protocol;
use crate::time::Timestamp;

/// Ports that only a privileged server binds (RFC 6335 §6, system ports).
const SYSTEM_PORTS_END: u16 = 1024;
/// Linux's default for `ip_local_port_range` begins here.
const EPHEMERAL_PORTS: u16 = 32768;

/// The knowledge of the whole that decides roles.
pub struct Roles<'a> {
    listeners: HashSet<Endpoint, Keyed>,
    /// When the ends of a conversation that several hops saw sent first, anywhere.
    firsts: HashMap<Conversation, (Timestamp, Timestamp), Keyed>,
    directory: &'a Directory,
    hashes: Keyed,
}

/// A protocol and two endpoints, the smaller one first.
type Conversation = (Protocol, Endpoint, Endpoint);

/// What is asked about two endpoints whose roles are not certain.
#[derive(Clone, Copy, Debug)]
pub struct Uncertain {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The smaller endpoint.
    pub low: Endpoint,
    /// The greater endpoint.
    pub high: Endpoint,
    /// When each of them sent first.
    pub first: (Timestamp, Timestamp),
}

impl<'a> Roles<'a> {
    /// Gathers who answered a SYN anywhere in the data.
    pub fn learn<'l>(
        legs: impl IntoIterator<Item = (&'l LegKey, &'l Leg)>,
        directory: &'a Directory,
        hashes: Keyed,
    ) -> Self {
        let mut roles = Self {
            listeners: HashSet::with_hasher(hashes),
            firsts: HashMap::with_hasher(hashes),
            directory,
            hashes,
        };
        for (key, leg) in legs {
            match key.ends {
                Ends::Roles { server, .. } if leg.answered => {
                    roles.listeners.insert(server);
                }
                Ends::Ports { low, high } if key.hop != HopId::BETWEEN => {
                    let (first_low, first_high) = first_packets(leg);
                    let firsts = roles.firsts.entry((key.protocol, low, high));
                    let firsts = firsts.or_insert((first_low, first_high));
                    *firsts = (firsts.0.min(first_low), firsts.1.min(first_high));
                }
                Ends::Roles { .. } | Ends::Ports { .. } => {}
            }
        }
        roles
    }

    /// The hashers of what is looked up in one snapshot.
    #[must_use]
    pub const fn hashes(&self) -> Keyed {
        self.hashes
    }

    /// Which side is the client, and how that is known.
    #[must_use]
    pub fn client_of(&self, uncertain: &Uncertain) -> (Side, Basis) {
        let Uncertain {
            protocol,
            low,
            high,
            first,
        } = *uncertain;
        let everywhere = self.firsts.get(&(protocol, low, high));
        let first = everywhere.copied().unwrap_or(first);
        let at = first.0.min(first.1);
        let server_rules = [
            (
                Basis::SynElsewhere,
                one_of(self.listens(protocol, low), self.listens(protocol, high)),
            ),
            (
                Basis::ServicePort,
                one_of(
                    self.serves(protocol, low, at),
                    self.serves(protocol, high, at),
                ),
            ),
            (Basis::Port, server_by_port(low.port, high.port)),
        ];
        let known = server_rules
            .into_iter()
            .find_map(|(basis, server)| Some((server?, basis)));
        match known {
            Some((server, basis)) => (server.other(), basis),
            None if first.0 <= first.1 => (Side::Low, Basis::FirstPacket),
            None => (Side::High, Basis::FirstPacket),
        }
    }

    fn listens(&self, protocol: Protocol, endpoint: Endpoint) -> bool {
        protocol == Protocol::Tcp && self.listeners.contains(&endpoint)
    }

    fn serves(&self, protocol: Protocol, endpoint: Endpoint, at: Timestamp) -> bool {
        self.directory
            .is_service_port(protocol, endpoint.address, endpoint.port, at)
    }
}

/// The side for which alone something holds.
fn one_of(low: bool, high: bool) -> Option<Side> {
    match (low, high) {
        (true, false) => Some(Side::Low),
        (false, true) => Some(Side::High),
        (true, true) | (false, false) => None,
    }
}

/// The server, when the port numbers tell.
#[must_use]
pub fn server_by_port(low: u16, high: u16) -> Option<Side> {
    one_of(low < SYSTEM_PORTS_END, high < SYSTEM_PORTS_END)
        .or_else(|| one_of(low < EPHEMERAL_PORTS, high < EPHEMERAL_PORTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_tell_the_server_when_only_one_fits() {
        let server = server_by_port;
        assert_eq!(server(53, 40_000), Some(Side::Low));
        assert_eq!(server(40_000, 443), Some(Side::High));
        assert_eq!(server(53, 123), None, "two system ports");
        assert_eq!(
            server(53, 5353),
            Some(Side::Low),
            "a system port before all"
        );
        assert_eq!(server(8080, 32_767), None, "neither is ephemeral");
        assert_eq!(server(8080, 32_768), Some(Side::Low));
        assert_eq!(server(40_000, 50_000), None, "both are ephemeral");
    }
}
