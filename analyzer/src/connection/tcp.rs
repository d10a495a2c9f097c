//! The life of a TCP connection as far as a watcher needs it: who opened, when it closed.
//!
//! **Source** RFC 9293 §3.5 (opening, simultaneous open), §3.6 (closing).

use std::mem;

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
    /// The times of the opening.
    pub handshake: HandshakeTimes,
    /// Which of FIN and RST closed it, and when.
    close_reason: Option<EndReason>,
    closed_at: Timestamp,
    /// Meant where `has_seq` says so.
    initial_seq: BySide<u32>,
    has_seq: BySide<bool>,
}

impl TcpLife {
    /// When both had sent FIN or one RST, and which it was.
    #[inline]
    #[must_use]
    pub fn closed(&self) -> Option<(Timestamp, EndReason)> {
        self.close_reason.map(|reason| (self.closed_at, reason))
    }

    /// The sequence number a side began with, as far as the opening told it.
    #[must_use]
    pub fn initial_seq(&self, side: Side) -> Option<u32> {
        self.has_seq
            .get(side)
            .then_some(*self.initial_seq.get(side))
    }

    /// Whether a SYN or SYN-ACK begins another connection on the same five-tuple.
    ///
    /// A side's second SYN does when its sequence number is another one. A side's first SYN
    /// continues only an opening: the other side's SYN, known or acknowledged, and no data before,
    /// unless it answers that SYN.
    #[must_use]
    pub fn is_new_syn(&self, from: Side, segment: &Segment, sent_before: bool) -> bool {
        if *self.has_seq.get(from) {
            return *self.initial_seq.get(from) != segment.seq;
        }
        match self.initial_seq(from.other()) {
            Some(seq) => sent_before && !acknowledges(segment, seq),
            None => true,
        }
    }

    /// Takes note of a reset that was seen elsewhere.
    pub fn reset(&mut self, time: Timestamp) {
        self.close(time, EndReason::Rst);
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
        if segment.flags & (flag::FIN | flag::RST) != 0 && !self.is_of_older(from, segment) {
            self.observe_close(time, segment);
        }
    }

    /// Whether a segment is the opener's reset of what the other side, which answers without a SYN,
    /// has still open from before (RFC 9293 §3.5.1): its number is one of then, and the opening
    /// goes on.
    fn is_of_older(&self, from: Side, segment: &Segment) -> bool {
        let answers = *self.flags.get(from.other());
        let is_opening = self.client == Some(from) && answers != 0 && answers & flag::SYN == 0;
        let next = self.initial_seq(from).map(|seq| seq.wrapping_add(1));
        let is_reset = segment.flags & flag::RST != 0;
        is_opening && is_reset && next.is_some_and(|next| next != segment.seq)
    }

    fn observe_syn(&mut self, time: Timestamp, from: Side, segment: &Segment, duplicate: bool) {
        self.learn_seq(from, segment.seq);
        if segment.flags & flag::ACK == 0 {
            self.client.get_or_insert(from);
            self.handshake.observe_syn(time, duplicate);
        } else {
            self.learn_seq(from.other(), segment.ack.wrapping_sub(1));
            self.client.get_or_insert(from.other());
            self.answered |= self.client == Some(from.other());
            self.handshake.observe_syn_ack(time, duplicate);
        }
    }

    /// The first one known of a side stands.
    fn learn_seq(&mut self, side: Side, seq: u32) {
        if !mem::replace(self.has_seq.get_mut(side), true) {
            *self.initial_seq.get_mut(side) = seq;
        }
    }

    fn observe_close(&mut self, time: Timestamp, segment: &Segment) {
        let both_fin = self.flags.low & self.flags.high & flag::FIN != 0;
        let reason = if segment.flags & flag::RST != 0 {
            EndReason::Rst
        } else if both_fin {
            EndReason::Fin
        } else {
            return;
        };
        self.close(time, reason);
    }

    /// The first close stands.
    fn close(&mut self, time: Timestamp, reason: EndReason) {
        if self.close_reason.is_none() {
            self.close_reason = Some(reason);
            self.closed_at = time;
        }
    }
}

/// Whether a segment acknowledges a SYN of this number.
const fn acknowledges(segment: &Segment, seq: u32) -> bool {
    segment.flags & flag::ACK != 0 && segment.ack == seq.wrapping_add(1)
}
