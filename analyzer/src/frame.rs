//! Frames: octets as captured, with what the capture says about them.
//!
//! In: what `replay` or `live` read. Out: the input of [`crate::packet::parse`].
//! **Units** `original_len` is octets on the link, before the snaplen cut.

use crate::time::Timestamp;

/// One frame, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When it passed.
    pub time: Timestamp,
    /// What the first octets are.
    pub link: LinkType,
    /// Octets on the link; `data` is shorter when the snaplen cut.
    pub original_len: u32,
    /// The octets that were kept.
    pub data: &'a [u8],
    /// Where it was seen.
    pub origin: Origin,
}

/// Where a frame was seen, as far as the capture tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Origin {
    /// The capture (or group of rotated files), numbered by the reader.
    pub source: u32,
    /// The interface within the source, 0 where the format knows none.
    pub interface: u32,
    /// Which way it went through that interface.
    pub direction: Direction,
}

/// Which way a frame went through the interface that showed it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Direction {
    /// The capture does not say.
    #[default]
    Unknown,
    /// Into the machine of the capture.
    Incoming,
    /// Out of it.
    Outgoing,
}

/// The link type of a capture, as the tcpdump group numbers them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Ethernet II and 802.3.
    pub const ETHERNET: Self = Self(1);
}
