//! A block of the ring, and the frames in it.
//!
//! In: the octets of a block that the kernel filled. Out: [`Frame`]s that borrow them.
//! **Shape** a block has a header, then frames, each behind a header, an address and a virtio
//! header, and each saying where the next one is.
//! **Errors** what the kernel says is checked against the block's length all the same: frames of
//! which it makes no sense are counted as lost. **Units** octets; times are nanoseconds.
//! **Source** Linux `if_packet.h` (`tpacket_hdr_v1`, `tpacket3_hdr`, `sockaddr_ll`),
//! `virtio_net.h` (`virtio_net_hdr`), `if_arp.h`.

use std::cell::Cell;
use std::num::NonZeroU16;

use analyzer::frame::{Direction, Frame, LinkType, Offload, Origin};
use analyzer::time::{NANOS_PER_SECOND, Timestamp};

use crate::capture::memory::{Filled, LENT_FROM};

/// Fields of a block's header, from the first octet that is lent.
const FRAMES: usize = 12 - LENT_FROM;
const FIRST_FRAME: usize = 16 - LENT_FROM;

/// Fields of a frame's header and the address behind it.
const NEXT: usize = 0;
const SECONDS: usize = 4;
const NANOSECONDS: usize = 8;
const KEPT_LEN: usize = 12;
const ORIGINAL_LEN: usize = 16;
const LINK_OFFSET: usize = 24;
const NETWORK_OFFSET: usize = 26;
const ADDRESS: usize = 48;
const ETHER_TYPE: usize = ADDRESS + 2;
const INTERFACE: usize = ADDRESS + 4;
const HARDWARE: usize = ADDRESS + 8;
const PACKET_TYPE: usize = ADDRESS + 10;
/// Header and address together.
const HEADER: usize = ADDRESS + 20;

/// The virtio header right before the frame.
const VIRTIO: usize = 10;
const GSO_TYPE: usize = 1;
const GSO_SIZE: usize = 4;
/// Values of its type; the highest bit is about congestion marks.
const GSO_NONE: u8 = 0;
const GSO_TCP_IPV4: u8 = 1;
const GSO_TCP_IPV6: u8 = 4;
const GSO_UDP: u8 = 5;
const GSO_ECN: u8 = 0x80;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// What no reader knows: private use, as the tcpdump group numbers it.
const UNKNOWN_LINK: LinkType = LinkType(147);

/// A block of frames that the kernel stored. Dropping it hands it back.
#[derive(Debug)]
pub struct Block<'r> {
    filled: Filled<'r>,
    source: u32,
    unreadable: &'r Cell<u64>,
}

/// The frames of a block, in the order the kernel stored them.
#[derive(Clone, Debug)]
pub struct Frames<'b> {
    /// From the header of the next frame on.
    rest: &'b [u8],
    left: u32,
    source: u32,
    unreadable: &'b Cell<u64>,
}

impl<'r> Block<'r> {
    pub(super) const fn new(filled: Filled<'r>, source: u32, unreadable: &'r Cell<u64>) -> Self {
        Self {
            filled,
            source,
            unreadable,
        }
    }

    /// Its frames.
    #[must_use]
    pub fn frames(&self) -> Frames<'_> {
        Frames::of(self.filled.octets(), self.source, self.unreadable)
    }
}

impl<'b> Frames<'b> {
    fn of(octets: &'b [u8], source: u32, unreadable: &'b Cell<u64>) -> Self {
        let first = word(octets, FIRST_FRAME).and_then(index);
        let first = first.and_then(|first| octets.get(first.checked_sub(LENT_FROM)?..));
        Self {
            rest: first.unwrap_or_default(),
            left: word(octets, FRAMES).unwrap_or_default(),
            source,
            unreadable,
        }
    }

    /// Everything from the header after the next frame on.
    #[inline]
    fn after(&self, header: &[u8; HEADER]) -> Option<&'b [u8]> {
        let next = index(word(header, NEXT)?)?;
        match self.left {
            // The last one says 0, or how long it is.
            1 => Some(&[]),
            _ if next < HEADER => None,
            _ => self.rest.get(next..),
        }
    }

    #[cold]
    fn lose(&self, frames: u32) {
        let lost = u64::from(frames);
        self.unreadable.set(self.unreadable.get() + lost);
    }
}

impl<'b> Iterator for Frames<'b> {
    type Item = Frame<'b>;

    #[inline]
    fn next(&mut self) -> Option<Frame<'b>> {
        while self.left > 0 {
            let (octets, header) = (self.rest, self.rest.first_chunk::<HEADER>());
            let Some((header, rest)) =
                header.and_then(|header| Some((header, self.after(header)?)))
            else {
                // Nobody knows where the others are.
                self.lose(self.left);
                self.left = 0;
                return None;
            };
            self.rest = rest;
            self.left -= 1;
            let frame = read(octets, header, self.source);
            if frame.is_some() {
                return frame;
            }
            self.lose(1);
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, index(self.left))
    }
}

/// The frame that is described at the start of `octets`.
#[inline]
fn read<'b>(octets: &'b [u8], header: &[u8; HEADER], source: u32) -> Option<Frame<'b>> {
    let link_offset = usize::from(short(header, LINK_OFFSET)?);
    let kept = index(word(header, KEPT_LEN)?)?;
    let data = octets.get(link_offset..link_offset.checked_add(kept)?)?;
    let seconds = u64::from(word(header, SECONDS)?) * NANOS_PER_SECOND;
    let hardware = short(header, HARDWARE)?;
    let original_len = word(header, ORIGINAL_LEN)?;
    let frame = Frame {
        time: Timestamp::from_nanos(seconds + u64::from(word(header, NANOSECONDS)?)),
        link: LinkType::ETHERNET,
        original_len,
        offload: offload(octets.get(link_offset.checked_sub(VIRTIO)?..link_offset)?),
        data,
        origin: Origin {
            source,
            interface: word(header, INTERFACE)?,
            direction: direction(hardware, *header.get(PACKET_TYPE)?),
        },
    };
    match hardware {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Some(frame),
        _ => bare(frame, header, link_offset),
    }
}

/// A frame of an interface without Ethernet headers: a tunnel. Whatever stands before the IP
/// header is left out, because every kind of tunnel has it in another way, or not at all.
#[cold]
fn bare<'b>(frame: Frame<'b>, header: &[u8; HEADER], link_offset: usize) -> Option<Frame<'b>> {
    let ether_type = u16::from_be(short(header, ETHER_TYPE)?);
    if !matches!(ether_type, IPV4 | IPV6) {
        return Some(Frame {
            link: UNKNOWN_LINK,
            ..frame
        });
    }
    let before = usize::from(short(header, NETWORK_OFFSET)?).checked_sub(link_offset)?;
    Some(Frame {
        link: LinkType::RAW,
        original_len: frame
            .original_len
            .saturating_sub(u32::try_from(before).ok()?),
        data: frame.data.get(before..).unwrap_or_default(),
        ..frame
    })
}

/// What a virtio header says of segments.
#[inline]
fn offload(virtio: &[u8]) -> Offload {
    match virtio.get(GSO_TYPE).map(|kind| kind & !GSO_ECN) {
        Some(GSO_NONE) => Offload::Whole,
        Some(GSO_TCP_IPV4 | GSO_TCP_IPV6 | GSO_UDP) => {
            let size = short(virtio, GSO_SIZE).and_then(NonZeroU16::new);
            size.map_or(Offload::Unknown, Offload::Segments)
        }
        _ => Offload::Unknown,
    }
}

/// On loopback both directions come in, and the filter leaves out what goes out.
#[inline]
const fn direction(hardware: u16, packet_type: u8) -> Direction {
    if hardware == libc::ARPHRD_LOOPBACK {
        Direction::Unknown
    } else if packet_type == libc::PACKET_OUTGOING {
        Direction::Outgoing
    } else {
        Direction::Incoming
    }
}

#[inline]
fn word(octets: &[u8], at: usize) -> Option<u32> {
    let octets = octets.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_ne_bytes(*octets))
}

#[inline]
fn short(octets: &[u8], at: usize) -> Option<u16> {
    let octets = octets.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_ne_bytes(*octets))
}

#[inline]
fn index(number: u32) -> Option<usize> {
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests;
