//! Sets of places, small enough for each leg to have two.

use crate::hop::PlaceId;

/// Places, as bits. Two whose numbers are equal modulo [`PlaceSet::BITS`] are taken for one another:
/// a set may seem to hold a place that it does not hold, never the other way round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PlaceSet([u8; 3]);

impl PlaceSet {
    /// How many places it tells apart.
    pub const BITS: usize = 24;

    /// Every place.
    pub const ALL: Self = Self([u8::MAX; 3]);

    /// Adds a place.
    pub fn insert(&mut self, place: PlaceId) {
        let (octet, bit) = Self::bit(place);
        if let Some(octet) = self.0.get_mut(octet) {
            *octet |= bit;
        }
    }

    /// Adds the places of another set.
    pub fn merge(&mut self, other: Self) {
        for (octet, other) in self.0.iter_mut().zip(other.0) {
            *octet |= other;
        }
    }

    /// Whether a place may be in it.
    #[must_use]
    pub fn contains(self, place: PlaceId) -> bool {
        let (octet, bit) = Self::bit(place);
        self.0.get(octet).is_some_and(|octet| octet & bit != 0)
    }

    const fn bit(place: PlaceId) -> (usize, u8) {
        let bit = place.index() % Self::BITS;
        (bit / 8, 1 << (bit % 8))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_place_is_missed_and_few_are_told_apart(
            one in prop::collection::btree_set(0..100_u32, 0..20),
            other in prop::collection::btree_set(0..24_u32, 0..20),
        ) {
            let set = |places: &BTreeSet<u32>| {
                let mut set = PlaceSet::default();
                for place in places {
                    set.insert(PlaceId::at(*place));
                }
                set
            };
            let mut both = set(&one);
            both.merge(set(&other));
            prop_assert!(one.union(&other).all(|place| both.contains(PlaceId::at(*place))));
            for place in 0..24 {
                let place_id = PlaceId::at(place);
                prop_assert_eq!(set(&other).contains(place_id), other.contains(&place));
            }
        }
    }
}
