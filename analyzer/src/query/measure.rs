//! What a flow counted in a window, and the rates that follow.
//!
//! **Units** rates are over the span from first to last packet, at least one second; `bps` is bits
//! a second. **Shape** measures only add, so aggregates are sums.

use crate::flow::Flow;
use crate::leg::intervals::Intervals;
use crate::leg::{Handshakes, Interval};
use crate::query::counters::Counters;
use crate::query::view::{StatsView, TotalsView};
use crate::query::window::Bounds;
use crate::query::{Format, Sort};
use crate::time::{NANOS_PER_SECOND, Timestamp};
use crate::traffic::Traffic;

/// The sum of some intervals.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measure {
    /// What was counted at the client's end.
    pub client: Counters,
    /// What was counted at the server's end.
    pub server: Counters,
    /// Each packet once, in both directions: the larger of the two views.
    pub wire: Traffic,
    /// Connections.
    pub connections: u64,
    /// Whether one of them has not ended.
    pub active: bool,
}

impl Measure {
    /// What `flow` counted within `bounds`; `None` when nothing was sent then.
    #[must_use]
    pub fn of(flow: &Flow, bounds: &Bounds) -> Option<Self> {
        let mut measure = Self {
            active: flow.is_active(),
            ..Self::default()
        };
        match &flow.at_server {
            None => {
                for interval in flow.intervals.iter().filter(|i| bounds.holds(i.period)) {
                    let (client, server) = counters(interval, interval);
                    measure.merge(&Self::between(client, server));
                }
            }
            Some(at_server) => measure.add_views(&flow.intervals, at_server, bounds),
        }
        measure.connections = connections(flow, bounds);
        (measure.total_packets() > 0).then_some(measure)
    }

    /// The measure of what a client and a server sent, as each end counted it.
    #[must_use]
    pub fn between(client: Counters, server: Counters) -> Self {
        let measure = Self {
            client,
            server,
            ..Self::default()
        };
        Self {
            wire: measure.larger_views(),
            ..measure
        }
    }

    /// Adds the intervals of two views. A packet may be in one interval at the sender's end and in
    /// the next at the receiver's: what the wire carried is what the larger view, up to an
    /// interval, has more than it had before.
    fn add_views(&mut self, at_client: &Intervals, at_server: &Intervals, bounds: &Bounds) {
        let mut before = Self::default();
        for client in at_client.iter() {
            let none = Interval::new(client.period);
            let server = at_server.get(client.period.first()).unwrap_or(&none);
            let (client_counters, server_counters) = counters(client, server);
            let mut so_far = before;
            so_far.client.merge(&client_counters);
            so_far.server.merge(&server_counters);
            if bounds.holds(client.period) {
                self.client.merge(&client_counters);
                self.server.merge(&server_counters);
                let wire = Self::between(client_counters, server_counters).wire;
                let (then, now) = (before.larger_views(), so_far.larger_views());
                self.wire.merge(&Traffic {
                    packets: now.packets.saturating_sub(then.packets),
                    ip_bytes: now.ip_bytes.saturating_sub(then.ip_bytes),
                    ..wire
                });
            }
            before = so_far;
        }
    }

    /// Each packet once, going by the larger view of each direction.
    fn larger_views(&self) -> Traffic {
        let mut wire = larger(&self.client.tx, &self.server.rx);
        wire.merge(&larger(&self.server.tx, &self.client.rx));
        wire
    }

    /// Adds another measure.
    pub fn merge(&mut self, other: &Self) {
        self.client.merge(&other.client);
        self.server.merge(&other.server);
        self.wire.merge(&other.wire);
        self.connections += other.connections;
        self.active |= other.active;
    }

    /// The first packet.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.wire.first
    }

    /// The last packet.
    #[must_use]
    pub fn last(&self) -> Timestamp {
        self.wire.last
    }

    /// Packets on the wire.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.wire.packets
    }

    /// IP bytes on the wire.
    #[must_use]
    pub const fn ip_bytes(&self) -> u64 {
        self.wire.ip_bytes
    }

    /// Packets counted at both ends.
    #[must_use]
    pub const fn total_packets(&self) -> u64 {
        self.client.packets().saturating_add(self.server.packets())
    }

    /// IP bytes counted at both ends.
    #[must_use]
    pub const fn total_ip_bytes(&self) -> u64 {
        self.client
            .ip_bytes()
            .saturating_add(self.server.ip_bytes())
    }

    /// What rows are ordered by; the handshake time is asked for where it decides.
    pub fn rank(&self, sort: Sort, handshake_us: impl FnOnce() -> Option<u64>) -> u128 {
        let rate = |count: u64| rank_of_rate(count, self.span_ns());
        match sort {
            Sort::Bytes => u128::from(self.total_ip_bytes()),
            Sort::Packets => u128::from(self.total_packets()),
            Sort::BitRate => rate(self.ip_bytes()),
            Sort::PacketRate => rate(self.packets()),
            Sort::HandshakeTime => u128::from(handshake_us().unwrap_or_default()),
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
        self.client.stats(self.span_ns(), format)
    }

    /// The server's counters.
    #[must_use]
    pub fn server_stats(&self, format: Format) -> StatsView {
        self.server.stats(self.span_ns(), format)
    }

    fn rates(&self, packets: u64, ip_bytes: u64) -> TotalsView {
        rates(packets, ip_bytes, self.span_ns())
    }

    fn span_ns(&self) -> u64 {
        span_ns(self.first(), self.last())
    }
}

/// The span that rates are over: from the first packet to the last, at least a second.
pub(super) fn span_ns(first: Timestamp, last: Timestamp) -> u64 {
    last.nanos_since(first).max(NANOS_PER_SECOND)
}

/// Counts with their rates over a span.
pub(super) fn rates(packets: u64, ip_bytes: u64, span_ns: u64) -> TotalsView {
    TotalsView {
        pkts: packets,
        bytes: ip_bytes,
        pps: per_second(packets, span_ns),
        bps: per_second(ip_bytes.saturating_mul(8), span_ns),
    }
}

/// A rate, fine enough to order rows by.
pub(super) fn rank_of_rate(count: u64, span_ns: u64) -> u128 {
    u128::from(count) * 1_000_000_000_000 / u128::from(span_ns)
}

/// What the two ends counted in an interval.
fn counters(client: &Interval, server: &Interval) -> (Counters, Counters) {
    let client = Counters {
        tx: client.forward,
        rx: client.backward,
    };
    let server = Counters {
        tx: server.backward,
        rx: server.forward,
    };
    (client, server)
}

/// The larger of two views of the same packets, from the first sighting to the last.
fn larger(sender: &Traffic, receiver: &Traffic) -> Traffic {
    Traffic {
        packets: sender.packets.max(receiver.packets),
        ip_bytes: sender.ip_bytes.max(receiver.ip_bytes),
        first: sender.first.min(receiver.first),
        last: sender.last.max(receiver.last),
    }
}

/// Connections carried into the window, and those that started in it.
fn connections(flow: &Flow, bounds: &Bounds) -> u64 {
    let (mut carried, mut started) = (0_u64, 0_u64);
    for interval in flow.connection_intervals().iter() {
        if bounds.holds(interval.period) {
            started += u64::from(interval.started);
        } else if bounds.comes_after(interval.period) {
            carried += u64::from(interval.started);
            carried = carried.saturating_sub(u64::from(interval.ended));
        }
    }
    carried + started
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
