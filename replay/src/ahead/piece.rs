//! Pieces: the octets that are read at a time, with room in front of them.
//!
//! In: a reader and a buffer. Out: the buffer, with what was read.
//!
//! **Shape** a record that begins in one piece and ends in the next is put together in the room
//! in front of the next one, so that no other octet is copied a second time.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::octets::{State, read_once};

/// Octets of room in front: more than a record has, but for super-frames of the largest kind.
pub(crate) const FRONT: usize = 64 << 10;
/// Octets of a piece: few enough to stay in a cache, and enough that handing it over costs little.
pub(super) const PIECE: usize = 256 << 10;

/// Octets of a capture that follow one another.
pub(crate) struct Piece {
    /// The octets are those from [`FRONT`] on.
    pub(crate) buffer: Vec<u8>,
    /// Where they end.
    pub(crate) end: usize,
    /// Whether more follow.
    pub(crate) state: State,
}

impl Piece {
    /// Reads until the piece is full, or the reader has no more.
    pub(super) fn fill(reader: &mut impl Read, buffer: Option<Vec<u8>>) -> Self {
        let mut piece = Self {
            buffer: buffer.unwrap_or_else(|| vec![0; FRONT + PIECE]),
            end: FRONT,
            state: State::Open,
        };
        let read = || piece.read(reader);
        // Others wait for this piece.
        if catch_unwind(AssertUnwindSafe(read)).is_err() {
            piece.state = State::Failed(io::Error::other("reading it went wrong, report this"));
        }
        piece
    }

    fn read(&mut self, reader: &mut impl Read) {
        while let State::Open = self.state
            && let Some(room) = self.buffer.get_mut(self.end..)
            && !room.is_empty()
        {
            match read_once(reader, room) {
                Ok(count) => self.end += count,
                Err(state) => self.state = state,
            }
        }
    }
}

/// Whether a buffer has the length of a piece: others held a record that was longer.
pub(super) fn is_of_a_piece(buffer: &[u8]) -> bool {
    buffer.len() == FRONT + PIECE
}
