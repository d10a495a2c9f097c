//! What one end, or all that are one at a level, sent and received.
//!
//! **Units** as in [`crate::query::measure`]. **Shape** it only adds.

use crate::query::measure::{rank_of_rate, rates, span_ns};
use crate::query::view::{StatsView, TotalsView};
use crate::query::{Format, Sort};
use crate::time::Timestamp;
use crate::traffic::Traffic;

/// Counters of an end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Sent.
    pub tx: Traffic,
    /// Received.
    pub rx: Traffic,
}

impl Counters {
    /// Adds what another end sent and received.
    pub fn merge(&mut self, other: &Self) {
        self.tx.merge(&other.tx);
        self.rx.merge(&other.rx);
    }

    /// Packets sent and received.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.tx.packets.saturating_add(self.rx.packets)
    }

    /// IP bytes sent and received.
    #[must_use]
    pub const fn ip_bytes(&self) -> u64 {
        self.tx.ip_bytes.saturating_add(self.rx.ip_bytes)
    }

    /// The first packet and the last; `None` while there is none.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.tx.first.min(self.rx.first);
        let last = self.tx.last.max(self.rx.last);
        (self.packets() > 0).then_some((first, last))
    }

    /// What rows are ordered by; one without packets comes last.
    #[must_use]
    pub fn rank(&self, sort: Sort) -> u128 {
        let Some((first, last)) = self.span() else {
            return 0;
        };
        match sort {
            Sort::Bytes => u128::from(self.ip_bytes()),
            Sort::Packets => u128::from(self.packets()),
            Sort::BitRate => rank_of_rate(self.ip_bytes(), self.span_ns()),
            Sort::PacketRate => rank_of_rate(self.packets(), self.span_ns()),
            // An end has no handshake time of its own.
            Sort::HandshakeTime => 0,
            Sort::FirstSeen => u128::from(first.as_nanos()),
            Sort::LastSeen => u128::from(last.as_nanos()),
        }
    }

    /// Packets and bytes, sent and received together, with their rates.
    #[must_use]
    pub fn totals(&self) -> TotalsView {
        rates(self.packets(), self.ip_bytes(), self.span_ns())
    }

    /// The counters, with the rates of each over a span where all is asked for.
    #[must_use]
    pub fn stats(&self, span_ns: u64, format: Format) -> StatsView {
        let full = format == Format::Full;
        let of = |traffic: &Traffic| rates(traffic.packets, traffic.ip_bytes, span_ns);
        let (tx, rx) = (of(&self.tx), of(&self.rx));
        StatsView {
            tx_pkts: tx.pkts,
            rx_pkts: rx.pkts,
            tx_bytes: tx.bytes,
            rx_bytes: rx.bytes,
            tcp_handshake_p50_us: None,
            tcp_handshake_p90_us: None,
            tcp_handshake_p99_us: None,
            tx_pps: full.then_some(tx.pps),
            rx_pps: full.then_some(rx.pps),
            tx_bps: full.then_some(tx.bps),
            rx_bps: full.then_some(rx.bps),
            timestamp: self.span().filter(|_| full).map(|(_, last)| last),
        }
    }

    /// The span from its first packet to its last, at least a second.
    #[must_use]
    pub fn span_ns(&self) -> u64 {
        let (first, last) = self.span().unwrap_or_default();
        span_ns(first, last)
    }
}
