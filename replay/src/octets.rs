//! A window on a stream of octets: the reader looks ahead, lends slices and consumes.
//!
//! In: anything that can be read. Out: slices of one buffer, valid until the next look ahead.
//!
//! **Shape** `buffer[start..end]` is read and not consumed; `base` is the stream offset of
//! `buffer[0]`. The buffer grows only as octets arrive, so a length that lies costs nothing, and
//! stays above twice what was asked for, so moving its rest to the front is paid by what was
//! consumed. It is read with `read`: a mapped file that shrinks would raise SIGBUS.
//! **Errors** an error ends the stream and is kept for [`Octets::take_failure`].

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// What a new window holds: enough for the headers and first frames of a capture.
const FIRST_OCTETS: usize = 64 << 10;

/// A forward-only, buffered view of a stream.
pub(crate) struct Octets {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    base: u64,
    refill: usize,
    state: State,
}

/// Whether more may come.
enum State {
    Open,
    Ended,
    Failed(io::Error),
}

impl Octets {
    /// A window on `reader` that reads up to `refill` octets at a time.
    pub(crate) fn new(reader: Box<dyn Read + Send>, refill: usize) -> Self {
        Self {
            reader,
            buffer: vec![0; FIRST_OCTETS.min(refill.max(64))],
            start: 0,
            end: 0,
            base: 0,
            refill,
            state: State::Open,
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
        self.base + self.start as u64
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
        match std::mem::replace(&mut self.state, State::Ended) {
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
        if !matches!(self.state, State::Open) {
            return false;
        }
        if self.start == self.end || self.start + wanted > self.buffer.len() {
            self.move_to_front();
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
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if self.base > 0 && self.buffer.len() < self.refill {
            self.buffer.resize(self.refill, 0);
        }
    }

    /// One `read`, so that what a pipe has is used before waiting for more.
    fn read_once(&mut self) -> bool {
        while matches!(self.state, State::Open) {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(room) {
                Ok(0) => self.state = State::Ended,
                Ok(count) => {
                    self.end = (self.end + count).min(self.buffer.len());
                    return true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.state = State::Failed(error),
            }
        }
        false
    }
}
