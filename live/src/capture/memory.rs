//! The memory that the kernel and this process share: a ring of blocks, each owned by one of both.
//!
//! In: a packet socket with a ring. Out: [`Filled`], the octets of a block while it is ours.
//! **Shape** the first words of a block say whose it is. The kernel gives it away when it is full
//! and takes no more notice of it, until it is handed back by dropping [`Filled`].
//! **Errors** none after mapping: a block is ours or it is not.
//! **Source** Linux `if_packet.h` (`tpacket_block_desc`), `af_packet.c` (`prb_close_block`).
#![expect(
    unsafe_code,
    reason = "memory shared with the kernel is reached by address. The mapping is `blocks` times \
              `block_len` octets long and lives as long as `Memory`, which alone unmaps it; every \
              address is a block's number below `blocks` times `block_len`, plus less than \
              `block_len`. Octets are lent as a slice only while the status word, read with \
              acquire ordering, says that the block is ours: the kernel wrote it before, with a \
              barrier between, and writes nothing until the word says otherwise. Only `Filled` \
              changes the word, when it is dropped, and it borrows `Memory` for itself alone, so \
              no slice is left by then. The slice begins behind the status word"
)]

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where the status word is in a block: behind the version and the offset of private data.
const STATUS: usize = 8;
/// Where the octets begin that are lent: behind the status word.
pub(super) const LENT_FROM: usize = STATUS + size_of::<u32>();

/// The blocks of a ring.
pub(super) struct Memory {
    start: NonNull<u8>,
    block_len: usize,
    blocks: usize,
}

/// A block that is ours. Dropping it hands it back.
pub(super) struct Filled<'m> {
    start: NonNull<u8>,
    block_len: usize,
    memory: PhantomData<&'m mut Memory>,
}

// SAFETY: the mapping belongs to the process and not to a thread, and `Memory` owns it.
unsafe impl Send for Memory {}

impl Memory {
    /// Maps the ring of a socket, which has so many blocks of `block_len` octets.
    pub(super) fn map(socket: BorrowedFd<'_>, block_len: usize, blocks: usize) -> io::Result<Self> {
        let len = block_len.checked_mul(blocks).filter(|len| *len > 0);
        let len = len.ok_or(io::ErrorKind::InvalidInput)?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the kernel chooses where, so nothing that is mapped is replaced.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                len,
                access,
                libc::MAP_SHARED,
                socket.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self {
            start,
            block_len,
            blocks,
        })
    }

    /// Blocks there are: at least one.
    pub(super) const fn blocks(&self) -> usize {
        self.blocks
    }

    /// Whether a block is ours.
    pub(super) fn is_filled(&self, block: usize) -> bool {
        let start = self.block(block);
        start.is_some_and(|start| status(start).load(Ordering::Acquire) & libc::TP_STATUS_USER != 0)
    }

    /// A block, if it is ours.
    pub(super) fn filled(&mut self, block: usize) -> Option<Filled<'_>> {
        let start = self.block(block).filter(|_| self.is_filled(block))?;
        Some(Filled {
            start,
            block_len: self.block_len,
            memory: PhantomData,
        })
    }

    fn block(&self, block: usize) -> Option<NonNull<u8>> {
        // SAFETY: a block's number below `blocks` times its length is within the mapping.
        (block < self.blocks).then(|| unsafe { self.start.add(block * self.block_len) })
    }
}

/// The word that says whose a block is, of a block within a mapping that is alive.
fn status<'m>(block: NonNull<u8>) -> &'m AtomicU32 {
    // SAFETY: a block begins on a page, so the word is aligned, and all accesses are atomic.
    unsafe { AtomicU32::from_ptr(block.add(STATUS).cast().as_ptr()) }
}

impl Filled<'_> {
    /// The block's octets from [`LENT_FROM`] on.
    pub(super) fn octets(&self) -> &[u8] {
        // SAFETY: the block is ours while `self` is there, and `block_len` octets long.
        unsafe {
            slice::from_raw_parts(
                self.start.add(LENT_FROM).as_ptr(),
                self.block_len - LENT_FROM,
            )
        }
    }
}

impl Drop for Filled<'_> {
    fn drop(&mut self) {
        status(self.start).store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping is `Memory`'s own, and nothing that borrows it is left.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.block_len * self.blocks) };
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} blocks of {} octets", self.blocks, self.block_len)
    }
}

impl fmt::Debug for Filled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a block of {} octets", self.block_len)
    }
}
