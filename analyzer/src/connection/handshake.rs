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

/// The times seen so far; the end of time stands for none, to keep connections small.
#[derive(Clone, Copy, Debug)]
pub struct HandshakeTimes {
    syn: Timestamp,
    syn_ack: Timestamp,
    /// [`SPOILT`] when something was retransmitted.
    ack: Timestamp,
}

/// No packet has this time: it is the end of time.
const UNSEEN: Timestamp = Timestamp::MAX;
/// Nor this one.
const SPOILT: Timestamp = Timestamp::from_nanos(u64::MAX - 1);

impl Default for HandshakeTimes {
    fn default() -> Self {
        Self {
            syn: UNSEEN,
            syn_ack: UNSEEN,
            ack: UNSEEN,
        }
    }
}

impl HandshakeTimes {
    /// Takes a SYN; a second one spoils the sample unless it is the same frame seen twice.
    pub fn observe_syn(&mut self, time: Timestamp, duplicate: bool) {
        if self.syn == UNSEEN {
            self.syn = time;
        } else if !duplicate {
            self.ack = SPOILT;
        }
    }

    /// Takes a SYN-ACK, likewise.
    pub fn observe_syn_ack(&mut self, time: Timestamp, duplicate: bool) {
        if self.syn_ack == UNSEEN {
            self.syn_ack = time;
        } else if !duplicate {
            self.ack = SPOILT;
        }
    }

    /// Whether the opening lacks only the client's ACK.
    #[must_use]
    pub fn awaits_ack(&self) -> bool {
        self.syn_ack != UNSEEN && self.ack == UNSEEN
    }

    /// Takes the client's first segment after the SYN-ACK.
    pub const fn observe_ack(&mut self, time: Timestamp, segment: &Segment) {
        if segment.flags & flag::ACK != 0 && segment.flags & flag::RST == 0 {
            self.ack = time;
        }
    }

    /// The sample, if it is one.
    #[must_use]
    pub fn measured(&self) -> Option<Handshake> {
        let Self { syn, syn_ack, ack } = *self;
        if syn == UNSEEN || syn_ack == UNSEEN || ack == SPOILT || syn_ack < syn {
            return None;
        }
        let acknowledged = ack != UNSEEN && ack >= syn_ack;
        Some(Handshake {
            at: if acknowledged { ack } else { syn_ack },
            client_ns: syn_ack.nanos_since(syn),
            server_ns: acknowledged.then(|| ack.nanos_since(syn)),
        })
    }
}
