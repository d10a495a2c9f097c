//! MPLS label stacks.
//!
//! **Source** RFC 3032 §2.1; RFC 4928 §3 and RFC 4385 §3: what follows is told by its first four
//! bits, and 0 is the control word of a pseudowire, taken to carry Ethernet (RFC 4448).

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

/// Marks the last entry.
const BOTTOM_OF_STACK: u8 = 0x01;
const CONTROL_WORD_LEN: usize = 4;

/// Reads a label stack.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    loop {
        let &[_, _, bottom, _] = cursor.take()?;
        if bottom & BOTTOM_OF_STACK != 0 {
            break;
        }
    }
    let &[first] = cursor.peek()?;
    match first >> 4 {
        4 | 6 => Ok(Layer::Ip),
        0 => cursor.skip(CONTROL_WORD_LEN).map(|()| Layer::Ethernet),
        _ => Err(SkipReason::UnsupportedEtherType),
    }
}
