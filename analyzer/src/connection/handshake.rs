//! Handshake times: how long TCP's opening took, at one hop.
//!
//! **Units** nanoseconds between packets at this hop: the client's time is SYN to SYN-ACK, the
//! server's is SYN to ACK. **Time** a sample belongs to the moment of its last packet.
//! An opening with a retransmitted SYN or SYN-ACK is no sample: nobody can tell which was answered.

use crate::connection::tcp::flag;
use crate::packet::Segment;
use crate::time::Timestamp;

/// A measured opening.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handshake {
    /// When its last packet passed.
    pub at: Timestamp,
    /// SYN to SYN-ACK.
    pub client_ns: u64,
    /// SYN to ACK, once the ACK was seen.
    pub server_ns: Option<u64>,
}

/// The times seen so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct HandshakeTimes {
    syn: Option<Timestamp>,
    syn_ack: Option<Timestamp>,
    ack: Option<Timestamp>,
    retransmitted: bool,
}

impl HandshakeTimes {
    /// Takes a SYN; a second one spoils the sample unless it is the same frame seen twice.
    pub fn observe_syn(&mut self, time: Timestamp, duplicate: bool) {
        self.retransmitted |= self.syn.is_some() && !duplicate;
        self.syn.get_or_insert(time);
    }

    /// Takes a SYN-ACK, likewise.
    pub fn observe_syn_ack(&mut self, time: Timestamp, duplicate: bool) {
        self.retransmitted |= self.syn_ack.is_some() && !duplicate;
        self.syn_ack.get_or_insert(time);
    }

    /// Whether the opening lacks only the client's ACK.
    #[must_use]
    pub const fn awaits_ack(&self) -> bool {
        self.syn_ack.is_some() && self.ack.is_none()
    }

    /// Takes the client's first segment after the SYN-ACK.
    pub const fn observe_ack(&mut self, time: Timestamp, segment: &Segment) {
        if segment.flags & flag::ACK != 0 && segment.flags & flag::RST == 0 {
            self.ack = Some(time);
        }
    }

    /// The sample, if it is one.
    #[must_use]
    pub fn measured(&self) -> Option<Handshake> {
        let (syn, syn_ack) = (self.syn?, self.syn_ack?);
        if self.retransmitted || syn_ack < syn {
            return None;
        }
        let ack = self.ack.filter(|ack| *ack >= syn_ack);
        Some(Handshake {
            at: ack.unwrap_or(syn_ack),
            client_ns: syn_ack.nanos_since(syn),
            server_ns: ack.map(|ack| ack.nanos_since(syn)),
        })
    }
}
