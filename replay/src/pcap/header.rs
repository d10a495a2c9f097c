//! The header of a pcap capture: what it says of all its records.
//!
//! In: its 24 octets. Out: a [`Header`].
//! **Errors** a version that tcpdump and Wireshark refuse as well.

use analyzer::frame::LinkType;

use crate::error::CaptureError;
use crate::record::{ByteOrder, Fields};

/// Octets of the header.
pub(crate) const HEADER: usize = 24;
/// Octets before a record's data, and in Kuznetzov's format.
pub(crate) const RECORD_HEADER: usize = 16;
const MODIFIED_RECORD_HEADER: usize = 24;

/// Versions that are read.
const VERSIONS: &str = "2.0 to 2.4";

/// A variant of the format, known by its first four octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Variant {
    pub(crate) order: ByteOrder,
    /// Nanoseconds in one unit of the sub-second part.
    pub(crate) unit: u64,
    pub(crate) record_header: usize,
}

impl Variant {
    /// The variant of a capture that starts like this, if it is one.
    #[inline]
    pub(crate) fn of(magic: [u8; 4]) -> Option<Self> {
        let variant = |order, unit, record_header| {
            Some(Self {
                order,
                unit,
                record_header,
            })
        };
        for order in [ByteOrder::Little, ByteOrder::Big] {
            match order.u32(magic) {
                0xa1b2_c3d4 => return variant(order, 1_000, RECORD_HEADER),
                0xa1b2_3c4d => return variant(order, 1, RECORD_HEADER),
                0xa1b2_cd34 => return variant(order, 1_000, MODIFIED_RECORD_HEADER),
                _ => {}
            }
        }
        None
    }
}

/// Which of a record's two lengths comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lengths {
    CapturedFirst,
    OriginalFirst,
    /// The smaller one is the captured one.
    Either,
}

impl Lengths {
    /// The order in which captures of this version have them, if it is one that is read.
    fn of(major: u16, minor: u16) -> Option<Self> {
        match (major, minor) {
            (2, 0..=2) | (543, 0) => Some(Self::OriginalFirst),
            (2, 3) => Some(Self::Either),
            (2, 4) => Some(Self::CapturedFirst),
            _ => None,
        }
    }
}

/// The variant of the capture that begins where a record should, if one does. To be taken for
/// one, a record would have to be of one microsecond among a few in 2055 or 2083.
#[inline]
pub(crate) fn begins(octets: &[u8; RECORD_HEADER]) -> Option<Variant> {
    let variant = Variant::of(*octets.first_chunk()?)?;
    let order = variant.order;
    let fields = Fields { order, octets };
    Lengths::of(fields.u16(4)?, fields.u16(6)?).map(|_| variant)
}

/// Whether a record whose first word is this, in little-endian order, may be the beginning of
/// another capture. It is so of few that are not.
#[inline]
pub(crate) const fn may_begin(word: u32) -> bool {
    word >> 16 == 0xa1b2 || word & 0xffff == 0xb2a1
}

/// What a header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) variant: Variant,
    pub(crate) lengths: Lengths,
    pub(crate) link: LinkType,
    pub(crate) snaplen: u32,
}

impl Header {
    /// Reads the header of a capture of this variant.
    pub(crate) fn read(variant: Variant, octets: &[u8; HEADER]) -> Result<Self, CaptureError> {
        let fields = Fields {
            order: variant.order,
            octets,
        };
        let half = |at| fields.u16(at).unwrap_or_default();
        let word = |at| fields.u32(at).unwrap_or_default();
        let (major, minor) = (half(4), half(6));
        let lengths = Lengths::of(major, minor).ok_or(CaptureError::Version {
            major,
            minor,
            expected: VERSIONS,
        })?;
        let [_, _, low, high] = word(20).to_be_bytes();
        Ok(Self {
            variant,
            lengths,
            link: LinkType(u16::from_be_bytes([low, high])),
            snaplen: word(16),
        })
    }

    /// Nanoseconds in one unit of the sub-second part of its records, when these are little-endian,
    /// without additions, and the captured length comes first.
    pub(crate) fn common_unit(&self) -> Option<u64> {
        let Variant {
            order,
            unit,
            record_header,
        } = self.variant;
        let is_common = order == ByteOrder::Little
            && record_header == RECORD_HEADER
            && self.lengths == Lengths::CapturedFirst;
        is_common.then_some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_beginning_is_taken_for_a_record() {
        for magic in [0xa1b2_c3d4_u32, 0xa1b2_3c4d, 0xa1b2_cd34] {
            for octets in [magic.to_le_bytes(), magic.to_be_bytes()] {
                assert!(Variant::of(octets).is_some());
                assert!(may_begin(u32::from_le_bytes(octets)));
            }
        }
        assert!(!may_begin(1_767_225_600));
    }
}
