//! Records: one frame's place in the buffer, whichever format it came from.
//!
//! In: the octets of a capture. Out: a [`Record`] at a time.

use std::ops::Range;

use analyzer::frame::{Direction, LinkType, Offload};
use analyzer::time::Timestamp;

use crate::octets::Octets;
use crate::pcap::Pcap;
use crate::pcapng::PcapNg;
use crate::report::CaptureReport;

/// A frame as a reader found it: its octets stay in [`Octets`].
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) time: Timestamp,
    pub(crate) link: LinkType,
    /// At least as long as the data.
    pub(crate) original_len: u32,
    pub(crate) interface: u32,
    pub(crate) direction: Direction,
    pub(crate) offload: Offload,
    /// Where its octets are, for [`Octets::lend`].
    pub(crate) data: Range<usize>,
}

/// Records that were given one after the other.
#[derive(Clone, Copy, Default)]
pub(crate) struct Run {
    pub(crate) frames: usize,
    /// What they take in the capture.
    pub(crate) octets: usize,
    /// The latest of their times.
    pub(crate) latest: Timestamp,
}

/// The reader of one capture's format.
pub(crate) enum RecordReader {
    Pcap(Pcap),
    PcapNg(Box<PcapNg>),
}

impl RecordReader {
    /// The next frame; `None` at the end, whatever the reason for it.
    #[expect(
        clippy::inline_always,
        reason = "a record is as large as what it is made of"
    )]
    #[inline(always)]
    pub(crate) fn next(
        &mut self,
        octets: &mut Octets,
        report: &mut CaptureReport,
    ) -> Option<Record> {
        match self {
            Self::Pcap(pcap) => pcap.next(octets, report),
            Self::PcapNg(pcapng) => pcapng.next(octets, report),
        }
    }
}

/// The order of a capture's octets within a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The number of two octets.
    #[inline]
    pub(crate) fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        }
    }

    /// The number of four octets.
    #[inline]
    pub(crate) fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    /// The number of eight octets.
    #[inline]
    pub(crate) fn u64(self, octets: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(octets),
            Self::Big => u64::from_be_bytes(octets),
        }
    }
}

/// Octets with a byte order: numbers at an offset, `None` beyond the end.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) order: ByteOrder,
    pub(crate) octets: &'a [u8],
}

impl<'a> Fields<'a> {
    #[inline]
    pub(crate) fn u16(self, at: usize) -> Option<u16> {
        Some(self.order.u16(*self.octets.get(at..)?.first_chunk()?))
    }

    #[inline]
    pub(crate) fn u32(self, at: usize) -> Option<u32> {
        Some(self.order.u32(*self.octets.get(at..)?.first_chunk()?))
    }

    #[inline]
    pub(crate) fn u64(self, at: usize) -> Option<u64> {
        Some(self.order.u64(*self.octets.get(at..)?.first_chunk()?))
    }

    /// The same from `at` on, empty beyond the end.
    #[inline]
    pub(crate) fn from(self, at: usize) -> Fields<'a> {
        Fields {
            order: self.order,
            octets: self.octets.get(at..).unwrap_or_default(),
        }
    }
}
