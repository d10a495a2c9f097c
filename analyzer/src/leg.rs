//! Legs: what connections counted at one hop, in intervals, ready to be merged.
//!
//! In: connections that ended, changed interval or are looked at. Out: records that only add.
//! **Shape** a connection whose opener is known folds its client port away; another keeps both
//! ports, because who is client is decided later, from everything.
//! [`Leg::merge`] is associative and commutative, and [`Leg::default`] is its identity.

use std::net::IpAddr;

use crate::connection::{Connection, EndReason, TwinId};
use crate::endpoint::{BySide, Endpoint, Side};
use crate::hop::HopId;
use crate::hop::set::PlaceSet;
use crate::leg::intervals::Intervals;
use crate::leg::samples::Samples;
use crate::protocol::Protocol;
use crate::sketch::Sketch;
use crate::time::Timestamp;
use crate::traffic::period::{Grid, Period};
use crate::traffic::{IntervalIndex, Traffic};

pub mod intervals;
pub mod samples;

/// Which connections a leg adds up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LegKey {
    /// Where they were seen, with the client or the smaller endpoint as forward.
    pub hop: HopId,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Their two ends.
    pub ends: Ends,
    /// Since when those addresses have had the same owners: no interval spans two of them.
    pub era: Timestamp,
    /// Their other forms; of [`Ends::Ports`] they are looked up later.
    pub twin: TwinId,
}

/// The two ends of a leg.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ends {
    /// The opening was seen: client and server are certain, and the client's port is folded away.
    Roles {
        /// Who opened.
        client: IpAddr,
        /// Who answers.
        server: Endpoint,
    },
    /// Who is client is not known yet.
    Ports {
        /// The smaller endpoint.
        low: Endpoint,
        /// The greater endpoint.
        high: Endpoint,
    },
}

impl Ends {
    /// Their addresses.
    #[must_use]
    pub const fn addresses(&self) -> (IpAddr, IpAddr) {
        match self {
            Self::Roles { client, server } => (*client, server.address),
            Self::Ports { low, high } => (low.address, high.address),
        }
    }
}

/// What was counted in an interval of ten seconds, or in several that were merged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interval {
    /// When.
    pub period: Period,
    /// From the client, or from the smaller endpoint.
    pub forward: Traffic,
    /// From the server, or from the greater endpoint.
    pub backward: Traffic,
    /// Connections whose first packet is in it.
    pub started: u32,
    /// Connections that ended, whose last packet is in it.
    pub ended: u32,
    /// Handshakes whose last packet is in it.
    pub handshakes: Samples,
}

/// Sketches of handshake times at the two ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Handshakes {
    /// SYN to SYN-ACK.
    pub client: Sketch,
    /// SYN to ACK.
    pub server: Sketch,
}

impl Handshakes {
    /// Adds one sample.
    pub fn record(&mut self, client_ns: u64, server_ns: Option<u64>) {
        self.client.record(client_ns);
        if let Some(nanos) = server_ns {
            self.server.record(nanos);
        }
    }

    /// Adds the samples of another record.
    pub fn merge(&mut self, other: &Self) {
        self.client.merge(&other.client);
        self.server.merge(&other.server);
    }

    /// How many octets the samples take.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.client.octets() + self.server.octets()
    }
}

const _: () = assert!(size_of::<Interval>() <= 96);

impl Interval {
    /// An interval in which nothing was counted yet.
    #[must_use]
    pub fn new(period: Period) -> Self {
        Self {
            period,
            forward: Traffic::default(),
            backward: Traffic::default(),
            started: 0,
            ended: 0,
            handshakes: Samples::default(),
        }
    }

    /// Adds what another record counted in the same period, or in a part of it.
    pub fn merge(&mut self, other: &Self) {
        self.forward.merge(&other.forward);
        self.backward.merge(&other.backward);
        self.started = self.started.saturating_add(other.started);
        self.ended = self.ended.saturating_add(other.ended);
        self.handshakes.merge(&other.handshakes);
    }
}

/// Where else packets of some connections were seen, by direction: what is seen there and here is
/// one packet, what two hops do not share are several.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Beside {
    /// From the client, or from the smaller endpoint.
    pub forward: PlaceSet,
    /// From the server, or from the greater endpoint.
    pub backward: PlaceSet,
}

impl Beside {
    /// Everywhere.
    pub const ALL: Self = Self {
        forward: PlaceSet::ALL,
        backward: PlaceSet::ALL,
    };

    /// What is known by side, where one of them is forward.
    #[must_use]
    pub const fn of(places: BySide<PlaceSet>, forward: Side) -> Self {
        Self {
            forward: *places.get(forward),
            backward: *places.get(forward.other()),
        }
    }

    /// Adds what is known of other connections.
    pub fn merge(&mut self, other: Self) {
        self.forward.merge(other.forward);
        self.backward.merge(other.backward);
    }

    /// The same with the two directions exchanged.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self {
            forward: self.backward,
            backward: self.forward,
        }
    }
}

/// The counters of some connections at one hop.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Leg {
    /// Whether the server was seen to answer a SYN.
    pub answered: bool,
    /// Where else their packets were seen.
    pub beside: Beside,
    /// Sorted by time.
    intervals: Intervals,
}

impl Leg {
    /// Its intervals, in order.
    #[must_use]
    pub const fn intervals(&self) -> &Intervals {
        &self.intervals
    }

    /// Its intervals, in order, to take apart.
    #[must_use]
    pub fn into_intervals(self) -> Intervals {
        self.intervals
    }

    /// Adds what another leg counted.
    pub fn merge(&mut self, other: &Self) {
        self.answered |= other.answered;
        self.beside.merge(other.beside);
        for interval in other.intervals.iter() {
            self.add(interval.clone());
        }
    }

    /// Adds what was counted in a period.
    pub fn add(&mut self, interval: Interval) {
        self.intervals.add(interval);
    }

    /// Merges the intervals that are of one period of `grid`, and says by how many they are fewer.
    pub fn coarsen(&mut self, grid: &Grid) -> usize {
        self.intervals.coarsen(grid)
    }

    /// Drops the intervals that are wholly before `index`, and says how many they were.
    pub fn drop_before(&mut self, index: IntervalIndex) -> usize {
        self.intervals.drop_before(index)
    }

    /// Forgets what was counted before `index`, and says by how many intervals it is less. What
    /// was open then goes on as if it had started, silently, in the last interval before.
    pub fn forget(&mut self, index: IntervalIndex) -> usize {
        let is_old = |old: &&Interval| old.period.after() <= index;
        let old = || self.intervals.iter().take_while(is_old);
        let sum = |count: fn(&Interval) -> u32| old().map(count).fold(0, u32::saturating_add);
        let open = sum(|old| old.started).saturating_sub(sum(|old| old.ended));
        let before = self.intervals.len();
        self.intervals.drop_before(index);
        if open > 0 {
            let started = &mut self.interval(index.before()).started;
            *started = started.saturating_add(open);
        }
        before - self.intervals.len()
    }

    /// The interval whose period holds `index`, made when there is none.
    pub fn interval(&mut self, index: IntervalIndex) -> &mut Interval {
        self.intervals.at(index)
    }
}

/// The leg that `connection` adds to in the era since `era`, and which side's traffic is forward
/// there.
#[must_use]
pub fn leg_of(connection: &Connection, era: Timestamp) -> (LegKey, Side) {
    let key = &connection.key;
    let (ends, twin, forward) = match connection.tcp.client {
        Some(client) => {
            let server = key.endpoint(client.other());
            (
                Ends::Roles {
                    client: key.endpoint(client).address,
                    server,
                },
                connection.twin(),
                client,
            )
        }
        None => (
            Ends::Ports {
                low: key.low,
                high: key.high,
            },
            TwinId::NONE,
            Side::Low,
        ),
    };
    (
        LegKey {
            hop: key.hop.seen_from(forward),
            protocol: key.protocol,
            ends,
            era,
            twin,
        },
        forward,
    )
}

/// Adds a connection's unfolded traffic to its leg.
pub fn fold_traffic(connection: &Connection, forward: Side, leg: &mut Leg) {
    let last = (connection.interval, connection.unfolded);
    for (index, counted) in connection.held().iter().chain([&last]) {
        let interval = leg.interval(*index);
        interval.forward.merge(counted.get(forward));
        interval.backward.merge(counted.get(forward.other()));
    }
}

/// Adds a connection to its leg: its unfolded traffic, its start, its handshake and its end, if it
/// has one.
pub fn fold_connection(
    connection: &Connection,
    forward: Side,
    end: Option<EndReason>,
    leg: &mut Leg,
) {
    leg.answered |= connection.tcp.answered;
    let started = u32::from(!connection.is_other_half());
    let ended = u32::from(end.is_some()) * started;
    if connection.is_of_one_interval() {
        // Most are: all of it is added in one place.
        let interval = leg.interval(connection.interval);
        interval.forward.merge(connection.unfolded.get(forward));
        let backward = connection.unfolded.get(forward.other());
        interval.backward.merge(backward);
        interval.started += started;
        interval.ended += ended;
        if let Some(handshake) = connection.handshake() {
            interval.handshakes.record(&handshake);
        }
        return;
    }
    fold_traffic(connection, forward, leg);
    leg.interval(IntervalIndex::of(connection.first())).started += started;
    if ended > 0 {
        leg.interval(IntervalIndex::of(connection.last())).ended += ended;
    }
    if let Some(handshake) = connection.handshake() {
        let interval = leg.interval(IntervalIndex::of(handshake.at));
        interval.handshakes.record(&handshake);
    }
}
