//! Connections: one five-tuple at one hop, from socket open to close.
//!
//! In: sightings of packets. Out, when it ends or a snapshot asks: counters for its leg and, if
//! somebody keeps them, a [`record::ConnectionRecord`].
//! **Time** ends are decided by the gaps between a connection's own packets, never by when
//! somebody looked. **Source** RFC 9293 for TCP.

use std::mem;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connection::handshake::Handshake;
use crate::connection::tcp::{TcpLife, flag};
use crate::endpoint::{BySide, Endpoint, Side};
use crate::era::{Era, EraId};
use crate::hop::HopId;
use crate::packet::Segment;
use crate::prefetch::prefetch;
use crate::protocol::Protocol;
use crate::time::{NANOS_PER_SECOND, Timestamp};
use crate::traffic::{IntervalIndex, Traffic};

pub mod handshake;
pub mod record;
pub mod table;
pub mod tcp;

/// A five-tuple at a hop, the same for both directions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionKey {
    /// Where it was seen.
    pub hop: HopId,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The smaller endpoint.
    pub low: Endpoint,
    /// The greater endpoint.
    pub high: Endpoint,
}

impl ConnectionKey {
    /// The key of a packet, and which side sent it.
    #[inline]
    #[must_use]
    pub fn of(
        hop: HopId,
        protocol: Protocol,
        source: Endpoint,
        destination: Endpoint,
    ) -> (Self, Side) {
        if is_in_order(source, destination) {
            (
                Self {
                    hop,
                    protocol,
                    low: source,
                    high: destination,
                },
                Side::Low,
            )
        } else {
            (
                Self {
                    hop,
                    protocol,
                    low: destination,
                    high: source,
                },
                Side::High,
            )
        }
    }

    /// Whether another key is of the same five-tuple, at whatever hop.
    #[must_use]
    pub fn is_same_tuple(&self, other: &Self) -> bool {
        (self.protocol, self.low, self.high) == (other.protocol, other.low, other.high)
    }

    /// The endpoint of `side`.
    #[must_use]
    pub const fn endpoint(&self, side: Side) -> Endpoint {
        match side {
            Side::Low => self.low,
            Side::High => self.high,
        }
    }
}

/// Whether a connection was seen in another form too, before or after its addresses were
/// translated, and in which: the engine numbers the sets of such forms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TwinId(u32);

impl TwinId {
    /// Seen in one form only.
    pub const NONE: Self = Self(0);

    /// The set of a number; 0 is none.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number itself.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

const _: () = assert!(size_of::<Connection>() == 192);

/// Whether `a <= b`, in one comparison for most.
#[inline]
fn is_in_order(a: Endpoint, b: Endpoint) -> bool {
    match (a.address, b.address) {
        (IpAddr::V4(from), IpAddr::V4(to)) => (from.to_bits(), a.port) <= (to.to_bits(), b.port),
        (IpAddr::V6(from), IpAddr::V6(to)) => (from.to_bits(), a.port) <= (to.to_bits(), b.port),
        (IpAddr::V4(_), IpAddr::V6(_)) => true,
        (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// What one packet adds to its connection.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    /// When it passed.
    pub time: Timestamp,
    /// Who sent it.
    pub from: Side,
    /// Wire packets.
    pub packets: u32,
    /// IP bytes.
    pub ip_bytes: u32,
    /// Its TCP header, where it was seen.
    pub segment: Option<Segment>,
    /// Seen a moment ago with the same octets: no retransmission.
    pub duplicate: bool,
}

impl Sighting {
    /// Whether it is a reset.
    #[inline]
    #[must_use]
    pub fn resets(&self) -> bool {
        self.segment
            .is_some_and(|segment| segment.flags & flag::RST != 0)
    }

    /// Whether it is a client's opening.
    #[must_use]
    pub fn opens(&self) -> bool {
        let flags = self.segment.map_or(0, |segment| segment.flags);
        flags & flag::SYN != 0 && flags & flag::ACK == 0
    }
}

/// Why a connection ended.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Both sides sent FIN.
    Fin,
    /// One side sent RST.
    Rst,
    /// No packet for longer than the protocol's timeout.
    Timeout,
    /// A SYN with another sequence number began a new connection on the same five-tuple.
    NewSyn,
    /// One of its addresses went to another owner, or lost the one it had.
    OwnerChanged,
    /// Folded early because the table was full.
    Evicted,
}

/// How long connections may be silent: a longer gap between two packets parts two connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdleTimeouts {
    /// Of TCP.
    pub tcp_ns: u64,
    /// Of UDP.
    pub udp_ns: u64,
}

impl Default for IdleTimeouts {
    fn default() -> Self {
        Self {
            tcp_ns: 300 * NANOS_PER_SECOND,
            udp_ns: 60 * NANOS_PER_SECOND,
        }
    }
}

impl IdleTimeouts {
    #[inline]
    const fn of(&self, protocol: Protocol) -> u64 {
        match protocol {
            Protocol::Tcp => self.tcp_ns,
            Protocol::Udp => self.udp_ns,
        }
    }
}

/// How long after its close a connection still takes the packets of its five-tuple.
const LINGER: u64 = 5 * NANOS_PER_SECOND;

/// A connection whose end has not been seen, or not long ago. It is three lines of a cache: a packet
/// needs them all.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Connection {
    /// Its five-tuple and hop.
    pub key: ConnectionKey,
    /// The interval of `unfolded`.
    pub interval: IntervalIndex,
    /// When its addresses had the owners they had at its first packet.
    pub era: EraId,
    /// What each side sent in `interval`, not yet in the leg.
    pub unfolded: BySide<Traffic>,
    /// What most connections have nothing of.
    more: Option<Box<More>>,
    /// The first packet; the end of time while there is none.
    first: Timestamp,
    /// The last packet.
    last: Timestamp,
    /// TCP's view of it.
    pub tcp: TcpLife,
}

/// What few connections have.
#[derive(Clone, Debug, Default)]
struct More {
    /// What each side sent in all intervals before `interval`.
    folded: BySide<Traffic>,
    /// Of those, what is not in the leg yet: which leg it is may turn out with the answer.
    held: Vec<(IntervalIndex, BySide<Traffic>)>,
    twin: TwinId,
    /// Whether it was open elsewhere, by the other side's packets, when it began here.
    goes_on: bool,
}

/// Intervals in which an opening may go without an answer before what was counted is folded.
const HELD: usize = 8;

impl Connection {
    /// A connection that nothing was counted for yet.
    #[must_use]
    pub fn new(key: ConnectionKey, time: Timestamp) -> Self {
        Self {
            key,
            interval: IntervalIndex::of(time),
            era: EraId::ALL,
            unfolded: BySide::default(),
            more: None,
            first: Timestamp::MAX,
            last: Timestamp::MIN,
            tcp: TcpLife::default(),
        }
    }

    /// The connection that `sighting` begins on the same five-tuple. It knows who opened it when it
    /// goes on with the sockets of this one.
    #[must_use]
    pub fn next(&self, sighting: &Sighting, idle: IdleTimeouts) -> Self {
        let mut next = Self::new(self.key, sighting.time);
        let is_syn = sighting.segment.is_some_and(|s| s.flags & flag::SYN != 0);
        let is_near = self.gap_to(sighting.time) <= idle.of(self.key.protocol);
        if !is_syn && self.tcp.closed().is_none() && is_near {
            next.tcp.client = self.tcp.client;
            next.set_twin(self.twin());
        }
        next
    }

    /// Whether nothing was counted for it yet.
    #[inline]
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.first == Timestamp::MAX
    }

    /// Why `sighting` is not a packet of this connection any more, whose era is `era`; `None` when
    /// it is one.
    #[inline]
    #[must_use]
    pub fn ended_before(
        &self,
        sighting: &Sighting,
        era: Era,
        idle: IdleTimeouts,
    ) -> Option<EndReason> {
        if !era.holds(sighting.time) {
            let end = self.end_at(sighting.time, era, idle);
            return end.or(Some(EndReason::OwnerChanged));
        }
        if self.gap_to(sighting.time) > idle.of(self.key.protocol) {
            return Some(self.reason_or(EndReason::Timeout));
        }
        if let Some((closed, reason)) = self.tcp.closed()
            && sighting.time.nanos_since(closed) > LINGER
        {
            return Some(reason);
        }
        let segment = sighting.segment.filter(|s| s.flags & flag::SYN != 0)?;
        self.tcp
            .is_new_syn(sighting.from, &segment, self.has_sent(sighting.from))
            .then(|| self.reason_or(EndReason::NewSyn))
    }

    /// Counts a packet of this connection. The caller has folded another interval's counters.
    #[inline]
    pub fn add(&mut self, sighting: &Sighting) {
        let Sighting {
            time,
            from,
            packets,
            ip_bytes,
            ..
        } = *sighting;
        self.unfolded.get_mut(from).add(time, packets, ip_bytes);
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        if let Some(segment) = &sighting.segment {
            self.tcp.observe(time, from, segment, sighting.duplicate);
        }
    }

    /// Starts to count another interval; those before are in the leg.
    pub fn begin(&mut self, interval: IntervalIndex) {
        let more = self.more.get_or_insert_default();
        more.held.clear();
        more.folded.low.merge(&self.unfolded.low);
        more.folded.high.merge(&self.unfolded.high);
        self.interval = interval;
        self.unfolded = BySide::default();
    }

    /// Starts to count another interval while the opening has no answer: the other forms of the
    /// connection, and with them its leg, are known by then at the latest. False when there is no
    /// reason to wait.
    pub fn hold(&mut self, interval: IntervalIndex) -> bool {
        let opens = |client| *self.tcp.flags.get(client) == flag::SYN;
        if self.tcp.answered || !self.tcp.client.is_some_and(opens) || self.held().len() >= HELD {
            return false;
        }
        let more = self.more.get_or_insert_default();
        let mut held = mem::take(&mut more.held);
        held.push((self.interval, self.unfolded));
        self.begin(interval);
        self.more.get_or_insert_default().held = held;
        true
    }

    /// Whether all its packets are of `interval`.
    #[must_use]
    pub fn is_of_one_interval(&self) -> bool {
        self.interval.start() <= self.first && self.last < self.interval.end()
    }

    /// What was counted in intervals before and is not in the leg yet.
    #[must_use]
    pub fn held(&self) -> &[(IntervalIndex, BySide<Traffic>)] {
        self.more.as_ref().map_or(&[], |more| &more.held)
    }

    /// What each side sent, in all.
    #[must_use]
    pub fn total(&self) -> BySide<Traffic> {
        let mut total = self.unfolded;
        if let Some(more) = &self.more {
            total.low.merge(&more.folded.low);
            total.high.merge(&more.folded.high);
        }
        total
    }

    /// Why it has ended when the time is `now`, nothing more came and its era is `era`; `None`
    /// while it is active.
    #[must_use]
    pub fn end_at(&self, now: Timestamp, era: Era, idle: IdleTimeouts) -> Option<EndReason> {
        let timeout = idle.of(self.key.protocol);
        match self.tcp.closed() {
            Some((_, reason)) => Some(reason),
            None if era.is_past(now) && era.until.nanos_since(self.last) <= timeout => {
                Some(EndReason::OwnerChanged)
            }
            None if now.nanos_since(self.last) > timeout => Some(EndReason::Timeout),
            None => None,
        }
    }

    /// Whether no packet at `now` or later can belong to it.
    #[must_use]
    pub fn is_over(&self, now: Timestamp, idle: IdleTimeouts) -> bool {
        let closed = self
            .tcp
            .closed()
            .is_some_and(|(at, _)| now.nanos_since(at) > LINGER);
        closed || now.nanos_since(self.last) > idle.of(self.key.protocol)
    }

    /// Fetches what few connections have, without waiting for it.
    #[inline]
    pub fn fetch_rest(&self) {
        if let Some(more) = &self.more {
            prefetch(&**more);
        }
    }

    /// Its other forms.
    #[must_use]
    pub fn twin(&self) -> TwinId {
        self.more.as_ref().map_or(TwinId::NONE, |more| more.twin)
    }

    /// Tells it that it has other forms, or none.
    pub fn set_twin(&mut self, twin: TwinId) {
        if self.twin() != twin {
            self.more.get_or_insert_default().twin = twin;
        }
    }

    /// Takes note that it was open elsewhere, by the other side's packets, when it began here.
    pub fn go_on(&mut self) {
        self.more.get_or_insert_default().goes_on = true;
    }

    /// Whether it was open elsewhere then.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.goes_on)
    }

    /// Whether it is the answering half of a connection whose other half passes elsewhere, where it
    /// is counted.
    #[must_use]
    pub fn is_other_half(&self) -> bool {
        self.goes_on() && !(self.has_sent(Side::Low) && self.has_sent(Side::High))
    }

    /// Packets so far, in both directions.
    #[must_use]
    pub fn packets(&self) -> u64 {
        let folded = self.more.as_deref().map(|more| &more.folded);
        let before = folded.map_or(0, |folded| folded.low.packets + folded.high.packets);
        before + self.unfolded.low.packets + self.unfolded.high.packets
    }

    /// The first packet.
    #[must_use]
    pub const fn first(&self) -> Timestamp {
        self.first
    }

    /// The last packet.
    #[must_use]
    pub const fn last(&self) -> Timestamp {
        self.last
    }

    /// Its handshake, when it is a sample.
    #[must_use]
    pub fn handshake(&self) -> Option<Handshake> {
        self.tcp.handshake.measured()
    }

    /// Whether a side was seen to send something.
    #[must_use]
    pub fn has_sent(&self, side: Side) -> bool {
        let sent_before = self
            .more
            .as_ref()
            .is_some_and(|more| !more.folded.get(side).is_empty());
        sent_before || !self.unfolded.get(side).is_empty()
    }

    fn gap_to(&self, time: Timestamp) -> u64 {
        time.nanos_since(self.last)
            .max(self.first.nanos_since(time))
    }

    /// How it was closed, if it was, else `reason`.
    #[must_use]
    pub fn reason_or(&self, reason: EndReason) -> EndReason {
        self.tcp.closed().map_or(reason, |(_, closed)| closed)
    }
}
