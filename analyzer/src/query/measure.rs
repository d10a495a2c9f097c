//! What a flow counted in a window, and the rates that follow.
//!
//! **Units** rates are over the span from first to last packet, at least one second; `bps` is bits
//! a second. **Shape** measures only add, so aggregates are sums.

use crate::flow::Flow;
use crate::leg::Handshakes;
use crate::query::view::{StatsView, TotalsView};
use crate::query::window::Bounds;
use crate::query::{Format, Sort};
use crate::time::{NANOS_PER_SECOND, Timestamp};
use crate::traffic::Traffic;

/// The sum of some intervals; `forward` is from the client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measure {
    /// From the client.
    pub forward: Traffic,
    /// From the server.
    pub backward: Traffic,
    /// Connections.
    pub connections: u64,
    /// Whether one of them has not ended.
    pub active: bool,
}

impl Measure {
    /// What `flow` counted within `bounds`; `None` when it sent nothing then.
    #[must_use]
    pub fn of(flow: &Flow, bounds: &Bounds) -> Option<Self> {
        let mut measure = Self {
            active: flow.is_active(),
            ..Self::default()
        };
        let (mut carried, mut started) = (0_u64, 0_u64);
        for interval in flow.intervals.iter() {
            if bounds.holds(interval.index) {
                measure.forward.merge(&interval.forward);
                measure.backward.merge(&interval.backward);
                started += u64::from(interval.started);
            } else if bounds.comes_after(interval.index) {
                carried += u64::from(interval.started);
                carried = carried.saturating_sub(u64::from(interval.ended));
            }
        }
        measure.connections = carried + started;
        (measure.packets() > 0).then_some(measure)
    }

    /// Adds another measure.
    pub fn merge(&mut self, other: &Self) {
        self.forward.merge(&other.forward);
        self.backward.merge(&other.backward);
        self.connections += other.connections;
        self.active |= other.active;
    }

    /// The first packet.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.forward.first.min(self.backward.first)
    }

    /// The last packet.
    #[must_use]
    pub fn last(&self) -> Timestamp {
        self.forward.last.max(self.backward.last)
    }

    /// Packets on the wire.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.forward.packets.saturating_add(self.backward.packets)
    }

    /// IP bytes on the wire.
    #[must_use]
    pub const fn ip_bytes(&self) -> u64 {
        self.forward.ip_bytes.saturating_add(self.backward.ip_bytes)
    }

    /// Packets counted at both ends.
    #[must_use]
    pub const fn total_packets(&self) -> u64 {
        self.packets().saturating_mul(2)
    }

    /// IP bytes counted at both ends.
    #[must_use]
    pub const fn total_ip_bytes(&self) -> u64 {
        self.ip_bytes().saturating_mul(2)
    }

    /// What rows are ordered by; the greatest comes first.
    #[must_use]
    pub fn rank(&self, sort: Sort, handshake_us: Option<u64>) -> u128 {
        let rate = |count: u64| u128::from(count) * 1_000_000_000_000 / u128::from(self.span_ns());
        match sort {
            Sort::Bytes => u128::from(self.total_ip_bytes()),
            Sort::Packets => u128::from(self.total_packets()),
            Sort::BitRate => rate(self.ip_bytes()),
            Sort::PacketRate => rate(self.packets()),
            Sort::HandshakeTime => u128::from(handshake_us.unwrap_or_default()),
            Sort::FirstSeen => u128::from(self.first().as_nanos()),
            Sort::LastSeen => u128::from(self.last().as_nanos()),
        }
    }

    /// The sum over both ends.
    #[must_use]
    pub fn totals(&self) -> TotalsView {
        self.rates(self.total_packets(), self.total_ip_bytes())
    }

    /// Each packet once.
    #[must_use]
    pub fn wire(&self) -> TotalsView {
        self.rates(self.packets(), self.ip_bytes())
    }

    /// The client's counters.
    #[must_use]
    pub fn client_stats(&self, format: Format) -> StatsView {
        self.stats(&self.forward, &self.backward, format)
    }

    /// The server's counters.
    #[must_use]
    pub fn server_stats(&self, format: Format) -> StatsView {
        self.stats(&self.backward, &self.forward, format)
    }

    fn stats(&self, tx: &Traffic, rx: &Traffic, format: Format) -> StatsView {
        let full = format == Format::Full;
        let (tx_rates, rx_rates) = (
            self.rates(tx.packets, tx.ip_bytes),
            self.rates(rx.packets, rx.ip_bytes),
        );
        StatsView {
            tx_pkts: tx.packets,
            rx_pkts: rx.packets,
            tx_bytes: tx.ip_bytes,
            rx_bytes: rx.ip_bytes,
            tcp_handshake_p50_us: None,
            tcp_handshake_p90_us: None,
            tcp_handshake_p99_us: None,
            tx_pps: full.then_some(tx_rates.pps),
            rx_pps: full.then_some(rx_rates.pps),
            tx_bps: full.then_some(tx_rates.bps),
            rx_bps: full.then_some(rx_rates.bps),
            timestamp: full.then(|| self.last()),
        }
    }

    fn rates(&self, packets: u64, ip_bytes: u64) -> TotalsView {
        let span = self.span_ns();
        TotalsView {
            pkts: packets,
            bytes: ip_bytes,
            pps: per_second(packets, span),
            bps: per_second(ip_bytes.saturating_mul(8), span),
        }
    }

    fn span_ns(&self) -> u64 {
        self.last().nanos_since(self.first()).max(NANOS_PER_SECOND)
    }
}

/// A count a second, rounded half up to a tenth, by integers so that it is the same everywhere.
#[expect(
    clippy::cast_precision_loss,
    reason = "tenths of a rate need no more than 53 bits"
)]
fn per_second(count: u64, span_ns: u64) -> f64 {
    let span = u128::from(span_ns);
    let tenths = (u128::from(count) * 10 * u128::from(NANOS_PER_SECOND) + span / 2) / span;
    tenths as f64 / 10.0
}

/// Sets the percentiles of an end's handshake times.
pub fn set_handshakes(client: &mut StatsView, server: &mut StatsView, handshakes: &Handshakes) {
    for (stats, sketch) in [(client, &handshakes.client), (server, &handshakes.server)] {
        stats.tcp_handshake_p50_us = sketch.percentile_us(50);
        stats.tcp_handshake_p90_us = sketch.percentile_us(90);
        stats.tcp_handshake_p99_us = sketch.percentile_us(99);
    }
}

/// The median that a flow is filtered and sorted by: the client's, else the server's.
#[must_use]
pub fn median_us(handshakes: &Handshakes) -> Option<u64> {
    handshakes
        .client
        .percentile_us(50)
        .or_else(|| handshakes.server.percentile_us(50))
}
