//! Clues: what a segment says that is the same before and after a translation.
//!
//! A translation rewrites addresses and ports and leaves sequence numbers alone.
//! **Source** RFC 9293 §3.1, RFC 3022 §2.2.

use crate::connection::table::Slot;
use crate::connection::tcp::flag;
use crate::connection::{Connection, ConnectionKey, Sighting, TwinId};
use crate::endpoint::{Endpoint, Side};
use crate::packet::Segment;
use crate::time::Timestamp;

/// Packets of a connection whose opening was not seen, of which every segment with data is a clue.
const YOUNG: u64 = 32;
/// Of later ones one in sixteen is, chosen by what it says, so that both sides of a translation
/// choose the same: captures do not begin together.
const SAMPLED_BITS: u32 = 4;

/// What does not change on the way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Clue {
    /// A SYN, by its sender and its sequence number: the server's endpoint may be translated.
    Syn {
        /// The sender.
        client: Endpoint,
        /// Its initial sequence number.
        seq: u32,
    },
    /// A SYN-ACK, by the initial sequence numbers of both: every endpoint may be translated.
    SynAck {
        /// The client's.
        client_seq: u32,
        /// The server's.
        server_seq: u32,
    },
    /// A segment with data.
    Data(DataClue),
}

/// What a segment with data says; two of them together are as good as an opening.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DataClue {
    /// Its sequence number.
    pub seq: u32,
    /// The other side's, acknowledged.
    pub ack: u32,
    /// Octets of data.
    pub len: u32,
}

/// A clue, where and when it was seen.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// When.
    pub time: Timestamp,
    /// Where the connection lay then.
    pub slot: Slot,
    /// The connection's five-tuple and hop.
    pub key: ConnectionKey,
    /// Who sent it.
    pub from: Side,
    /// What it says.
    pub clue: Clue,
    /// The other forms of its connection, as far as they were known.
    pub twin: TwinId,
}

impl Shown {
    /// The clue that a segment of `connection`, which lies in `slot`, is; most are none.
    #[inline]
    #[must_use]
    pub fn of(slot: Slot, connection: &Connection, sighting: &Sighting) -> Option<Self> {
        let segment = sighting.segment.as_ref()?;
        let is_opening = segment.flags & flag::SYN != 0;
        let is_older = connection.tcp.client.is_none() && segment.payload_len > 0;
        let is_clue = is_opening || is_older && is_chosen(connection, segment);
        if !is_clue {
            return None;
        }
        let (key, from) = (connection.key, sighting.from);
        Some(Self {
            time: sighting.time,
            slot,
            key,
            from,
            clue: Clue::of(key.endpoint(from), segment),
            twin: connection.twin(),
        })
    }

    /// Which side is the client, when the clue says so.
    #[must_use]
    pub const fn client(&self) -> Option<Side> {
        match self.clue {
            Clue::Syn { .. } => Some(self.from),
            Clue::SynAck { .. } => Some(self.from.other()),
            Clue::Data(_) => None,
        }
    }

    /// The sender.
    #[must_use]
    pub const fn source(&self) -> Endpoint {
        self.key.endpoint(self.from)
    }

    /// The receiver.
    #[must_use]
    pub const fn destination(&self) -> Endpoint {
        self.key.endpoint(self.from.other())
    }
}

impl Clue {
    /// The clue that a segment is, if it is one.
    #[must_use]
    pub fn of(source: Endpoint, segment: &Segment) -> Self {
        let &Segment {
            seq,
            ack,
            flags,
            payload_len: len,
        } = segment;
        match (flags & flag::SYN != 0, flags & flag::ACK != 0) {
            (true, false) => Self::Syn {
                client: source,
                seq,
            },
            (true, true) => Self::SynAck {
                client_seq: ack.wrapping_sub(1),
                server_seq: seq,
            },
            (false, _) => Self::Data(DataClue { seq, ack, len }),
        }
    }

    /// The client's initial sequence number, in an opening.
    #[must_use]
    pub const fn client_seq(&self) -> Option<u32> {
        match *self {
            Self::Syn { seq, .. } => Some(seq),
            Self::SynAck { client_seq, .. } => Some(client_seq),
            Self::Data(_) => None,
        }
    }
}

fn is_chosen(connection: &Connection, segment: &Segment) -> bool {
    let packets = connection.packets();
    let mixed = (segment.seq ^ segment.ack.rotate_left(16)).wrapping_mul(0x9e37_79b1);
    packets <= YOUNG || mixed >> (u32::BITS - SAMPLED_BITS) == 0
}
