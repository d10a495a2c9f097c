//! The hash of a connection's key, which says where in the index it lies.
//!
//! **Shape** of 32 bits the lowest 24 are of the five-tuple alone, the others of the hop as well: what
//! is seen at several hops lies together, and is told apart all the same.

use std::hash::{BuildHasher, Hash, Hasher};

use crate::connection::ConnectionKey;
use crate::hop::HopId;
use crate::keyed::Keyed;

/// The bits of a hash that are of the five-tuple alone; the others are of the hop as well.
pub(super) const TUPLE: u32 = u32::MAX >> 8;

/// How the keys of connections are hashed.
#[derive(Clone, Copy)]
pub struct KeyHasher(pub(super) Keyed);

/// The hash of a connection's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash(pub(super) u32);

impl KeyHasher {
    /// The hash of `key`.
    #[inline]
    #[must_use]
    pub fn hash(self, key: &ConnectionKey) -> KeyHash {
        let mut state = self.0.build_hasher();
        key.low.hash(&mut state);
        key.high.hash(&mut state);
        state.write_u8(key.protocol as u8);
        let tuple = u32::try_from(state.finish() >> 32).unwrap_or_default();
        KeyHash(tuple ^ spread(key.hop) & !TUPLE)
    }
}

/// The number of a hop, spread over the highest bits.
const fn spread(hop: HopId) -> u32 {
    hop.number().wrapping_mul(0x9e37_79b1)
}
