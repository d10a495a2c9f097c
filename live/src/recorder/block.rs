//! pcapng blocks, as octets.
//!
//! In: what is known of a section, an interface or a frame. Out: whole blocks at the end of a
//! buffer, in little-endian order.
//! **Units** times are nanoseconds, which each interface says of itself.
//! **Source** draft-ietf-opsawg-pcapng. Where it has no option for what is known, a comment says
//! it: `offload=known` of a section, `ifindex=N` of an interface, `gso_size=N` of a frame.

use std::num::NonZeroU16;

use analyzer::frame::{Direction, Frame, LinkType, Offload};
use analyzer::time::Timestamp;

/// Block types.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// Option codes: of every block, of a section, an interface, its statistics, a frame.
const COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const ISB_OSDROP: u16 = 7;
const EPB_FLAGS: u16 = 2;

/// Nanoseconds: ten to the power of minus nine.
const NANOSECONDS: u8 = 9;
/// The most octets kept of a frame, as tcpdump has it; no ring lends more.
const SNAPLEN: u32 = 262_144;
/// Octets of an interface's name; Linux has 15.
const NAME_OCTETS: usize = 64;

/// What writes the captures.
const WRITER: &str = concat!("pilotfish ", env!("CARGO_PKG_VERSION"));

/// A section, of which offload is known: a frame without a comment is one packet.
pub(super) fn section(out: &mut Vec<u8>) {
    let mut block = Block::begin(out, SECTION_HEADER);
    block.u32(0x1a2b_3c4d);
    block.u16(1);
    block.u16(0);
    // The section's length: not known while it is written.
    block.u64(u64::MAX);
    block.option(SHB_USERAPPL, WRITER.as_bytes());
    block.option(COMMENT, b"offload=known");
    block.end();
}

/// An interface of the section, the next in number.
pub(super) fn interface(out: &mut Vec<u8>, index: u32, link: LinkType, name: Option<&str>) {
    let mut block = Block::begin(out, INTERFACE);
    block.u16(link.0);
    block.u16(0);
    block.u32(SNAPLEN);
    if let Some(name) = name {
        let name = name.as_bytes();
        block.option(IF_NAME, name.get(..NAME_OCTETS).unwrap_or(name));
    }
    block.option(COMMENT, format!("ifindex={index}").as_bytes());
    block.option(IF_TSRESOL, &[NANOSECONDS]);
    block.end();
}

/// A frame of the interface with this number in the section.
pub(super) fn packet(out: &mut Vec<u8>, interface: u32, frame: &Frame<'_>) {
    let most = SNAPLEN as usize;
    let data = frame.data.get(..most).unwrap_or(frame.data);
    let mut block = Block::begin(out, ENHANCED_PACKET);
    block.u32(interface);
    block.time(frame.time);
    block.u32(length(data));
    block.u32(frame.original_len);
    block.octets(data);
    match frame.origin.direction {
        Direction::Unknown => {}
        Direction::Incoming => block.option(EPB_FLAGS, &1_u32.to_le_bytes()),
        Direction::Outgoing => block.option(EPB_FLAGS, &2_u32.to_le_bytes()),
    }
    match frame.offload {
        Offload::Whole => {}
        Offload::Unknown => block.option(COMMENT, b"offload=unknown"),
        Offload::Segments(size) => block.segments(size),
    }
    block.end();
}

/// Frames lost since the section began, all of which are put down to one interface: the kernel
/// does not say at which they were lost.
pub(super) fn statistics(out: &mut Vec<u8>, interface: u32, time: Timestamp, dropped: u64) {
    let mut block = Block::begin(out, STATISTICS);
    block.u32(interface);
    block.time(time);
    block.option(ISB_OSDROP, &dropped.to_le_bytes());
    block.end();
}

/// A block that is being written.
struct Block<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    has_options: bool,
}

impl<'a> Block<'a> {
    fn begin(out: &'a mut Vec<u8>, kind: u32) -> Self {
        let start = out.len();
        out.extend(kind.to_le_bytes());
        out.extend([0; 4]);
        Self {
            out,
            start,
            has_options: false,
        }
    }

    fn u16(&mut self, value: u16) {
        self.out.extend(value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.out.extend(value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.out.extend(value.to_le_bytes());
    }

    /// The high half first.
    fn time(&mut self, time: Timestamp) {
        let nanos = time.as_nanos();
        self.u32(u32::try_from(nanos >> 32).unwrap_or_default());
        self.u32(u32::try_from(nanos & u64::from(u32::MAX)).unwrap_or_default());
    }

    /// Octets, padded to a multiple of four.
    fn octets(&mut self, octets: &[u8]) {
        self.out.extend(octets);
        let padding = octets.len().next_multiple_of(4) - octets.len();
        self.out.resize(self.out.len() + padding, 0);
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        self.has_options = true;
        self.u16(code);
        self.u16(u16::try_from(value.len()).unwrap_or_default());
        self.octets(value);
    }

    /// Rare, and so apart from what every frame has.
    #[cold]
    fn segments(&mut self, size: NonZeroU16) {
        self.option(COMMENT, format!("gso_size={size}").as_bytes());
    }

    /// Ends the options, and writes the block's length at its two ends.
    fn end(mut self) {
        if self.has_options {
            self.u32(0);
        }
        let written = self.out.len() - self.start;
        let total = u32::try_from(written + 4).unwrap_or_default();
        self.u32(total);
        if let Some(length) = self.out.get_mut(self.start + 4..self.start + 8) {
            length.copy_from_slice(&total.to_le_bytes());
        }
    }
}

fn length(octets: &[u8]) -> u32 {
    u32::try_from(octets.len()).unwrap_or(u32::MAX)
}
