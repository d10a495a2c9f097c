//! Groups: the flows of a snapshot that make rows together, put together once.
//!
//! In: rows with the flows that each is made of. Out: a page of them. **Shape** 4 octets a flow and
//! 24 a row; a row of many flows is kept as it is, one of few is made of them again when it is shown.

use std::cmp::Reverse;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::flow::Flow;
use crate::leg::Handshakes;
use crate::query::row::{Ranked, Shown, Volume};
use crate::query::window::Bounds;
use crate::query::{Page, Sort};

/// A row of more flows than these is kept as it is.
const FEW: usize = 64;

/// A row that flows were merged into.
pub(super) trait Merged: Ranked {
    /// The same without its flows.
    type Alone;

    /// The numbers of its flows in the snapshot, in their order.
    fn members(&self) -> &[u32];

    /// The same without its flows.
    fn alone(&self) -> Self::Alone;
}

/// Rows in an order.
pub(super) struct Groups<A> {
    /// Numbers of flows, row after row.
    members: Vec<u32>,
    rows: Vec<Known>,
    /// Rows of many flows, by their place.
    many: HashMap<usize, A, FixedState>,
    /// What all of them count.
    all: Volume,
}

/// What is known of a row.
struct Known {
    volume: Volume,
    /// Where its members end.
    end: u32,
}

/// What a row is made of.
pub(super) enum Row<'g, A> {
    /// Of itself.
    Many(&'g A),
    /// Of these flows.
    Few(&'g [u32]),
}

impl<A> Groups<A> {
    /// Takes rows, which come in the order of their keys, in the order of `sort`; with the place in
    /// `rows` of each.
    pub(super) fn of<R: Merged<Alone = A>>(rows: &[R], sort: Sort) -> (Self, Vec<usize>) {
        let mut order: Vec<_> = rows
            .iter()
            .map(|row| Reverse(row.rank(sort)))
            .zip(0..)
            .collect();
        order.sort_unstable();
        let order: Vec<usize> = order.into_iter().map(|(_, place)| place).collect();
        let mut groups = Self {
            members: Vec::with_capacity(rows.iter().map(|row| row.members().len()).sum()),
            rows: Vec::with_capacity(rows.len()),
            many: HashMap::default(),
            all: Volume::default(),
        };
        for row in order.iter().filter_map(|place| rows.get(*place)) {
            groups.add(row);
        }
        (groups, order)
    }

    fn add<R: Merged<Alone = A>>(&mut self, row: &R) {
        let volume = row.volume();
        self.all = self.all.plus(volume);
        if row.members().len() > FEW {
            self.many.insert(self.rows.len(), row.alone());
        } else {
            self.members.extend_from_slice(row.members());
        }
        let end = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        self.rows.push(Known { volume, end });
    }

    /// The rows of a page with their places.
    pub(super) fn page(&self, page: Page) -> Shown<(usize, Row<'_, A>)> {
        let total = self.rows.len();
        let end = page.offset.saturating_add(page.limit).min(total);
        let shown = self.rows.iter().take(end).map(|row| row.volume);
        let shown = shown.fold(Volume::default(), Volume::plus);
        let rows: Vec<_> = (page.offset..end)
            .map(|place| (place, self.row(place)))
            .collect();
        Shown {
            truncated: rows.len() < total,
            rows,
            total,
            rest: self.all.minus(shown),
        }
    }

    fn row(&self, place: usize) -> Row<'_, A> {
        if let Some(row) = self.many.get(&place) {
            return Row::Many(row);
        }
        let end = |place: usize| self.rows.get(place).map_or(0, |row| row.end as usize);
        let begin = place.checked_sub(1).map_or(0, end);
        Row::Few(self.members.get(begin..end(place)).unwrap_or_default())
    }

    /// How many octets it takes, of which a row that is kept as it is takes `octets`.
    pub(super) fn octets(&self, octets: impl Fn(&A) -> usize) -> usize {
        size_of_val(&*self.members)
            + size_of_val(&*self.rows)
            + self.many.values().map(octets).sum::<usize>()
    }
}

/// The handshakes of some of these flows in a window.
pub(super) fn handshakes(flows: &[Flow], members: &[u32], bounds: &Bounds) -> Handshakes {
    let mut all = Handshakes::default();
    for flow in members.iter().filter_map(|at| flows.get(*at as usize)) {
        all.merge(&flow.handshakes(|interval| bounds.holds(interval.period)));
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::row::page;

    /// A row that counts its flows.
    struct Counted(Vec<u32>);

    impl Ranked for Counted {
        fn rank(&self, _: Sort) -> u128 {
            self.0.len() as u128
        }

        fn volume(&self) -> Volume {
            let pkts = self.0.len() as u64;
            let bytes = self.0.iter().map(|flow| u64::from(*flow)).sum();
            Volume { pkts, bytes }
        }
    }

    impl Merged for Counted {
        type Alone = Vec<u32>;

        fn members(&self) -> &[u32] {
            &self.0
        }

        fn alone(&self) -> Vec<u32> {
            self.0.clone()
        }
    }

    proptest! {
        #[test]
        fn a_page_of_groups_is_the_page_of_their_rows(
            lengths in prop::collection::vec(1..2 * FEW, 0..20),
            offset in 0..25_usize,
            limit in 1..25_usize,
        ) {
            let mut flows = 0..;
            let row = |length| Counted(flows.by_ref().take(length).collect());
            let rows: Vec<Counted> = lengths.into_iter().map(row).collect();
            let (groups, order) = Groups::of(&rows, Sort::Bytes);
            let asked = Page { offset, limit };
            let expected = page(&rows, Sort::Bytes, asked);
            let shown = groups.page(asked);
            prop_assert_eq!(
                (shown.total, shown.truncated, shown.rest),
                (expected.total, expected.truncated, expected.rest)
            );
            prop_assert_eq!(shown.rows.len(), expected.rows.len());
            for ((place, row), expected) in shown.rows.into_iter().zip(expected.rows) {
                let (flows, is_kept) = match row {
                    Row::Many(flows) => (flows.as_slice(), true),
                    Row::Few(flows) => (flows, false),
                };
                prop_assert_eq!((flows, is_kept), (&*expected.0, expected.0.len() > FEW));
                prop_assert_eq!(&rows[order[place]].0, &expected.0);
            }
        }
    }
}
