//! Bounded reading: octets come off the front, or there is a reason why not.
//!
//! In: the kept octets of a frame and how many there were on the link. Out: fixed-size arrays.
//! **Units** octets. **Errors** [`SkipReason::Truncated`] when the octets existed and were not kept,
//! [`SkipReason::Malformed`] when they never existed.

use crate::skip::SkipReason;

/// What is left of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    /// The octets that were kept.
    kept: &'a [u8],
    /// Octets on the link, kept or not; never fewer than `kept`.
    on_link: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the first of `kept`, of which there were `original_len` on the link.
    pub(super) fn new(kept: &'a [u8], original_len: u32) -> Self {
        let original_len = usize::try_from(original_len).unwrap_or(usize::MAX);
        Self {
            kept,
            on_link: original_len.max(kept.len()),
        }
    }

    /// Octets left that were kept.
    pub(super) fn kept_len(&self) -> usize {
        self.kept.len()
    }

    /// Octets left on the link.
    pub(super) fn link_len(&self) -> usize {
        self.on_link
    }

    /// How far into `frame`, from which it was made, it is: padding may have been taken off its end,
    /// so that its length does not tell.
    #[inline]
    pub(super) fn offset_in(&self, frame: &[u8]) -> usize {
        let (start, here) = (frame.as_ptr().addr(), self.kept.as_ptr().addr());
        here.saturating_sub(start)
    }

    /// The next `N` octets, which stay.
    #[inline]
    pub(super) fn peek<const N: usize>(&self) -> Result<&'a [u8; N], SkipReason> {
        self.kept.first_chunk().ok_or_else(|| self.missing(N))
    }

    /// The next `N` octets.
    #[inline]
    pub(super) fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], SkipReason> {
        let Some((taken, rest)) = self.kept.split_first_chunk() else {
            return Err(self.missing(N));
        };
        self.kept = rest;
        self.on_link -= N;
        Ok(taken)
    }

    /// The next octet.
    #[inline]
    pub(super) fn u8(&mut self) -> Result<u8, SkipReason> {
        self.take().map(|&[octet]| octet)
    }

    /// The next two octets, in network order.
    #[inline]
    pub(super) fn u16(&mut self) -> Result<u16, SkipReason> {
        self.take().map(|octets| u16::from_be_bytes(*octets))
    }

    /// Leaves `len` octets out.
    #[inline]
    pub(super) fn skip(&mut self, len: usize) -> Result<(), SkipReason> {
        self.kept = self.kept.get(len..).ok_or_else(|| self.missing(len))?;
        self.on_link -= len;
        Ok(())
    }

    /// Ends after `len` octets, as a header inside the frame says. What lies behind is padding.
    /// A header that says more than the frame had is believed: the frame was cut before capture.
    #[inline]
    pub(super) fn limit(&mut self, len: usize) {
        self.kept = self.kept.get(..len).unwrap_or(self.kept);
        self.on_link = len;
    }

    #[cold]
    fn missing(&self, needed: usize) -> SkipReason {
        if needed <= self.on_link {
            SkipReason::Truncated
        } else {
            SkipReason::Malformed
        }
    }
}
