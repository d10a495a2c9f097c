//! Rows in order, and the part of them that is shown.

use std::cmp::Reverse;

use crate::query::{Page, Sort};

/// Something that can be ranked: a flow, an aggregate, a connection, …
pub trait Ranked {
    /// What rows are ordered by; the greatest comes first.
    fn rank(&self, sort: Sort) -> u128;
}

/// The rows of a page, and whether others were left out.
pub struct Shown<T> {
    /// The rows, the greatest first.
    pub rows: Vec<T>,
    /// How many there are in all.
    pub total: usize,
    /// Whether rows were left out.
    pub truncated: bool,
}

/// Sorts `rows`, given in the order of their keys, and takes the page. Equal rows keep their order.
#[must_use]
pub fn page<T: Ranked>(rows: Vec<T>, sort: Sort, page: Page) -> Shown<T> {
    let total = rows.len();
    let mut ranked: Vec<_> = rows
        .into_iter()
        .enumerate()
        .map(|(at, row)| ((Reverse(row.rank(sort)), at), row))
        .collect();
    let end = page.offset.saturating_add(page.limit);
    if end < total {
        ranked.select_nth_unstable_by_key(end, |(rank, _)| *rank);
        ranked.truncate(end);
    }
    ranked.sort_unstable_by_key(|(rank, _)| *rank);
    let rows: Vec<T> = ranked
        .into_iter()
        .skip(page.offset)
        .map(|(_, row)| row)
        .collect();
    Shown {
        truncated: rows.len() < total,
        rows,
        total,
    }
}
