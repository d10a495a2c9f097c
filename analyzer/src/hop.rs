//! Hops: places where frames were seen.
//!
//! A connection is kept at one hop, so that the same packet seen at two places is never mixed
//! before it is known which place counts. A capture whose place nobody declared is a tap
//! *between* the ends, and all such captures together are one hop.

/// A hop, as the engine numbers them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HopId(u32);

impl HopId {
    /// The tap between the ends: every capture whose place is not declared.
    pub const BETWEEN: Self = Self(0);

    /// The number itself, for hashing.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}
