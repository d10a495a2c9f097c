//! Endpoints whose packets are left out: those of whoever watches.
//!
//! **Shape** nearly every packet is of other ports, which one bit tells.

use std::collections::BTreeSet;

use crate::endpoint::Endpoint;
use crate::packet::Packet;

/// Bits in a word of the set of ports.
const BITS: usize = u64::BITS as usize;

/// The endpoints that are left out.
#[derive(Clone, Debug)]
pub(super) struct Excluded {
    endpoints: BTreeSet<Endpoint>,
    /// A bit for each port that one of them has.
    ports: Box<[u64; (u16::MAX as usize + 1) / BITS]>,
}

impl Excluded {
    /// `None` when there are none.
    pub(super) fn of(endpoints: BTreeSet<Endpoint>) -> Option<Self> {
        let mut ports = Box::new([0; _]);
        for endpoint in &endpoints {
            let (word, bit) = split(endpoint.port);
            if let Some(word) = ports.get_mut(word) {
                *word |= bit;
            }
        }
        (!endpoints.is_empty()).then_some(Self { endpoints, ports })
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
        let ends = [
            (packet.source, packet.source_port),
            (packet.destination, packet.destination_port),
        ];
        ends.into_iter()
            .any(|(address, port)| self.endpoints.contains(&Endpoint { address, port }))
    }
}

const fn split(port: u16) -> (usize, u64) {
    let port = port as usize;
    (port / BITS, 1 << (port % BITS))
}
