//! Parcels: packets that were parsed and wait to be counted.
//!
//! In: what was parsed of a frame, and where it was seen. Out: what counting it needs.

use crate::connection::table::hash::KeyHash;
use crate::connection::tcp::flag;
use crate::connection::{ConnectionKey, Sighting};
use crate::hop::{HopId, Seen, Way};
use crate::packet::{Packet, Segment, Transport};
use crate::protocol::Protocol;

/// A packet that waits to be counted.
#[derive(Clone, Copy)]
pub(super) struct Parcel {
    pub(super) hash: KeyHash,
    pub(super) key: ConnectionKey,
    pub(super) sighting: Sighting,
    /// Whether segments are merged in it, how many the capture does not say.
    pub(super) merged: bool,
}

const _: () = assert!(size_of::<Parcel>() <= 96);

/// What it means when the same octets were seen a moment ago at the same hop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Repeats {
    /// Perhaps a mirror port's doing.
    Suspect,
    /// Nothing: the interface is known, and shows what was sent.
    Sent,
    /// The same packet at another interface, which the capture does not tell.
    Copy,
    /// That, or sent again: nothing in the packet says.
    Uncertain,
}

impl Repeats {
    /// The hop of a packet, and what repeats mean there; `None` for one that comes in as well.
    #[inline]
    pub(super) fn at(seen: Seen, packet: &Packet) -> Option<(HopId, Self)> {
        match seen {
            Seen::At(hop) if hop.way() == Way::Unknown => Some((hop, Self::Suspect)),
            Seen::At(hop) => Some((hop, Self::Sent)),
            Seen::AtCooked(hop) if is_sent_once(packet) => Some((hop, Self::Copy)),
            Seen::AtCooked(hop) => Some((hop, Self::Uncertain)),
            Seen::LoopbackOut => None,
        }
    }
}

/// Whether nobody sends a packet like this twice within a millisecond: its identification is its
/// own, or it is a segment that TCP would send again much later.
#[inline]
const fn is_sent_once(packet: &Packet) -> bool {
    const RARE: u8 = flag::SYN | flag::FIN | flag::RST;
    match packet.transport {
        Transport::Tcp(Some(segment)) => {
            packet.ip_id != 0 || segment.payload_len > 0 || segment.flags & RARE != 0
        }
        Transport::Tcp(None) | Transport::Udp => packet.ip_id != 0,
    }
}

/// Field by field: copied whole, what was just written in pieces is waited for.
#[inline]
pub(super) const fn transport_of(packet: &Packet) -> (Protocol, Option<Segment>) {
    match packet.transport {
        Transport::Tcp(Some(Segment {
            seq,
            ack,
            flags,
            payload_len,
        })) => {
            let segment = Segment {
                seq,
                ack,
                flags,
                payload_len,
            };
            (Protocol::Tcp, Some(segment))
        }
        Transport::Tcp(None) => (Protocol::Tcp, None),
        Transport::Udp => (Protocol::Udp, None),
    }
}
