//! Clocks: whether the machines of two sources agree on the time.
//!
//! In: when two sources saw the first packets of a conversation's two directions. Out: by how much
//! one source is ahead of another, where packets would otherwise have arrived before they were
//! sent.
//! **Shape** a packet takes as long there as back: half of the sum of the two differences is what
//! the clocks differ by, half of their difference is the delay. Clocks are told to disagree where
//! they differ by more than the delay in most conversations. Nothing is corrected.

use std::collections::BTreeMap;

use crate::flow::point::Sighted;
use crate::flow::point::counts::Counts;
use crate::flow::point::course::Course;
use crate::time::Timestamp;
use crate::vantage::Vantage;

/// As many conversations are looked at for two sources; the first ones will do.
const ENOUGH: usize = 1_000;
/// Pairs of hops that are looked at for two sources.
const LOOKED_AT: usize = 64;
/// What nobody would notice, in nanoseconds.
const UNNOTICED: i128 = 100_000;

/// Differences of clocks between sources.
#[derive(Default)]
pub struct Clocks {
    /// For two sources, the smaller number first: by how much the second is ahead, and the delay.
    pairs: BTreeMap<(u32, u32), Vec<(i128, i128)>>,
}

/// What a source saw of a flow's opening.
struct Opening {
    /// The first packet from the client.
    there: Timestamp,
    /// The first one from the server.
    back: Timestamp,
    connections: u64,
    /// The hops that saw it, among those of the flow.
    hops: Vec<usize>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            there: Timestamp::MAX,
            back: Timestamp::MAX,
            connections: 0,
            hops: Vec::new(),
        }
    }
}

/// Two sources whose clocks disagree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disagreement {
    /// The source that is ahead.
    pub ahead: u32,
    /// The other one.
    pub behind: u32,
    /// By how much, about, in nanoseconds.
    pub by_ns: u64,
}

impl Clocks {
    /// Looks at the first packets of a TCP flow whose opening was seen. Where two sources saw as
    /// many connections open, and share some, the first is the same at both.
    pub fn see(&mut self, hops: &[Sighted], vantage: &Vantage<'_>) {
        let mut openings: BTreeMap<u32, Opening> = BTreeMap::new();
        for (at, hop) in hops.iter().enumerate() {
            let Some(first) = hop.intervals.first() else {
                continue;
            };
            let source = vantage.place(hop.hop.place()).source;
            if first.started == 0 {
                // Where the answers pass another hop than what they answer.
                if first.forward.is_empty() {
                    let opening = openings.entry(source).or_default();
                    opening.back = opening.back.min(first.backward.first);
                    opening.hops.push(at);
                }
                continue;
            }
            let started = hop.intervals.iter().map(|i| u64::from(i.started)).sum();
            let opening = openings.entry(source).or_default();
            opening.there = opening.there.min(first.forward.first);
            opening.back = opening.back.min(first.backward.first);
            opening.connections = opening.connections.max(started);
            opening.hops.push(at);
        }
        openings
            .retain(|_, opening| opening.there != Timestamp::MAX && opening.back != Timestamp::MAX);
        for (one, opening) in &openings {
            for (other, later) in openings.range(one + 1..) {
                if opening.connections != later.connections
                    || !shares_both_ways(hops, &opening.hops, &later.hops)
                {
                    continue;
                }
                let pair = self.pairs.entry((*one, *other)).or_default();
                if pair.len() < ENOUGH {
                    let there = difference(later.there, opening.there);
                    let back = difference(later.back, opening.back);
                    pair.push((i128::midpoint(there, back), ((there - back) / 2).abs()));
                }
            }
        }
    }

    /// Adds what later flows tell.
    pub fn append(&mut self, later: Self) {
        for (pair, differences) in later.pairs {
            let known = self.pairs.entry(pair).or_default();
            let room = ENOUGH - known.len();
            known.extend(differences.into_iter().take(room));
        }
    }

    /// The sources that disagree, in order.
    pub fn disagreements(self) -> impl Iterator<Item = Disagreement> {
        self.pairs
            .into_iter()
            .filter_map(|((one, other), mut seen)| {
                let impossible = |(ahead, delay): &&(i128, i128)| ahead.abs() > delay + UNNOTICED;
                if seen.iter().filter(impossible).count() * 2 <= seen.len() {
                    return None;
                }
                seen.sort_unstable();
                let (median, _) = *seen.get(seen.len() / 2)?;
                let (ahead, behind) = if median > 0 {
                    (other, one)
                } else {
                    (one, other)
                };
                Some(Disagreement {
                    ahead,
                    behind,
                    by_ns: u64::try_from(median.abs()).unwrap_or(u64::MAX),
                })
            })
    }
}

/// Whether packets of both directions were seen at hops of two sources.
fn shares_both_ways(hops: &[Sighted], one: &[usize], other: &[usize]) -> bool {
    let is_shared = |course| {
        let pairs = one
            .iter()
            .flat_map(|at| other.iter().map(move |and| (*at, *and)));
        pairs
            .take(LOOKED_AT)
            .any(|(at, and)| !Counts(hops).is_apart(at, and, course))
    };
    is_shared(Course::Forward) && is_shared(Course::Backward)
}

fn difference(later: Timestamp, earlier: Timestamp) -> i128 {
    i128::from(later.as_nanos()) - i128::from(earlier.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_later_flows_tell_is_added_until_it_is_enough() {
        let clocks = |ahead, count| Clocks {
            pairs: BTreeMap::from([((1, 2), vec![(ahead, 0); count])]),
        };
        let by_ns = |mut first: Clocks, later| {
            first.append(later);
            first
                .disagreements()
                .map(|found| found.by_ns)
                .collect::<Vec<_>>()
        };
        assert_eq!(by_ns(Clocks::default(), clocks(700_000, 2)), [700_000]);
        assert_eq!(by_ns(clocks(700_000, 2), clocks(0, 3)), [0_u64; 0]);
        assert_eq!(
            by_ns(clocks(700_000, ENOUGH), clocks(0, ENOUGH + 1)),
            [700_000]
        );
    }
}
