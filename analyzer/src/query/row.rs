//! Rows in order, and the part of them that is shown.

use std::cmp::Reverse;

use crate::query::measure::Measure;
use crate::query::{Page, Sort};

/// Something that can be ranked: a flow, an aggregate or a connection.
pub trait Ranked {
    /// What it counted.
    fn measure(&self) -> &Measure;
    /// Its median handshake time in microseconds.
    fn median_us(&self) -> Option<u64>;
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
        .map(|(at, row)| {
            let handshake = if sort == Sort::HandshakeTime {
                row.median_us()
            } else {
                None
            };
            ((Reverse(row.measure().rank(sort, handshake)), at), row)
        })
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
