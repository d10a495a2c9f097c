//! What passes the interfaces of this machine, from the kernel, by one ring in shared memory.
//!
//! In: every interface of the network namespace, also those that come later. Out: [`Block`]s of
//! frames as [`analyzer::frame::Frame`], not copied and with nothing allocated.
//! **Shape** one thread opens a [`Ring`] and takes block after block; a block that is dropped goes
//! back to the kernel. What the kernel could not store because no block was free is counted by it
//! ([`Ring::statistics`]). **Time** is the kernel's, in nanoseconds.
//! **Units** `original_len` is octets on the link; the ring's size is octets.
//! **Source** Linux `Documentation/networking/packet_mmap.rst`, `if_packet.h`, `filter.h`.

mod block;
mod failure;
mod filter;
mod interfaces;
mod memory;
mod socket;

use std::cell::Cell;
use std::io;
use std::ops::Add;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::capture::memory::Memory;
use crate::capture::socket::PacketSocket;

pub use crate::capture::block::{Block, Frames};
pub use crate::capture::failure::CaptureError;
pub use crate::capture::interfaces::{InterfaceChoice, InterfaceNames};

/// A block is at most this large: a thousand small frames and more, so that waking for it costs
/// next to nothing a frame.
const BLOCK: usize = 1 << 20;
/// A block is at least this large: the longest IP packet and what the kernel puts around it.
const SMALLEST_BLOCK: usize = 1 << 17;
/// Blocks that a ring has at least, so that one can be read while others are filled.
const BLOCKS: usize = 4;
/// Ethernet, IPv6, and TCP up to its flags, with a tag and an option.
const SMALLEST_SNAPLEN: u32 = 96;
/// The longest IP packet without a jumbo option, and its link header.
const GREATEST_SNAPLEN: u32 = 65_535 + 18;

/// How a ring is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingSettings {
    /// Octets of the ring: what the kernel stores while nobody reads. Rounded down to whole blocks.
    pub octets: usize,
    /// Octets kept of a frame: its headers.
    pub snaplen: u32,
    /// Octets kept of a frame where a port is 53: its DNS names.
    pub dns_snaplen: u32,
    /// How long a block that is not full may wait to be read.
    pub block_timeout: Duration,
    /// The number of this source in the frames' origin.
    pub source: u32,
}

impl Default for RingSettings {
    fn default() -> Self {
        Self {
            octets: 32 << 20,
            snaplen: 192,
            dns_snaplen: GREATEST_SNAPLEN,
            block_timeout: Duration::from_millis(100),
            source: 1,
        }
    }
}

/// What the kernel says of a ring, since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Frames that were stored.
    pub stored: u64,
    /// Frames that were lost because no block was free.
    pub dropped: u64,
    /// How often the ring stood still until a block was handed back.
    pub freezes: u64,
}

impl Add for Statistics {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            stored: self.stored + other.stored,
            dropped: self.dropped + other.dropped,
            freezes: self.freezes + other.freezes,
        }
    }
}

/// A ring that is being filled. Dropping it ends the capture.
#[derive(Debug)]
pub struct Ring {
    memory: Memory,
    socket: PacketSocket,
    source: u32,
    /// The block that the kernel fills, or has filled, next.
    next: usize,
    statistics: Statistics,
    /// Frames of which the kernel's description made no sense.
    unreadable: Cell<u64>,
}

/// How a ring is divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Layout {
    block: usize,
    blocks: usize,
}

impl RingSettings {
    /// The smallest ring that works.
    pub const LEAST_OCTETS: usize = SMALLEST_BLOCK * BLOCKS;

    fn layout(&self) -> Result<Layout, CaptureError> {
        const LEAST: usize = RingSettings::LEAST_OCTETS;
        const MOST: usize = 2 << 30;
        if !(LEAST..=MOST).contains(&self.octets) {
            return Err(CaptureError::RingSize {
                octets: self.octets,
                least: LEAST,
                most: MOST,
            });
        }
        let mut block = BLOCK;
        while block * BLOCKS > self.octets {
            block /= 2;
        }
        let blocks = self.octets / block;
        Ok(Layout { block, blocks })
    }

    fn check_snaplens(&self) -> Result<(), CaptureError> {
        for (what, octets) in [("snaplen", self.snaplen), ("DNS snaplen", self.dns_snaplen)] {
            if !(SMALLEST_SNAPLEN..=GREATEST_SNAPLEN).contains(&octets) {
                return Err(CaptureError::Snaplen {
                    what,
                    octets,
                    least: SMALLEST_SNAPLEN,
                    most: GREATEST_SNAPLEN,
                });
            }
        }
        Ok(())
    }
}

impl Ring {
    /// Opens a ring on all interfaces of the network namespace. Needs `CAP_NET_RAW`, here and not
    /// later.
    ///
    /// # Errors
    /// When the capability is missing, a setting is out of range, there is no memory for the ring,
    /// or the kernel knows no such ring.
    pub fn open(settings: &RingSettings) -> Result<Self, CaptureError> {
        let socket = PacketSocket::open().map_err(CaptureError::opening)?;
        Self::make(socket, settings)
    }

    /// Opens a ring on all interfaces of the network namespace that a raw packet socket is in, of
    /// which nothing was set and which is bound to nothing. Needs no capability.
    ///
    /// # Errors
    /// As [`Self::open`], and when it is no such socket.
    pub fn open_in(socket: OwnedFd, settings: &RingSettings) -> Result<Self, CaptureError> {
        let socket = PacketSocket::over(socket).map_err(CaptureError::opening)?;
        Self::make(socket, settings)
    }

    fn make(socket: PacketSocket, settings: &RingSettings) -> Result<Self, CaptureError> {
        let layout = settings.layout()?;
        settings.check_snaplens()?;
        let making = |what| move |source| CaptureError::Making { what, source };
        socket
            .describe_offload()
            .map_err(making("describing offloaded frames"))?;
        // Until it is bound the socket receives nothing: no frame comes in unfiltered.
        socket
            .attach(&filter::program(settings.snaplen, settings.dns_snaplen))
            .map_err(making("filtering"))?;
        socket
            .make_ring(layout.block, layout.blocks, settings.block_timeout)
            .map_err(|source| CaptureError::Memory {
                octets: layout.block * layout.blocks,
                source,
            })?;
        let memory = Memory::map(socket.descriptor(), layout.block, layout.blocks);
        let memory = memory.map_err(making("mapping it"))?;
        socket.bind_to_all().map_err(making("binding it"))?;
        Ok(Self {
            memory,
            socket,
            source: settings.source,
            next: 0,
            statistics: Statistics::default(),
            unreadable: Cell::new(0),
        })
    }

    /// The next block, as soon as there is one; `None` when there was none for as long as
    /// `timeout`, or a signal came first.
    ///
    /// # Errors
    /// When the kernel gives up the socket. An interface that goes down or away is no error.
    pub fn next_block(&mut self, timeout: Duration) -> Result<Option<Block<'_>>, CaptureError> {
        if !self.memory.is_filled(self.next) {
            self.socket.wait(timeout).map_err(CaptureError::Reading)?;
        }
        let (at, following) = (self.next, (self.next + 1) % self.memory.blocks());
        let Some(filled) = self.memory.filled(at) else {
            return Ok(None);
        };
        self.next = following;
        Ok(Some(Block::new(filled, self.source, &self.unreadable)))
    }

    /// Waits until a ring has a block, and no longer than `timeout`.
    ///
    /// # Errors
    /// When the kernel refuses to wait. What is wrong with one of them is told where it is read.
    pub fn wait_for_any<'r>(
        rings: impl Iterator<Item = &'r Self>,
        timeout: Duration,
    ) -> Result<(), CaptureError> {
        let mut waiting = Vec::new();
        for ring in rings {
            if ring.memory.is_filled(ring.next) {
                return Ok(());
            }
            let socket = ring.socket.descriptor();
            waiting.push(PollFd::from_borrowed_fd(socket, PollFlags::IN));
        }
        let timeout = Timespec::try_from(timeout).unwrap_or_default();
        match poll(&mut waiting, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(CaptureError::Reading(io::Error::from(error))),
        }
    }

    /// Blocks of the ring: as many may be waiting to be read.
    #[must_use]
    pub const fn blocks(&self) -> usize {
        self.memory.blocks()
    }

    /// What was stored and lost since the ring was opened.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn statistics(&mut self) -> Result<Statistics, CaptureError> {
        // The kernel forgets what it was asked for, and counts what it dropped among all.
        let new = self.socket.statistics().map_err(CaptureError::Reading)?;
        let (all, dropped) = (u64::from(new.tp_packets), u64::from(new.tp_drops));
        self.statistics.stored += all.saturating_sub(dropped);
        self.statistics.dropped += dropped;
        self.statistics.freezes += u64::from(new.tp_freeze_q_cnt);
        let unreadable = self.unreadable.get();
        Ok(Statistics {
            stored: self.statistics.stored.saturating_sub(unreadable),
            dropped: self.statistics.dropped + unreadable,
            ..self.statistics
        })
    }

    /// What names the interfaces that this ring sees.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub fn interface_names(&self) -> Result<InterfaceNames, CaptureError> {
        let socket = self.socket.try_clone().map_err(CaptureError::Reading)?;
        Ok(InterfaceNames::new(socket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(octets: usize) -> Option<(usize, usize)> {
        let settings = RingSettings {
            octets,
            ..RingSettings::default()
        };
        let layout = settings.layout().ok()?;
        Some((layout.block, layout.blocks))
    }

    #[test]
    fn a_ring_has_blocks_that_hold_any_frame_and_at_least_four() {
        assert_eq!(layout((512 << 10) - 1), None);
        assert_eq!(layout(512 << 10), Some((128 << 10, 4)));
        assert_eq!(layout(3 << 20), Some((512 << 10, 6)));
        assert_eq!(layout(32 << 20), Some((1 << 20, 32)));
        assert_eq!(layout((2 << 30) + 1), None);
    }

    #[test]
    fn a_snaplen_that_keeps_no_ports_is_refused() {
        let settings = RingSettings {
            snaplen: 40,
            ..RingSettings::default()
        };
        let refused = settings.check_snaplens().unwrap_err().to_string();
        assert_eq!(
            refused,
            "snaplen: 40 is out of range, expected 96 to 65553 octets"
        );
    }
}
