//! Sockets whose packets are left out: those of whoever watches.
//!
//! **Shape** nearly every packet is of other ports, which one bit tells.

use std::collections::BTreeSet;

use crate::endpoint::Endpoint;
use crate::packet::{Packet, Transport};
use crate::protocol::Protocol;

/// Bits in a word of the set of ports.
const BITS: usize = u64::BITS as usize;

/// A socket whose packets are left out. Others may have its endpoint too: of the other protocol, or
/// towards other ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Socket {
    /// Its protocol.
    pub protocol: Protocol,
    /// Its own endpoint.
    pub near: Endpoint,
    /// The other end; `None` where that may be anyone.
    pub far: Option<Endpoint>,
}

/// The sockets whose packets are left out.
#[derive(Clone, Debug)]
pub(super) struct Excluded {
    sockets: BTreeSet<Socket>,
    /// A bit for each port that one of them has.
    ports: Box<[u64; (u16::MAX as usize + 1) / BITS]>,
}

impl Excluded {
    /// `None` when there are none.
    pub(super) fn of(sockets: BTreeSet<Socket>) -> Option<Self> {
        let mut ports = Box::new([0; _]);
        for socket in &sockets {
            let (word, bit) = split(socket.near.port);
            if let Some(word) = ports.get_mut(word) {
                *word |= bit;
            }
        }
        (!sockets.is_empty()).then_some(Self { sockets, ports })
    }

    /// Whether a packet comes from or goes to one of them.
    #[inline]
    pub(super) fn holds(&self, packet: &Packet) -> bool {
        // A copy goes to who needs it in memory; the packet itself stays in registers.
        (self.has(packet.source_port) || self.has(packet.destination_port))
            && self.names(&Packet { ..*packet })
    }

    #[inline]
    fn has(&self, port: u16) -> bool {
        let (word, bit) = split(port);
        self.ports.get(word).is_some_and(|word| word & bit != 0)
    }

    #[cold]
    fn names(&self, packet: &Packet) -> bool {
        let protocol = match packet.transport {
            Transport::Tcp(_) => Protocol::Tcp,
            Transport::Udp => Protocol::Udp,
        };
        let source = Endpoint {
            address: packet.source,
            port: packet.source_port,
        };
        let destination = Endpoint {
            address: packet.destination,
            port: packet.destination_port,
        };
        let has = |near, far| {
            let socket = |far| Socket {
                protocol,
                near,
                far,
            };
            self.sockets.contains(&socket(None)) || self.sockets.contains(&socket(Some(far)))
        };
        has(source, destination) || has(destination, source)
    }
}

const fn split(port: u16) -> (usize, u64) {
    let port = port as usize;
    (port / BITS, 1 << (port % BITS))
}
