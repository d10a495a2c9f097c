//! The life of a TCP connection as far as a watcher needs it: who opened, when it closed.
//!
//! **Source** RFC 9293 §3.5 (opening, simultaneous open), §3.6 (closing).

use crate::connection::EndReason;
use crate::connection::handshake::HandshakeTimes;
use crate::endpoint::{BySide, Side};
use crate::packet::Segment;
use crate::time::Timestamp;

/// The flag bits of a TCP header (RFC 9293 §3.1).
pub mod flag {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronize sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// The acknowledgement number counts.
    pub const ACK: u8 = 0x10;

    /// Flags as letters, the lowest bit first: FIN SYN RST PSH ACK URG ECE CWR.
    #[must_use]
    pub fn letters(flags: u8) -> String {
        let named = "FSRPAUEC".chars().enumerate();
        named
            .filter(|(bit, _)| flags & (1 << bit) != 0)
            .map(|(_, letter)| letter)
            .collect()
    }
}

/// What the segments of a connection have said so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpLife {
    /// All flags a side has sent, or-ed.
    pub flags: BySide<u8>,
    /// Who sent the SYN or received the SYN-ACK.
    pub client: Option<Side>,
    /// Whether the server was seen to answer with SYN-ACK.
    pub answered: bool,
    /// When both had sent FIN or one RST, and which it was.
    pub closed: Option<(Timestamp, EndReason)>,
    /// The times of the opening.
    pub handshake: HandshakeTimes,
    initial_seq: BySide<Option<u32>>,
}

impl TcpLife {
    /// Whether a SYN or SYN-ACK begins another connection on the same five-tuple.
    ///
    /// A side's second SYN does when its sequence number is another one. A side's first SYN
    /// continues only an opening: the other side's SYN, known or acknowledged, and no data before.
    #[must_use]
    pub fn is_new_syn(&self, from: Side, segment: &Segment, sent_before: bool) -> bool {
        match self.initial_seq.get(from) {
            Some(known) => *known != segment.seq,
            None => sent_before || self.initial_seq.get(from.other()).is_none(),
        }
    }

    /// Takes in the header of one segment.
    #[inline]
    pub fn observe(&mut self, time: Timestamp, from: Side, segment: &Segment, duplicate: bool) {
        *self.flags.get_mut(from) |= segment.flags;
        if segment.flags & flag::SYN != 0 {
            self.observe_syn(time, from, segment, duplicate);
        } else if self.handshake.awaits_ack() && self.client == Some(from) {
            self.handshake.observe_ack(time, segment);
        }
        if segment.flags & (flag::FIN | flag::RST) != 0 {
            self.observe_close(time, segment);
        }
    }

    fn observe_syn(&mut self, time: Timestamp, from: Side, segment: &Segment, duplicate: bool) {
        self.initial_seq.get_mut(from).get_or_insert(segment.seq);
        if segment.flags & flag::ACK == 0 {
            self.client.get_or_insert(from);
            self.handshake.observe_syn(time, duplicate);
        } else {
            let acknowledged = segment.ack.wrapping_sub(1);
            self.initial_seq
                .get_mut(from.other())
                .get_or_insert(acknowledged);
            self.client.get_or_insert(from.other());
            self.answered |= self.client == Some(from.other());
            self.handshake.observe_syn_ack(time, duplicate);
        }
    }

    fn observe_close(&mut self, time: Timestamp, segment: &Segment) {
        let both_fin = self.flags.low & self.flags.high & flag::FIN != 0;
        if segment.flags & flag::RST != 0 {
            self.closed.get_or_insert((time, EndReason::Rst));
        } else if both_fin {
            self.closed.get_or_insert((time, EndReason::Fin));
        }
    }
}
