//! Who does what may be done side by side.
//!
//! In: a number of parts, and what to do for each. Out: nothing, once all are done. **Shape** the
//! engine starts no thread: whoever has some lends them. What is done is the same either way.

use std::num::NonZeroUsize;

/// Those who work on parts of something.
pub trait Workers: Sync {
    /// How many parts they work on at a time.
    fn count(&self) -> NonZeroUsize;

    /// Does `work` once for each number below `parts`, in any order, and returns when all is done.
    fn each(&self, parts: usize, work: &(dyn Fn(usize) + Sync));
}

/// The thread that asks, and no other.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Workers for Alone {
    fn count(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn each(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..parts).for_each(work);
    }
}
