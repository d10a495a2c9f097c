//! Blocks: where one ends and what it is.
//!
//! In: the octets ahead. Out: a length that can be trusted, then the body of the block.

use byteorder_slice::{BigEndian, LittleEndian};
use pcap_file::pcapng::RawBlock;

use crate::octets::Octets;
use crate::pcapng::MAGIC;
use crate::record::{ByteOrder, Fields};
use crate::warning::Damage;

/// Octets of a block without a body: type, length, length.
pub(crate) const FRAMING: usize = 12;
/// Where the body of a block starts.
pub(crate) const BODY: usize = 8;
/// The longest block that is believed, the limit of Wireshark.
const LONGEST: u32 = 16 << 20;
/// The shortest, which has no body.
const SHORTEST: u32 = 12;

/// A block, its two lengths compared.
pub(crate) struct Block<'a> {
    pub(crate) kind: BlockKind,
    pub(crate) body: Fields<'a>,
}

/// The block types that are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BlockKind {
    SectionHeader,
    Interface,
    Obsolete,
    Simple,
    Names,
    Statistics,
    Enhanced,
    /// Custom blocks, secrets, journals and whatever comes: no frames in them.
    Unknown,
}

/// What the first octets of a block say.
pub(crate) enum Head {
    /// It is all there.
    Whole { length: usize },
    /// The stream ends within it, or before it.
    Cut { needed: usize },
    /// Type and length are zero.
    Zeros,
    /// Its length is impossible.
    Damaged(Damage),
}

/// Looks at the block ahead.
#[inline]
pub(crate) fn head(octets: &mut Octets, order: ByteOrder) -> Head {
    let Some(start) = octets.ahead(FRAMING) else {
        return rest(octets.buffered());
    };
    if start.starts_with(&[0; 8]) {
        return Head::Zeros;
    }
    let order = if start.starts_with(&MAGIC) {
        match section_order(start) {
            Some(order) => order,
            None => return Head::Damaged(Damage::ByteOrder),
        }
    } else {
        order
    };
    let length = Fields {
        order,
        octets: start,
    }
    .u32(4)
    .unwrap_or_default();
    if !is_length(length) {
        return Head::Damaged(Damage::Length(length));
    }
    let length = length as usize;
    match octets.ahead(length) {
        Some(_) => Head::Whole { length },
        None => Head::Cut { needed: length },
    }
}

/// What fewer octets than any block has are.
#[cold]
fn rest(octets: &[u8]) -> Head {
    if !octets.is_empty() && octets.iter().all(|octet| *octet == 0) {
        return Head::Zeros;
    }
    Head::Cut { needed: FRAMING }
}

/// Whether a block can have this length.
#[inline]
pub(crate) fn is_length(length: u32) -> bool {
    length.is_multiple_of(4) && (SHORTEST..=LONGEST).contains(&length)
}

/// The byte order of the section that starts here.
pub(crate) fn section_order(start: &[u8]) -> Option<ByteOrder> {
    match start.get(8..12)? {
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(ByteOrder::Big),
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(ByteOrder::Little),
        _ => None,
    }
}

/// The block that fills `octets`, `None` when the lengths at its two ends differ.
#[inline]
pub(crate) fn frame(octets: &[u8], order: ByteOrder) -> Option<Block<'_>> {
    let raw = match order {
        ByteOrder::Little => RawBlock::from_slice::<LittleEndian>(octets),
        ByteOrder::Big => RawBlock::from_slice::<BigEndian>(octets),
    };
    let (_, raw) = raw.ok()?;
    let kind = match raw.type_ {
        0x0a0d_0d0a => BlockKind::SectionHeader,
        1 => BlockKind::Interface,
        2 => BlockKind::Obsolete,
        3 => BlockKind::Simple,
        4 => BlockKind::Names,
        5 => BlockKind::Statistics,
        6 => BlockKind::Enhanced,
        _ => BlockKind::Unknown,
    };
    let order = if kind == BlockKind::SectionHeader {
        section_order(octets)?
    } else {
        order
    };
    // The body by its place: `raw.body` may own its octets, by its type if not in fact.
    let octets = octets.get(BODY..octets.len().checked_sub(4)?)?;
    let body = Fields { order, octets };
    Some(Block { kind, body })
}
