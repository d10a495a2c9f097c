//! The intervals of a leg or a flow, sorted by index.
//!
//! **Shape** most have one: it is kept in place, and an allocation is made for the second.

use std::ops::Deref;
use std::{iter, mem, option, slice, vec};

use crate::leg::Interval;
use crate::traffic::IntervalIndex;

/// Intervals, each index at most once.
#[derive(Clone, Debug)]
pub struct Intervals(Held);

#[derive(Clone, Debug)]
enum Held {
    One(Interval),
    /// None, or several.
    Several(Vec<Interval>),
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
    /// The interval of `index`, made when there is none.
    pub fn at(&mut self, index: IntervalIndex) -> &mut Interval {
        let place = match self.last() {
            Some(last) if last.index == index => self.len() - 1,
            _ => self.place(index),
        };
        #[expect(clippy::indexing_slicing, reason = "it was found or made just above")]
        &mut self.as_mut_slice()[place]
    }

    /// Adds what was counted in an interval.
    pub fn add(&mut self, interval: Interval) {
        if self.is_empty() {
            *self = interval.into();
        } else {
            self.at(interval.index).merge(&interval);
        }
    }

    fn place(&mut self, index: IntervalIndex) -> usize {
        self.binary_search_by_key(&index, |interval| interval.index)
            .unwrap_or_else(|place| {
                self.insert(place, Interval::new(index));
                place
            })
    }

    fn insert(&mut self, place: usize, interval: Interval) {
        self.0 = match mem::replace(&mut self.0, Held::Several(Vec::new())) {
            Held::Several(none) if none.is_empty() => Held::One(interval),
            Held::Several(mut several) => {
                several.insert(place, interval);
                Held::Several(several)
            }
            Held::One(one) if place == 0 => Held::Several(vec![interval, one]),
            Held::One(one) => Held::Several(vec![one, interval]),
        };
    }

    fn as_mut_slice(&mut self) -> &mut [Interval] {
        match &mut self.0 {
            Held::One(one) => slice::from_mut(one),
            Held::Several(several) => several,
        }
    }
}

impl Deref for Intervals {
    type Target = [Interval];

    fn deref(&self) -> &[Interval] {
        match &self.0 {
            Held::One(one) => slice::from_ref(one),
            Held::Several(several) => several,
        }
    }
}

impl PartialEq for Intervals {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Intervals {}

impl<'a> IntoIterator for &'a Intervals {
    type Item = &'a Interval;
    type IntoIter = slice::Iter<'a, Interval>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Intervals {
    type Item = Interval;
    type IntoIter = iter::Chain<option::IntoIter<Interval>, vec::IntoIter<Interval>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, several) = match self.0 {
            Held::One(one) => (Some(one), Vec::new()),
            Held::Several(several) => (None, several),
        };
        one.into_iter().chain(several)
    }
}
