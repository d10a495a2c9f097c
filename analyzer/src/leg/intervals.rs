//! The intervals of a leg or a flow, in order.
//!
//! **Shape** most have one: it is kept in place, and an allocation is made for the second. Many
//! that come out of order go into a tree, so that adding one never moves all others. No two of
//! their periods overlap: what is added to a part of a longer one is added to that.

use std::collections::BTreeMap;
use std::{iter, mem, option, slice, vec};

use crate::leg::Interval;
use crate::prefetch::prefetch;
use crate::traffic::IntervalIndex;
use crate::traffic::period::{Grid, Period, Resolution};

/// As many are moved about to keep them sorted; more are not.
const FEW: usize = 64;
/// As many of the latest are looked at one by one.
const NEAR: usize = 8;

/// Intervals, whose periods are apart.
#[derive(Clone, Debug)]
pub struct Intervals(Held);

#[derive(Clone, Debug)]
enum Held {
    One(Interval),
    /// None, or several, sorted.
    Several(Vec<Interval>),
    /// By the first interval of their periods.
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

    /// The interval, when there is one alone.
    #[must_use]
    pub const fn only(&self) -> Option<&Interval> {
        match &self.0 {
            Held::One(one) => Some(one),
            Held::Several(_) | Held::Many(_) => None,
        }
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

    /// Fetches the latest one without waiting for it, where it lies elsewhere.
    pub fn fetch_last(&self) {
        if let Held::Several(several) = &self.0
            && let Some(last) = several.last()
        {
            prefetch(last);
        }
    }

    /// The interval whose period holds `index`, if there is one.
    #[must_use]
    pub fn get(&self, index: IntervalIndex) -> Option<&Interval> {
        let last = match &self.0 {
            Held::One(one) => Some(one),
            Held::Several(several) => {
                let later = several.partition_point(|interval| interval.period.first() <= index);
                several.get(..later)?.last()
            }
            Held::Many(many) => many.range(..=index).next_back().map(|(_, last)| last),
        };
        last.filter(|last| last.period.holds(index))
    }

    /// The interval whose period holds `index`, made when there is none.
    pub fn at(&mut self, index: IntervalIndex) -> &mut Interval {
        self.place(index.into())
    }

    /// Adds what was counted in a period.
    pub fn add(&mut self, interval: Interval) {
        if self.is_empty() {
            *self = interval.into();
            return;
        }
        if interval.period.resolution() != Resolution::TenSeconds {
            self.gather(interval.period);
        }
        self.place(interval.period).merge(&interval);
    }

    /// Adds what was counted in others.
    pub fn append(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for interval in other {
            self.add(interval);
        }
    }

    /// Exchanges the two directions of all.
    pub fn reverse(&mut self) {
        let exchange = |interval: &mut Interval| {
            mem::swap(&mut interval.forward, &mut interval.backward);
        };
        match &mut self.0 {
            Held::One(one) => exchange(one),
            Held::Several(several) => several.iter_mut().for_each(exchange),
            Held::Many(many) => many.values_mut().for_each(exchange),
        }
    }

    /// Drops the intervals that are wholly before `index`, and says how many they were.
    pub fn drop_before(&mut self, index: IntervalIndex) -> usize {
        let before = self.len();
        let is_old = |interval: &Interval| interval.period.after() <= index;
        match &mut self.0 {
            Held::One(one) if is_old(one) => *self = Self::default(),
            Held::One(_) => {}
            Held::Several(several) => several.retain(|interval| !is_old(interval)),
            Held::Many(many) => {
                let kept = many.split_off(&index);
                let cut = many.pop_last().filter(|(_, last)| !is_old(last));
                *many = kept;
                many.extend(cut);
            }
        }
        before - self.len()
    }

    /// Merges those that are of one period of `grid`, and says by how many they are fewer.
    pub fn coarsen(&mut self, grid: &Grid) -> usize {
        let before = self.len();
        if let Held::One(one) = &mut self.0 {
            one.period = grid.widened(one.period);
            return 0;
        }
        let is_finer = |interval: &Interval| grid.widened(interval.period) != interval.period;
        if !self.iter().any(is_finer) {
            return 0;
        }
        let mut coarse: Vec<Interval> = Vec::new();
        for mut interval in mem::take(self) {
            interval.period = grid.widened(interval.period);
            match coarse.last_mut() {
                Some(last) if last.period == interval.period => last.merge(&interval),
                Some(_) | None => coarse.push(interval),
            }
        }
        coarse.shrink_to_fit();
        self.0 = match coarse.pop() {
            Some(only) if coarse.is_empty() => Held::One(only),
            last => {
                coarse.extend(last);
                Held::Several(coarse)
            }
        };
        before - self.len()
    }

    /// Makes one of the intervals within a period.
    fn gather(&mut self, period: Period) {
        let mut whole = Interval::new(period);
        let range = period.first()..period.after();
        match &mut self.0 {
            Held::One(one) if period.contains(one.period) => one.period = period,
            Held::One(_) => {}
            Held::Several(several) => {
                let place = |index| several.partition_point(|i| i.period.first() < index);
                let (from, to) = (place(range.start), place(range.end));
                let is_within = |i: &Interval| period.contains(i.period);
                if several.get(from).is_some_and(is_within) {
                    several.drain(from..to).for_each(|i| whole.merge(&i));
                    several.insert(from, whole);
                }
            }
            Held::Many(many) => {
                let within = |i: &&Interval| period.contains(i.period);
                let parts = many.range(range).map(|(_, interval)| interval);
                let parts: Vec<_> = parts.filter(within).map(|i| i.period.first()).collect();
                let parts: Vec<_> = parts.iter().filter_map(|at| many.remove(at)).collect();
                if !parts.is_empty() {
                    for part in &parts {
                        whole.merge(part);
                    }
                    many.insert(period.first(), whole);
                }
            }
        }
    }

    /// The interval of a period, or of a longer one that it is a part of, made when there is none.
    /// There is nothing of a part of it.
    fn place(&mut self, period: Period) -> &mut Interval {
        if self.lacks_room(period) {
            self.make_room(period);
        }
        match &mut self.0 {
            Held::One(one) => one,
            Held::Several(several) => in_sorted(several, period),
            Held::Many(many) => {
                let index = period.first();
                let last = many
                    .range(..=index)
                    .next_back()
                    .map(|(_, last)| last.period);
                let known = last.filter(|last| last.holds(index)).unwrap_or(period);
                many.entry(known.first())
                    .or_insert_with(|| Interval::new(known))
            }
        }
    }

    /// Whether a period has no place in this form.
    #[inline]
    fn lacks_room(&self, period: Period) -> bool {
        match &self.0 {
            Held::One(one) => !one.period.holds(period.first()),
            Held::Several(several) => several.is_empty() || several.len() >= FEW,
            Held::Many(_) => false,
        }
    }

    /// Takes the form in which a period has its place.
    #[inline(never)]
    fn make_room(&mut self, period: Period) {
        let is_late = self.last().is_some_and(|last| period < last.period);
        self.0 = match mem::replace(&mut self.0, Held::Several(Vec::new())) {
            Held::Several(none) if none.is_empty() => Held::One(Interval::new(period)),
            Held::One(one) if !one.period.holds(period.first()) => {
                // Most have no third one.
                let mut several = Vec::with_capacity(2);
                several.push(one);
                Held::Several(several)
            }
            Held::Several(several) if is_late && several.len() >= FEW => Held::Many(
                several
                    .into_iter()
                    .map(|interval| (interval.period.first(), interval))
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
fn in_sorted(several: &mut Vec<Interval>, period: Period) -> &mut Interval {
    let index = period.first();
    let place = place_near_end(several, index)
        .unwrap_or_else(|| several.partition_point(|interval| interval.period.first() <= index));
    match place.checked_sub(1) {
        Some(last) if several[last].period.holds(index) => &mut several[last],
        _ => {
            several.insert(place, Interval::new(period));
            &mut several[place]
        }
    }
}

/// How many begin no later than `index`, when that is among the latest ones: those are still
/// counted.
fn place_near_end(sorted: &[Interval], index: IntervalIndex) -> Option<usize> {
    let mut latest = sorted.iter().enumerate().rev().take(NEAR);
    let (place, _) = latest.find(|(_, interval)| interval.period.first() <= index)?;
    Some(place + 1)
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
mod tests;
