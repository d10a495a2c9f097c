//! Packet blocks: enhanced, simple and obsolete.
//!
//! In: a block's body. Out: its fields and where its frame starts in the body.

use analyzer::frame::{Direction, Offload};

use crate::pcapng::note;
use crate::pcapng::options::{COMMENT, Options};
use crate::record::Fields;
use crate::warning::Damage;

/// Codes of the packet options that are read, the same in both blocks that have options.
const FLAGS: u16 = 2;
const DROP_COUNT: u16 = 4;

/// What a packet block says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketFields {
    /// Numbered within the section.
    pub(crate) interface: u32,
    pub(crate) ticks: u64,
    pub(crate) captured_len: u32,
    pub(crate) original_len: u32,
    /// Where the frame starts in the body.
    pub(crate) data_at: usize,
    pub(crate) direction: Direction,
    /// What a comment says that segmentation offload made of it.
    pub(crate) offload: Option<Offload>,
    /// Frames lost just before this one.
    pub(crate) drops: u64,
}

/// An enhanced packet block.
#[inline]
pub(crate) fn enhanced(body: Fields<'_>) -> Result<PacketFields, Damage> {
    let interface = body.u32(0).ok_or(Damage::Short)?;
    with_time(body, interface, 0)
}

/// An obsolete packet block: a 16-bit interface, then the losses before it (all ones: unknown).
pub(crate) fn obsolete(body: Fields<'_>) -> Result<PacketFields, Damage> {
    let interface = body.u16(0).ok_or(Damage::Short)?;
    let drops = body.u16(2).filter(|drops| *drops != u16::MAX).unwrap_or(0);
    with_time(body, u32::from(interface), u64::from(drops))
}

/// A simple packet block: the original length and as much of the frame as the snaplen left.
pub(crate) fn simple(body: Fields<'_>, snaplen: u32) -> Result<PacketFields, Damage> {
    let original_len = body.u32(0).ok_or(Damage::Short)?;
    let kept = if snaplen == 0 {
        original_len
    } else {
        original_len.min(snaplen)
    };
    let there = u32::try_from(body.from(4).octets.len()).unwrap_or(u32::MAX);
    Ok(PacketFields {
        interface: 0,
        ticks: 0,
        captured_len: kept.min(there),
        original_len,
        data_at: 4,
        direction: Direction::Unknown,
        offload: None,
        drops: 0,
    })
}

/// Both blocks are the same from their fifth octet on.
#[inline]
fn with_time(body: Fields<'_>, interface: u32, drops: u64) -> Result<PacketFields, Damage> {
    let word = |at| body.u32(at).ok_or(Damage::Short);
    let ticks = u64::from(word(4)?) << 32 | u64::from(word(8)?);
    let (captured_len, original_len) = (word(12)?, word(16)?);
    let data_at = 20;
    let octets = captured_len as usize;
    if octets > body.octets.len() - data_at {
        return Err(Damage::FrameLength(captured_len));
    }
    let mut fields = PacketFields {
        interface,
        ticks,
        captured_len,
        original_len,
        data_at,
        direction: Direction::Unknown,
        offload: None,
        drops,
    };
    let options_at = data_at + octets.next_multiple_of(4);
    if body.octets.len() > options_at {
        read_options(body.from(options_at), &mut fields);
    }
    Ok(fields)
}

#[inline]
fn read_options(octets: Fields<'_>, fields: &mut PacketFields) {
    for (code, value) in Options::new(octets) {
        match code {
            COMMENT => fields.offload = note::offload(value.octets).or(fields.offload),
            FLAGS => fields.direction = direction(value.u32(0).unwrap_or_default()),
            DROP_COUNT => fields.drops = value.u64(0).unwrap_or_default(),
            _ => {}
        }
    }
}

/// The low two bits of the flags.
fn direction(flags: u32) -> Direction {
    match flags & 3 {
        1 => Direction::Incoming,
        2 => Direction::Outgoing,
        _ => Direction::Unknown,
    }
}
