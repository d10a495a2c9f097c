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
use crate::time::Timestamp;
use crate::vantage::Vantage;

/// As many conversations are looked at for two sources; the first ones will do.
const ENOUGH: usize = 1_000;
/// What nobody would notice, in nanoseconds.
const UNNOTICED: i128 = 100_000;

/// Differences of clocks between sources.
#[derive(Default)]
pub struct Clocks {
    /// For two sources, the smaller number first: by how much the second is ahead, and the delay.
    pairs: BTreeMap<(u32, u32), Vec<(i128, i128)>>,
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
    /// Looks at the first packets of a TCP flow whose opening was seen.
    pub fn see(&mut self, hops: &[Sighted], vantage: &Vantage<'_>) {
        let mut firsts: BTreeMap<u32, (Timestamp, Timestamp)> = BTreeMap::new();
        for hop in hops {
            let Some(first) = hop.intervals.first().filter(|first| first.started > 0) else {
                continue;
            };
            let source = vantage.place(hop.hop.place()).source;
            let seen = firsts
                .entry(source)
                .or_insert((Timestamp::MAX, Timestamp::MAX));
            seen.0 = seen.0.min(first.forward.first);
            seen.1 = seen.1.min(first.backward.first);
        }
        firsts.retain(|_, (there, back)| *there != Timestamp::MAX && *back != Timestamp::MAX);
        for (one, (there, back)) in &firsts {
            for (other, (other_there, other_back)) in firsts.range(one + 1..) {
                let pair = self.pairs.entry((*one, *other)).or_default();
                if pair.len() < ENOUGH {
                    let there = difference(*other_there, *there);
                    let back = difference(*other_back, *back);
                    pair.push((i128::midpoint(there, back), ((there - back) / 2).abs()));
                }
            }
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

fn difference(later: Timestamp, earlier: Timestamp) -> i128 {
    i128::from(later.as_nanos()) - i128::from(earlier.as_nanos())
}
