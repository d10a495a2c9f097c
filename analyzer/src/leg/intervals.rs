//! The intervals of a leg or a flow, in order of index.
//!
//! **Shape** most have one: it is kept in place, and an allocation is made for the second. Many
//! that come out of order go into a tree, so that adding one never moves all others.

use std::collections::BTreeMap;
use std::{iter, mem, option, slice, vec};

use crate::leg::Interval;
use crate::traffic::IntervalIndex;

/// As many are moved about to keep them sorted; more are not.
const FEW: usize = 64;

/// Intervals, each index at most once.
#[derive(Clone, Debug)]
pub struct Intervals(Held);

#[derive(Clone, Debug)]
enum Held {
    One(Interval),
    /// None, or several, sorted.
    Several(Vec<Interval>),
    Many(BTreeMap<IntervalIndex, Interval>),
}

impl Default for Intervals {
    fn default() -> Self {
        Self(Held::Several(Vec::new()))
    }
}

impl From<Interval> for Intervals {
    fn from(interval: Interval) -> Self {
        Self(Held::One(interval))
    }
}

impl Intervals {
    /// The intervals, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Interval> {
        let (sorted, tree) = match &self.0 {
            Held::One(one) => (slice::from_ref(one), None),
            Held::Several(several) => (several.as_slice(), None),
            Held::Many(many) => (&[][..], Some(many)),
        };
        sorted
            .iter()
            .chain(tree.into_iter().flat_map(BTreeMap::values))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Held::One(_) => 1,
            Held::Several(several) => several.len(),
            Held::Many(many) => many.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The earliest one.
    #[must_use]
    pub fn first(&self) -> Option<&Interval> {
        self.iter().next()
    }

    /// The latest one.
    #[must_use]
    pub fn last(&self) -> Option<&Interval> {
        match &self.0 {
            Held::One(one) => Some(one),
            Held::Several(several) => several.last(),
            Held::Many(many) => many.last_key_value().map(|(_, interval)| interval),
        }
    }

    /// The interval of `index`, if there is one.
    #[must_use]
    pub fn get(&self, index: IntervalIndex) -> Option<&Interval> {
        match &self.0 {
            Held::One(one) => Some(one).filter(|one| one.index == index),
            Held::Several(several) => {
                let place = several.binary_search_by_key(&index, |interval| interval.index);
                several.get(place.ok()?)
            }
            Held::Many(many) => many.get(&index),
        }
    }

    /// The interval of `index`, made when there is none.
    pub fn at(&mut self, index: IntervalIndex) -> &mut Interval {
        if self.lacks_room(index) {
            self.make_room(index);
        }
        match &mut self.0 {
            Held::One(one) => one,
            Held::Several(several) => in_sorted(several, index),
            Held::Many(many) => many.entry(index).or_insert_with(|| Interval::new(index)),
        }
    }

    /// Adds what was counted in an interval.
    pub fn add(&mut self, interval: Interval) {
        if self.is_empty() {
            *self = interval.into();
        } else {
            self.at(interval.index).merge(&interval);
        }
    }

    /// Drops the intervals before `index`, and says how many they were.
    pub fn drop_before(&mut self, index: IntervalIndex) -> usize {
        let before = self.len();
        match &mut self.0 {
            Held::One(one) if one.index < index => *self = Self::default(),
            Held::One(_) => {}
            Held::Several(several) => several.retain(|interval| interval.index >= index),
            Held::Many(many) => *many = many.split_off(&index),
        }
        before - self.len()
    }

    /// Whether `index` has no place in this form.
    #[inline]
    fn lacks_room(&self, index: IntervalIndex) -> bool {
        match &self.0 {
            Held::One(one) => one.index != index,
            Held::Several(several) => several.is_empty() || several.len() >= FEW,
            Held::Many(_) => false,
        }
    }

    /// Takes the form in which `index` has its place.
    #[inline(never)]
    fn make_room(&mut self, index: IntervalIndex) {
        let is_late = self.last().is_some_and(|last| index < last.index);
        self.0 = match mem::replace(&mut self.0, Held::Several(Vec::new())) {
            Held::Several(none) if none.is_empty() => Held::One(Interval::new(index)),
            Held::One(one) if one.index != index => {
                // Most have no third one.
                let mut several = Vec::with_capacity(2);
                several.push(one);
                Held::Several(several)
            }
            Held::Several(several) if is_late && several.len() >= FEW => Held::Many(
                several
                    .into_iter()
                    .map(|interval| (interval.index, interval))
                    .collect(),
            ),
            held @ (Held::One(_) | Held::Several(_) | Held::Many(_)) => held,
        };
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "the place was found or made just before"
)]
fn in_sorted(several: &mut Vec<Interval>, index: IntervalIndex) -> &mut Interval {
    let place = match several.last() {
        Some(last) if last.index == index => several.len() - 1,
        _ => several
            .binary_search_by_key(&index, |interval| interval.index)
            .unwrap_or_else(|place| {
                several.insert(place, Interval::new(index));
                place
            }),
    };
    &mut several[place]
}

impl PartialEq for Intervals {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Intervals {}

impl IntoIterator for Intervals {
    type Item = Interval;
    type IntoIter = iter::Chain<option::IntoIter<Interval>, vec::IntoIter<Interval>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, several) = match self.0 {
            Held::One(one) => (Some(one), Vec::new()),
            Held::Several(several) => (None, several),
            Held::Many(many) => (None, many.into_values().collect()),
        };
        one.into_iter().chain(several)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    fn index(number: u64) -> IntervalIndex {
        IntervalIndex::of(Timestamp::from_nanos(number * IntervalIndex::NANOS))
    }

    proptest! {
        #[test]
        fn in_any_order_each_index_is_there_once_and_counts_all(
            numbers in prop::collection::vec(0..300_u64, 0..400), cutoff in 0..300_u64,
        ) {
            let (mut intervals, mut expected) = (Intervals::default(), BTreeMap::new());
            for number in &numbers {
                intervals.at(index(*number)).started += 1;
                *expected.entry(index(*number)).or_insert(0) += 1;
            }
            let counted = |intervals: &Intervals| -> BTreeMap<IntervalIndex, u32> {
                intervals.iter().map(|interval| (interval.index, interval.started)).collect()
            };
            prop_assert_eq!(intervals.len(), expected.len());
            prop_assert_eq!(counted(&intervals), expected.clone());
            prop_assert!(intervals.iter().is_sorted_by_key(|interval| interval.index));
            prop_assert_eq!(intervals.last().map(|i| i.index), expected.keys().last().copied());
            let kept = expected.split_off(&index(cutoff));
            prop_assert_eq!(intervals.drop_before(index(cutoff)), expected.len());
            prop_assert_eq!(counted(&intervals), kept.clone());
            let taken: Vec<_> = intervals.into_iter().map(|interval| interval.index).collect();
            prop_assert_eq!(taken, kept.into_keys().collect::<Vec<_>>());
        }
    }
}
