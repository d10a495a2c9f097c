//! A window on a stream of octets: the reader looks ahead, lends slices and consumes.
//!
//! In: anything that can be read. Out: slices of one buffer, valid until the next look ahead.
//!
//! **Shape** `buffer[start..end]` is read and not consumed; `base` is the stream offset of
//! `buffer[0]`. The buffer grows only as octets arrive, so a length that lies costs nothing, and
//! stays above twice what was asked for, so moving its rest to the front is paid by what was
//! consumed. It is read with `read`: a mapped file that shrinks would raise SIGBUS.
//! Where it is read ahead the buffer is exchanged for the next piece, and the rest moves in front
//! of that; what is longer than the room there goes on as if it was read here.
//! **Errors** an error ends the stream and is kept for [`Octets::take_failure`]. It is told where
//! octets were asked for that it took: what was read ahead tells no more than is needed.

use std::io::{self, ErrorKind, Read};
use std::mem;
use std::ops::Range;

use crate::ahead::{Ahead, FRONT, Piece, Pieces};
use crate::reader::Reader;

/// What a new window holds: enough for the headers and first frames of a capture.
const FIRST_OCTETS: usize = 64 << 10;

/// A forward-only, buffered view of a stream.
pub(crate) struct Octets {
    input: Input,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Modulo 2^64: the room in front of a stream's first piece lies before the stream.
    base: u64,
    refill: usize,
    state: State,
    /// More octets were asked for than there are.
    fell_short: bool,
}

/// Where octets come from.
enum Input {
    /// They are read here.
    Here(Reader),
    /// Others read them.
    Ahead(Pieces),
}

/// Whether more may come.
pub(crate) enum State {
    Open,
    Ended,
    Failed(io::Error),
}

impl State {
    pub(crate) const fn is_over(&self) -> bool {
        match self {
            Self::Open => false,
            Self::Ended | Self::Failed(_) => true,
        }
    }
}

impl Octets {
    /// A window on what begins with `start`, of which `reader` has the rest and reads up to
    /// `refill` octets at a time.
    pub(crate) fn new(start: &[u8], reader: Reader, refill: usize) -> Self {
        let mut buffer = start.to_vec();
        buffer.resize(FIRST_OCTETS.min(refill).max(start.len()).max(64), 0);
        Self {
            input: Input::Here(reader),
            buffer,
            start: 0,
            end: start.len(),
            base: 0,
            refill,
            state: State::Open,
            fell_short: false,
        }
    }

    /// Lets other threads read from here on.
    pub(crate) fn read_ahead(&mut self, ahead: &mut Ahead) {
        if self.state.is_over() {
            return;
        }
        let nothing = Input::Here(Reader::Stream(Box::new(io::empty())));
        self.input = match mem::replace(&mut self.input, nothing) {
            Input::Here(reader) => Input::Ahead(ahead.read(reader)),
            pieces @ Input::Ahead(_) => pieces,
        };
    }

    pub(crate) const fn are_read_ahead(&self) -> bool {
        match self.input {
            Input::Here(_) => false,
            Input::Ahead(_) => true,
        }
    }

    /// The next `count` octets, or `None` when the stream ends before.
    #[inline]
    pub(crate) fn ahead(&mut self, count: usize) -> Option<&[u8]> {
        if self.end - self.start < count && !self.fill(count) {
            return None;
        }
        self.buffer.get(self.start..self.start + count)
    }

    /// What is already read and not consumed; all there is once `ahead` gave `None`.
    #[inline]
    pub(crate) fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Moves past `count` octets that were looked at.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// What is already read and not consumed, when that is at least its first `N` octets.
    #[inline]
    pub(crate) fn at_hand<const N: usize>(&self) -> Option<&[u8; N]> {
        self.buffered().first_chunk()
    }

    /// Moves past `before` octets and `count` more, when they are read already, and says where
    /// those lie, for [`Self::lend`].
    #[inline]
    pub(crate) fn pass(&mut self, before: usize, count: usize) -> Option<Range<usize>> {
        let first = self.start + before;
        let end = first + count;
        if end > self.end {
            return None;
        }
        self.start = end;
        Some(first..end)
    }

    /// Where the next octet lies in the stream.
    #[inline]
    pub(crate) fn offset(&self) -> u64 {
        self.base.wrapping_add(self.start as u64)
    }

    /// Where the octets `from..from + count` of those ahead lie, for [`Self::lend`].
    #[inline]
    pub(crate) fn place(&self, from: usize, count: usize) -> Range<usize> {
        let first = self.start + from;
        first..first + count
    }

    /// The octets at `place`, consumed or not, until the next look ahead.
    #[inline]
    pub(crate) fn lend(&self, place: Range<usize>) -> &[u8] {
        self.buffer.get(place).unwrap_or_default()
    }

    /// The error that ended the stream early, once.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        if !self.fell_short {
            return None;
        }
        match mem::replace(&mut self.state, State::Ended) {
            State::Failed(error) => Some(error),
            State::Open => {
                self.state = State::Open;
                None
            }
            State::Ended => None,
        }
    }

    #[cold]
    fn fill(&mut self, wanted: usize) -> bool {
        let is_there = match &self.input {
            Input::Here(_) => self.read_until(wanted),
            Input::Ahead(_) => self.take_until(wanted),
        };
        self.fell_short |= !is_there;
        is_there
    }

    fn read_until(&mut self, wanted: usize) -> bool {
        if self.state.is_over() {
            return false;
        }
        if self.start == self.end || self.start + wanted > self.buffer.len() {
            self.move_to_front();
            if self.base > 0 && self.buffer.len() < self.refill {
                self.buffer.resize(self.refill, 0);
            }
        }
        while self.end - self.start < wanted {
            if self.end == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            if !self.read_once() {
                return false;
            }
        }
        if self.buffer.len() < wanted.saturating_mul(2) {
            self.buffer.resize(wanted.saturating_mul(2), 0);
        }
        true
    }

    fn move_to_front(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base = self.offset();
            self.end -= self.start;
            self.start = 0;
        }
    }

    /// One `read`, so that what a pipe has is used before waiting for more.
    fn read_once(&mut self) -> bool {
        let room = self.buffer.get_mut(self.end..);
        let (Input::Here(reader), Some(room)) = (&mut self.input, room) else {
            return false;
        };
        match read_once(reader, room) {
            Ok(count) => self.end += count,
            Err(state) => self.state = state,
        }
        !self.state.is_over()
    }

    fn take_until(&mut self, wanted: usize) -> bool {
        while self.end - self.start < wanted {
            let Input::Ahead(pieces) = &mut self.input else {
                return false;
            };
            if self.state.is_over() {
                return false;
            }
            let piece = pieces.next();
            let used = self.go_on_in(piece);
            if let Input::Ahead(pieces) = &self.input {
                pieces.give_back(used);
            }
        }
        true
    }

    /// Goes on in the next piece, and says which buffer is not needed any more.
    fn go_on_in(&mut self, piece: Piece) -> Vec<u8> {
        let Some(room) = FRONT.checked_sub(self.end - self.start) else {
            return self.append(piece);
        };
        let mut buffer = piece.buffer;
        let rest = self.buffer.get(self.start..self.end);
        if let (Some(front), Some(rest)) = (buffer.get_mut(room..FRONT), rest) {
            front.copy_from_slice(rest);
        }
        self.base = self.offset().wrapping_sub(room as u64);
        (self.start, self.end, self.state) = (room, piece.end, piece.state);
        mem::replace(&mut self.buffer, buffer)
    }

    /// Goes on behind a rest that does not fit in front of the next piece.
    #[cold]
    fn append(&mut self, piece: Piece) -> Vec<u8> {
        self.move_to_front();
        self.buffer.truncate(self.end);
        let octets = piece.buffer.get(FRONT..piece.end);
        self.buffer.extend_from_slice(octets.unwrap_or_default());
        (self.end, self.state) = (self.buffer.len(), piece.state);
        piece.buffer
    }
}

/// Reads once, whatever interrupts it; there is room. How many octets came, or why none did.
pub(crate) fn read_once(reader: &mut impl Read, room: &mut [u8]) -> Result<usize, State> {
    loop {
        match reader.read(room) {
            Ok(0) => return Err(State::Ended),
            Ok(count) => return Ok(count.min(room.len())),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(State::Failed(error)),
        }
    }
}
