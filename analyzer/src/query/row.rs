//! Rows in order, and the part of them that is shown.

use std::cmp::Reverse;

use crate::query::{Page, Sort};

/// Something that can be ranked: a flow, an aggregate, a connection, …
pub trait Ranked {
    /// What rows are ordered by; the greatest comes first.
    fn rank(&self, sort: Sort) -> u128;

    /// What the row counts, as it shows it.
    fn volume(&self) -> Volume;
}

impl<T: Ranked> Ranked for &T {
    fn rank(&self, sort: Sort) -> u128 {
        (**self).rank(sort)
    }

    fn volume(&self) -> Volume {
        (**self).volume()
    }
}

/// What rows count together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Volume {
    /// Packets, as each row shows them.
    pub pkts: u64,
    /// IP bytes, as each row shows them.
    pub bytes: u64,
}

impl Volume {
    /// With what `other` counts.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            pkts: self.pkts.saturating_add(other.pkts),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    /// Without what `other` counts.
    pub(super) const fn minus(self, other: Self) -> Self {
        Self {
            pkts: self.pkts.saturating_sub(other.pkts),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

/// The rows of a page, and whether others were left out.
pub struct Shown<T> {
    /// The rows, the greatest first.
    pub rows: Vec<T>,
    /// How many there are in all.
    pub total: usize,
    /// Whether rows were left out.
    pub truncated: bool,
    /// What the rows after the page count.
    pub rest: Volume,
}

impl<T> Shown<T> {
    /// The same of what each row turns.
    pub(super) fn map<U>(self, mut turn: impl FnMut(T) -> U) -> Shown<U> {
        self.filter_map(|row| Some(turn(row)))
    }

    /// The same of what each row becomes, without those that become nothing.
    pub(super) fn filter_map<U>(self, turn: impl FnMut(T) -> Option<U>) -> Shown<U> {
        Shown {
            rows: self.rows.into_iter().filter_map(turn).collect(),
            total: self.total,
            truncated: self.truncated,
            rest: self.rest,
        }
    }
}

/// More rows than are shown are put aside up to this many, before the others are left out.
const ASIDE: usize = 1_024;

/// Sorts `rows`, given in the order of their keys, and takes the page. Equal rows keep their order.
/// Rows that will not be shown are not kept: of a million a hundred.
#[must_use]
pub fn page<T: Ranked>(rows: impl IntoIterator<Item = T>, sort: Sort, page: Page) -> Shown<T> {
    let end = page.offset.saturating_add(page.limit);
    let full = end.saturating_mul(2).max(ASIDE);
    let (mut ranked, mut total) = (Vec::new(), 0);
    let mut rest = Volume::default();
    for row in rows {
        rest = rest.plus(row.volume());
        ranked.push(((Reverse(row.rank(sort)), total), row));
        total += 1;
        if ranked.len() >= full {
            keep_first(&mut ranked, end);
        }
    }
    keep_first(&mut ranked, end);
    ranked.sort_unstable_by_key(|(rank, _)| *rank);
    for (_, row) in &ranked {
        rest = rest.minus(row.volume());
    }
    let rows: Vec<T> = ranked
        .into_iter()
        .skip(page.offset)
        .map(|(_, row)| row)
        .collect();
    Shown {
        truncated: rows.len() < total,
        rows,
        total,
        rest,
    }
}

/// Leaves out all but the first `count`, in any order.
fn keep_first<K: Ord + Copy, T>(ranked: &mut Vec<(K, T)>, count: usize) {
    if count < ranked.len() {
        ranked.select_nth_unstable_by_key(count, |(rank, _)| *rank);
        ranked.truncate(count);
    }
}
