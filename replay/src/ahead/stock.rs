//! The stock: which pieces of which captures are claimed, filled and taken.
//!
//! In: readers, filled pieces, buffers to fill again. Out: claims, and pieces in order.
//!
//! **Shape** pieces of a capture are numbered: those before `taken` were taken, those before
//! `claimed` are filled or being filled. A file's next piece can be claimed at any time; a stream
//! is away with the claim.
//! **Limits** [`PIECES`] of a capture and [`BUFFERS`] of all captures are claimed and not taken, and
//! one more of each capture whose next piece nobody has claimed: that one may always be.

use std::collections::BTreeMap;

use crate::ahead::piece::{self, Piece};
use crate::reader::Reader;

/// Pieces of a capture that are read ahead.
const PIECES: usize = 8;
/// Pieces of all captures that are, and as many buffers that wait to be filled.
const BUFFERS: usize = 64;

/// What whoever takes the pieces of a capture has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// The pieces of all captures.
#[derive(Default)]
pub(super) struct Stock {
    captures: BTreeMap<Ticket, Supply>,
    tickets: u64,
    spare: Vec<Vec<u8>>,
    /// Pieces of all captures that are claimed and not taken.
    ahead: usize,
    is_closed: bool,
    /// Threads that wait for something to claim.
    pub(super) idle: usize,
    /// Whether somebody waits for a piece that another one fills.
    pub(super) is_awaited: bool,
}

/// The pieces of one capture.
struct Supply {
    /// `None` while a stream is away with a claim.
    reader: Option<Reader>,
    claimed: u64,
    taken: u64,
    filled: BTreeMap<u64, Piece>,
    /// No piece is to be had behind those that are claimed.
    is_ended: bool,
}

/// A piece to be filled.
pub(super) struct Claim {
    ticket: Ticket,
    number: u64,
    reader: Reader,
    buffer: Option<Vec<u8>>,
}

/// A piece that was.
pub(super) struct Filled {
    ticket: Ticket,
    number: u64,
    reader: Reader,
    piece: Piece,
}

impl Claim {
    /// Fills it, which takes as long as reading takes.
    pub(super) fn fill(self) -> Filled {
        let Self {
            ticket,
            number,
            mut reader,
            buffer,
        } = self;
        let piece = Piece::fill(&mut reader, buffer);
        Filled {
            ticket,
            number,
            reader,
            piece,
        }
    }
}

impl Stock {
    /// Takes a capture in.
    pub(super) fn open(&mut self, reader: Reader) -> Ticket {
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        let supply = Supply {
            reader: Some(reader),
            claimed: 0,
            taken: 0,
            filled: BTreeMap::new(),
            is_ended: false,
        };
        self.captures.insert(ticket, supply);
        ticket
    }

    /// A piece of the capture that has the fewest ahead, if any may be filled.
    pub(super) fn claim_any(&mut self) -> Option<Claim> {
        let open = self.captures.iter().filter(|(_, supply)| supply.is_open());
        let (ticket, supply) = open.min_by_key(|(_, supply)| supply.ahead())?;
        let is_room = supply.ahead() < PIECES && self.ahead < BUFFERS;
        if is_room { self.claim(*ticket) } else { None }
    }

    /// The next piece of a capture that nobody has claimed, if it may be filled.
    pub(super) fn claim(&mut self, ticket: Ticket) -> Option<Claim> {
        let supply = self.captures.get_mut(&ticket)?;
        let is_room = supply.ahead() < PIECES && self.ahead < BUFFERS;
        if supply.is_ended || !(is_room || supply.ahead() == 0) {
            return None;
        }
        let reader = supply.lend()?;
        let number = supply.claimed;
        supply.claimed += 1;
        self.ahead += 1;
        Some(Claim {
            ticket,
            number,
            reader,
            buffer: self.spare.pop(),
        })
    }

    /// Puts a filled piece where it is taken from, unless nobody will.
    pub(super) fn put(&mut self, filled: Filled) {
        let Some(supply) = self.captures.get_mut(&filled.ticket) else {
            self.give_back(filled.piece.buffer);
            return;
        };
        supply.is_ended |= filled.piece.state.is_over();
        supply.reader.get_or_insert(filled.reader);
        supply.filled.insert(filled.number, filled.piece);
    }

    /// The next piece of a capture, if it is filled.
    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Piece> {
        let supply = self.captures.get_mut(&ticket)?;
        let piece = supply.filled.remove(&supply.taken)?;
        supply.taken += 1;
        self.ahead -= 1;
        Some(piece)
    }

    /// Whether a thread that waits is to be woken for a capture: where half of what may be ahead of
    /// it is not, so that none wakes for every piece.
    pub(super) fn wants_help(&self, ticket: Ticket) -> bool {
        let supply = self.captures.get(&ticket);
        self.idle > 0 && supply.is_some_and(Supply::wants_help)
    }

    /// Keeps a buffer to fill it again, as long as there are not too many.
    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        if piece::is_of_a_piece(&buffer) && self.spare.len() + self.ahead <= BUFFERS {
            self.spare.push(buffer);
        }
    }

    /// Nobody takes pieces of a capture any more.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        let Some(supply) = self.captures.remove(&ticket) else {
            return;
        };
        self.ahead -= supply.ahead();
        for piece in supply.filled.into_values() {
            self.give_back(piece.buffer);
        }
    }

    /// Nobody asks for pieces any more.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }
}

impl Supply {
    /// How many pieces are claimed and not taken.
    fn ahead(&self) -> usize {
        usize::try_from(self.claimed - self.taken).unwrap_or(usize::MAX)
    }

    fn is_open(&self) -> bool {
        !self.is_ended && self.reader.is_some()
    }

    fn wants_help(&self) -> bool {
        self.is_open() && self.ahead() <= PIECES / 2
    }

    /// What the next piece is read with: of a file a place in it, of a stream the stream.
    fn lend(&mut self) -> Option<Reader> {
        match self.reader.take()? {
            Reader::File(mut file) => {
                let place = file.clone();
                file.pass(piece::PIECE as u64);
                self.reader = Some(Reader::File(file));
                Some(Reader::File(place))
            }
            stream @ Reader::Stream(_) => Some(stream),
        }
    }
}

#[cfg(test)]
mod tests;
