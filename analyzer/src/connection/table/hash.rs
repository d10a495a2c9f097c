//! The hash of a connection's key, which says where in the index it lies.
//!
//! **Shape** of 32 bits the lowest 24 are of the five-tuple and the group of places alone, the others
//! of the hop as well: what is seen at several hops lies together, and is told apart all the same.
//! What lies together is as much as a group has places, however many hops show one five-tuple.

use std::hash::{BuildHasher, Hash, Hasher};

use crate::connection::ConnectionKey;
use crate::hop::PlaceGroup;
use crate::keyed::Keyed;

/// The bits of a hash that say where the five-tuple at a group of places lies.
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
        let of_hop = spread(key.hop.number()) & !TUPLE;
        KeyHash(tuple ^ of_hop).at(PlaceGroup::FIRST, key.hop.place().group())
    }
}

impl KeyHash {
    /// The hash in group `to` of what has this one in group `from`; where it lies, for the hop's own
    /// bits stay.
    pub(super) const fn at(self, from: PlaceGroup, to: PlaceGroup) -> Self {
        let moved = spread(from.number()) ^ spread(to.number());
        Self(self.0 ^ moved >> 8 & TUPLE)
    }
}

/// A number, spread over all bits but most over the highest.
const fn spread(number: u32) -> u32 {
    number.wrapping_mul(0x9e37_79b1)
}
