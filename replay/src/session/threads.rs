//! What threads do: some read ahead, one counts what was in frames that another takes in, and at the
//! end all of them build flows.
//!
//! **Shape** loads of packets go from the one that takes frames in to the one that counts in order,
//! a few at most, and come back to be filled again. The answer is that of one thread, octet for
//! octet.
//! **Source** measured on two processors, see `docs/benchmarks.md`: of long frames nearly all time
//! goes into reading the file, which others do ahead. Of short ones it goes into counting, and what
//! another processor has read has to come from its cache, a frame a time: they are read by whoever
//! takes them in. What is compressed is read ahead, whatever it holds.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::thread;

use analyzer::engine::{Counting, Engine, Load};
use analyzer::workers::Workers;

use crate::captures::{Captures, FrameKind};

/// Octets of a capture for each frame below which frames are short.
const SHORT: u64 = 512;
/// Frames after which it is known whether they are short.
pub(super) const FIRST: usize = 4_096;
/// Loads that may wait to be counted.
const WAITING: usize = 16;

/// So many threads, for a snapshot.
pub(super) struct Lent(pub(super) NonZeroUsize);

impl Workers for Lent {
    fn count(&self) -> NonZeroUsize {
        self.0
    }

    fn each(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let take = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= parts {
                    return;
                }
                work(number);
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.0.get().min(parts) {
                scope.spawn(take);
            }
            take();
        });
    }
}

/// How many of so many threads read ahead: all but one that takes frames in and one that counts,
/// where there are so many.
pub(super) fn ahead(threads: NonZeroUsize) -> usize {
    match threads.get() {
        1 => 0,
        2 | 3 => 1,
        more => more - 2,
    }
}

/// Which kind so many frames of so many octets are, as far as is known.
pub(super) fn kind(octets: u64, frames: u64) -> FrameKind {
    match octets.checked_div(frames) {
        None => FrameKind::Unknown,
        Some(SHORT..) => FrameKind::Long,
        Some(_) => FrameKind::Short,
    }
}

/// Whether a thread counts what another takes in: where that is most of the work, and where a
/// thread is left for it.
pub(super) fn counts_beside(threads: NonZeroUsize, kind: FrameKind, captures: &Captures) -> bool {
    let is_left = match threads.get() {
        1 => false,
        2 => !captures.are_read_ahead(),
        _ => true,
    };
    is_left && kind == FrameKind::Short
}

/// Gives up to `frames` frames to both halves of an engine, and says how many.
pub(super) fn give(captures: &mut Captures, engine: &mut Engine, frames: usize) -> usize {
    let (mut parsing, counting) = engine.halves();
    let (fill, filled) = sync_channel(WAITING);
    let (empty, emptied) = channel();
    thread::scope(|scope| {
        scope.spawn(move || count(counting, &filled, |load| drop(empty.send(load))));
        let given = captures.give(frames, |frame| {
            parsing.ingest(frame);
            if parsing.is_full() {
                let load = parsing.take(emptied.try_recv().unwrap_or_default());
                // The counter ends when nobody fills any more, and not before.
                drop(fill.send(load));
            }
        });
        // The scope waits until all is counted.
        drop(fill);
        given
    })
}

fn count(mut counting: Counting<'_>, filled: &Receiver<Load>, mut give_back: impl FnMut(Load)) {
    for load in filled {
        counting.count(&load);
        give_back(load);
    }
}
