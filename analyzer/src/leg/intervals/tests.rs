//! Intervals in any order, at any resolution.

use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

fn index(number: u64) -> IntervalIndex {
    IntervalIndex::of(Timestamp::from_nanos(number * IntervalIndex::NANOS))
}

fn counted(intervals: &Intervals) -> BTreeMap<IntervalIndex, u32> {
    let counts = intervals.iter();
    counts
        .map(|interval| (interval.period.first(), interval.started))
        .collect()
}

fn is_apart(intervals: &Intervals) -> bool {
    let periods: Vec<_> = intervals.iter().map(|interval| interval.period).collect();
    periods
        .windows(2)
        .all(|two| two[0].after() <= two[1].first())
}

fn total(intervals: &Intervals) -> u32 {
    intervals.iter().map(|interval| interval.started).sum()
}

/// A grid on which minutes and ten minutes each end at these intervals.
fn grid() -> impl Strategy<Value = Grid> {
    (0..400_u64, 0..400_u64).prop_map(|(minutes, ten)| Grid::new(index(minutes), index(ten)))
}

fn of(numbers: &[u64]) -> Intervals {
    let mut intervals = Intervals::default();
    for number in numbers {
        intervals.at(index(*number)).started += 1;
    }
    intervals
}

proptest! {
    #[test]
    fn in_any_order_each_index_is_there_once_and_counts_all(
        numbers in prop::collection::vec(0..300_u64, 0..400), cutoff in 0..300_u64,
    ) {
        let (mut intervals, mut expected) = (of(&numbers), BTreeMap::new());
        for number in &numbers {
            *expected.entry(index(*number)).or_insert(0) += 1;
        }
        prop_assert_eq!(intervals.len(), expected.len());
        prop_assert_eq!(counted(&intervals), expected.clone());
        prop_assert!(is_apart(&intervals));
        let last = intervals.last().map(|last| last.period.first());
        prop_assert_eq!(last, expected.keys().last().copied());
        let kept = expected.split_off(&index(cutoff));
        prop_assert_eq!(intervals.drop_before(index(cutoff)), expected.len());
        prop_assert_eq!(counted(&intervals), kept.clone());
        let taken: Vec<_> = intervals.into_iter().map(|i| i.period.first()).collect();
        prop_assert_eq!(taken, kept.into_keys().collect::<Vec<_>>());
    }

    #[test]
    fn merged_to_a_grid_they_count_the_same_by_its_periods(
        numbers in prop::collection::vec(0..420_u64, 0..400), grid in grid(),
        later in prop::collection::vec(0..420_u64, 0..40), cutoff in 0..420_u64,
    ) {
        let mut intervals = of(&numbers);
        let before = intervals.len();
        prop_assert_eq!(intervals.coarsen(&grid), before - intervals.len());
        let mut expected = BTreeMap::new();
        for number in numbers.iter().chain(&later) {
            *expected.entry(grid.period(index(*number)).first()).or_insert(0) += 1;
        }
        // What comes late is added to what is there, and is on the grid when that is asked for again.
        for number in &later {
            intervals.at(index(*number)).started += 1;
        }
        prop_assert!(is_apart(&intervals));
        intervals.coarsen(&grid);
        prop_assert_eq!(counted(&intervals), expected.clone());
        for interval in intervals.iter() {
            prop_assert_eq!(interval.period, grid.period(interval.period.first()));
            prop_assert_eq!(intervals.get(interval.period.first()), Some(interval));
            prop_assert_eq!(intervals.get(interval.period.after().before()), Some(interval));
        }
        let kept = |first: &IntervalIndex| grid.period(*first).after() > index(cutoff);
        expected.retain(|first, _| kept(first));
        intervals.drop_before(index(cutoff));
        prop_assert_eq!(counted(&intervals), expected);
    }

    #[test]
    fn coarse_and_fine_ones_add_up_in_any_order(
        numbers in prop::array::uniform3(prop::collection::vec(0..420_u64, 0..150)),
        grids in prop::array::uniform3(grid()),
    ) {
        let mut parts = numbers.map(|numbers| of(&numbers));
        for (part, grid) in parts.iter_mut().zip(&grids) {
            part.coarsen(grid);
        }
        let merged = |x: &Intervals, y: &Intervals| {
            let mut sum = x.clone();
            y.iter().for_each(|interval| sum.add(interval.clone()));
            sum
        };
        let [a, b, c] = &parts;
        let all = merged(&merged(a, b), c);
        prop_assert!(is_apart(&all));
        prop_assert_eq!(total(&all), total(a) + total(b) + total(c));
        prop_assert_eq!(merged(a, b), merged(b, a));
        prop_assert_eq!(all, merged(a, &merged(b, c)));
    }
}
