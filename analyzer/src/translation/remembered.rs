//! What is remembered of a sighting.
//!
//! In: sightings of clues. Out: the same sightings, while they mean something.
//! **Shape** an opening is remembered by where its connection lies, which knows the rest: sixteen
//! octets, so that those of the last seconds stay in a cache. One whose connection has ended, or
//! has made room for another, says nothing any more.

use crate::connection::table::{ConnectionTable, Slot};
use crate::endpoint::Side;
use crate::time::Timestamp;
use crate::translation::clue::{Clue, Shown};

/// What is kept of a sighting.
pub(super) trait Remembered: Copy {
    /// Of a sighting whose clue has this hash; `None` when it can not be kept.
    fn of(hash: u32, seen: &Shown) -> Option<Self>;

    /// The hash of its clue.
    fn hash(&self) -> u32;

    /// When it was.
    fn time(&self) -> Timestamp;

    /// The sighting; `None` when its connection is not in `table` any more.
    fn shown(&self, table: &ConnectionTable) -> Option<Shown>;
}

/// All of it.
#[derive(Clone, Copy)]
pub(super) struct Whole {
    hash: u32,
    shown: Shown,
}

impl Remembered for Whole {
    fn of(hash: u32, seen: &Shown) -> Option<Self> {
        Some(Self { hash, shown: *seen })
    }

    fn hash(&self) -> u32 {
        self.hash
    }

    fn time(&self) -> Timestamp {
        self.shown.time
    }

    fn shown(&self, _: &ConnectionTable) -> Option<Shown> {
        Some(self.shown)
    }
}

/// Of an opening, what its connection does not know.
#[derive(Clone, Copy)]
pub(super) struct Opening {
    time: Timestamp,
    hash: u32,
    /// Where the connection lies, then [`IS_ANSWER`] and [`FROM_HIGH`].
    place: u32,
}

const _: () = assert!(size_of::<Opening>() == 16);

/// It is a SYN-ACK, not a SYN.
const IS_ANSWER: u32 = 1;
/// The greater endpoint sent it.
const FROM_HIGH: u32 = 2;
const SLOT_SHIFT: u32 = 2;

impl Remembered for Opening {
    fn of(hash: u32, seen: &Shown) -> Option<Self> {
        let kind = match seen.clue {
            Clue::Syn { .. } => 0,
            Clue::SynAck { .. } => IS_ANSWER,
            Clue::Data(_) => return None,
        };
        let from = match seen.from {
            Side::Low => 0,
            Side::High => FROM_HIGH,
        };
        let slot = seen.slot.number();
        let place = slot << SLOT_SHIFT | kind | from;
        (place >> SLOT_SHIFT == slot).then_some(Self {
            time: seen.time,
            hash,
            place,
        })
    }

    fn hash(&self) -> u32 {
        self.hash
    }

    fn time(&self) -> Timestamp {
        self.time
    }

    fn shown(&self, table: &ConnectionTable) -> Option<Shown> {
        let slot = Slot::new(self.place >> SLOT_SHIFT);
        let from = match self.place & FROM_HIGH {
            0 => Side::Low,
            _ => Side::High,
        };
        let connection = table.at(slot)?;
        let (key, seq) = (connection.key, |side| connection.tcp.initial_seq(side));
        let clue = match self.place & IS_ANSWER {
            0 => Clue::Syn {
                client: key.endpoint(from),
                seq: seq(from)?,
            },
            _ => Clue::SynAck {
                client_seq: seq(from.other())?,
                server_seq: seq(from)?,
            },
        };
        Some(Shown {
            time: self.time,
            slot,
            key,
            from,
            clue,
            twin: connection.twin(),
        })
    }
}
