//! How much an engine may hold beside a ring.
//!
//! In: octets for the whole process. Out: limits in records.

use analyzer::engine::{Answers, Limits};

/// The limits of an engine in a process that may take `memory` octets, of which the ring takes
/// `ring`. They are never above those of a replay.
#[must_use]
pub fn limits(memory: u64, ring: u64) -> Limits {
    Limits::within(memory.saturating_sub(ring), Answers::Often)
}

/// The least memory with which a session is of use beside a ring of `ring` octets.
#[must_use]
pub const fn least_memory(ring: u64) -> u64 {
    ring + Limits::LEAST_MEMORY
}
