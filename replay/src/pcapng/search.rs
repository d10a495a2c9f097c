//! The search for a sound block after a damaged one.

use crate::octets::Octets;
use crate::pcapng::MAGIC;
use crate::pcapng::block::{FRAMING, is_length, section_order};
use crate::record::{ByteOrder, Fields};

/// Types of blocks that are common enough to go on at: sections, interfaces, packets, names,
/// statistics. A rare type met by chance would lead astray.
const COMMON: std::ops::RangeInclusive<u32> = 1..=6;

/// Consumes up to the next sound block and gives its offset; consumes everything when there is
/// none. The block ahead is not looked at.
///
/// Blocks are aligned to four octets from the start, but damage may have shifted them: every
/// offset is tried. Two equal lengths at the right distance around a common type are no chance.
pub(crate) fn next_block(octets: &mut Octets, order: ByteOrder) -> Option<u64> {
    octets.consume(1);
    while let Some(start) = octets.ahead(FRAMING) {
        if let Some(length) = plausible_length(start, order)
            && is_sound(octets, length)
        {
            return Some(octets.offset());
        }
        octets.consume(1);
    }
    let rest = octets.buffered().len();
    octets.consume(rest);
    None
}

/// The length that is claimed here, if a block may start here at all.
fn plausible_length(start: &[u8], order: ByteOrder) -> Option<usize> {
    let fields = Fields {
        order,
        octets: start,
    };
    let fields = if start.starts_with(&MAGIC) {
        Fields {
            order: section_order(start)?,
            octets: start,
        }
    } else if COMMON.contains(&fields.u32(0)?) {
        fields
    } else {
        return None;
    };
    let length = fields.u32(4)?;
    (is_length(length) && length as usize > FRAMING).then_some(length as usize)
}

/// Whether the block of this length ahead ends as it starts.
fn is_sound(octets: &mut Octets, length: usize) -> bool {
    octets
        .ahead(length)
        .is_some_and(|block| block.get(4..8) == block.get(length - 4..))
}
