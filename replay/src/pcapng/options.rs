//! Options: code, length, value, padded to four octets.
//!
//! Whatever does not fit ends the list without an error: the block's own fields stand.

use crate::record::Fields;

/// The code of a comment, in every block.
pub(crate) const COMMENT: u16 = 1;

/// The options of a block, in order.
pub(crate) struct Options<'a> {
    rest: Fields<'a>,
}

impl<'a> Options<'a> {
    /// The options that `rest`, the end of a block's body, holds.
    #[inline]
    pub(crate) fn new(rest: Fields<'a>) -> Self {
        Self { rest }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, Fields<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let code = self.rest.u16(0)?;
        let length = usize::from(self.rest.u16(2)?);
        if code == 0 {
            return None;
        }
        let octets = self.rest.octets.get(4..4 + length)?;
        self.rest = self.rest.from(4 + length.next_multiple_of(4));
        Some((
            code,
            Fields {
                order: self.rest.order,
                octets,
            },
        ))
    }
}
