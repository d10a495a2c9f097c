//! Counters of one direction, and the intervals they are kept in.
//!
//! **Shape** everything here only adds: [`Traffic::merge`] is associative and commutative, with
//! [`Traffic::default`] as its identity.
//! **Units** wire packets; IP bytes. **Time** intervals are 10 s, aligned to the epoch.

use crate::time::{NANOS_PER_SECOND, Timestamp};

pub mod period;

/// Packets and bytes of one direction, with the times of the first and the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// IP bytes.
    pub ip_bytes: u64,
    /// The first packet; [`Timestamp::MAX`] while there is none.
    pub first: Timestamp,
    /// The last packet; [`Timestamp::MIN`] while there is none.
    pub last: Timestamp,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            packets: 0,
            ip_bytes: 0,
            first: Timestamp::MAX,
            last: Timestamp::MIN,
        }
    }
}

impl Traffic {
    /// Adds one packet.
    pub fn add(&mut self, time: Timestamp, packets: u32, ip_bytes: u32) {
        self.packets += u64::from(packets);
        self.ip_bytes += u64::from(ip_bytes);
        self.first = self.first.min(time);
        self.last = self.last.max(time);
    }

    /// Adds what another record counted.
    pub fn merge(&mut self, other: &Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.ip_bytes = self.ip_bytes.saturating_add(other.ip_bytes);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// Whether nothing was counted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.packets == 0
    }
}

/// The number of a ten-second interval since the epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct IntervalIndex(u32);

impl IntervalIndex {
    /// The length of an interval in nanoseconds.
    pub const NANOS: u64 = 10 * NANOS_PER_SECOND;

    /// After every interval that holds a time.
    pub const NEVER: Self = Self(u32::MAX);

    /// The interval that holds `time`.
    #[must_use]
    pub const fn of(time: Timestamp) -> Self {
        Self((time.as_nanos() / Self::NANOS) as u32)
    }

    /// The one before it.
    #[must_use]
    pub const fn before(self) -> Self {
        self.back(1)
    }

    /// The one that is so many before it.
    #[must_use]
    pub const fn back(self, intervals: u32) -> Self {
        Self(self.0.saturating_sub(intervals))
    }

    /// Its first moment.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_nanos(self.0 as u64 * Self::NANOS)
    }

    /// The first moment after it.
    #[must_use]
    pub const fn end(self) -> Timestamp {
        Timestamp::from_nanos((self.0 as u64 + 1).saturating_mul(Self::NANOS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_ten_seconds_from_the_epoch() {
        let at = |nanos| IntervalIndex::of(Timestamp::from_nanos(nanos));
        assert_eq!(at(0), at(9_999_999_999));
        assert_ne!(at(0), at(10_000_000_000));
        assert_eq!(
            at(25_000_000_000).start(),
            Timestamp::from_nanos(20_000_000_000)
        );
        assert_eq!(
            at(25_000_000_000).end(),
            Timestamp::from_nanos(30_000_000_000)
        );
        assert!(at(u64::MAX).end() > at(u64::MAX).start());
    }
}
