//! Claims over time, and who wins them.
//!
//! In: claims with a span and a rank, overlapping as they like. Out: [`Segments`], which at every
//! moment have one value or none. **Time** spans hold their first moment and not their last.

use std::collections::BTreeSet;

use crate::time::Timestamp;

/// From a moment until before another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Span {
    /// What is in both.
    pub(super) fn meet(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            until: self.until.min(other.until),
        }
    }

    /// Whether no moment is in it.
    pub(super) fn is_empty(self) -> bool {
        self.from >= self.until
    }
}

/// What somebody says to have for a while; of several the highest rank has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim<R, T> {
    pub(super) span: Span,
    pub(super) rank: R,
    pub(super) value: T,
}

/// A value over time: disjoint spans in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Segments<T>(Vec<(Span, T)>);

impl<T> Default for Segments<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + PartialEq> Segments<T> {
    /// Decides between claims: the highest rank at each moment.
    ///
    /// Equal ranks must carry equal values, or the outcome would hang on the order of claims.
    pub(super) fn settle<R: Ord + Copy>(claims: &[Claim<R, T>]) -> Self {
        if let [claim] = claims {
            let mut segments = Self::default();
            segments.push(claim.span, claim.value);
            return segments;
        }
        let mut active: BTreeSet<(R, usize)> = BTreeSet::new();
        let mut segments = Self::default();
        sweep(claims.iter().map(|claim| claim.span), |span, edges| {
            for edge in edges {
                let Some(claim) = claims.get(edge.claim) else {
                    continue;
                };
                match edge.kind {
                    EdgeKind::Start => active.insert((claim.rank, edge.claim)),
                    EdgeKind::End => active.remove(&(claim.rank, edge.claim)),
                };
            }
            let winner = active.last().and_then(|(_, claim)| claims.get(*claim));
            if let Some(claim) = winner {
                segments.push(span, claim.value);
            }
        });
        segments
    }

    /// Appends a span, which must not lie before the last one; joins it when it goes on from there.
    pub(super) fn push(&mut self, span: Span, value: T) {
        if span.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some((last, same)) if last.until == span.from && *same == value => {
                last.until = span.until;
            }
            Some(_) | None => self.0.push((span, value)),
        }
    }

    /// Whether there is no value at any moment.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value at a moment.
    pub(super) fn at(&self, time: Timestamp) -> Option<T> {
        let after = self.0.partition_point(|(span, _)| span.from <= time);
        let (span, value) = self.0.get(after.checked_sub(1)?)?;
        (time < span.until).then_some(*value)
    }

    /// Whether the value is the same at every moment from one to another.
    pub(super) fn is_same_over(&self, (first, last): (Timestamp, Timestamp)) -> bool {
        let after = self.0.partition_point(|(span, _)| span.from <= first);
        let begins = self.0.get(after).is_some_and(|(span, _)| span.from <= last);
        let here = after.checked_sub(1).and_then(|at| self.0.get(at));
        let ends = here.is_some_and(|(span, _)| first < span.until && span.until <= last);
        !begins && !ends
    }

    /// Every value, to be changed; what was apart must stay so.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Every span with its value.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Span, T)> {
        self.0.iter().copied()
    }

    /// Every moment at which the value may change.
    pub(super) fn edges(&self) -> impl Iterator<Item = Timestamp> {
        self.0.iter().flat_map(|(span, _)| [span.from, span.until])
    }
}

/// Where a claim starts or ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Edge {
    pub(super) at: Timestamp,
    pub(super) kind: EdgeKind,
    pub(super) claim: usize,
}

/// Which end of a span an [`Edge`] is; what ends makes room before the next starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum EdgeKind {
    End,
    Start,
}

/// Walks all of time, from each moment where something starts or ends to the next one.
///
/// `step` gets the span up to the next edge and the edges at its beginning.
pub(super) fn sweep(spans: impl Iterator<Item = Span>, mut step: impl FnMut(Span, &[Edge])) {
    let mut edges: Vec<Edge> = spans
        .enumerate()
        .filter(|(_, span)| !span.is_empty())
        .flat_map(|(claim, span)| {
            [(span.from, EdgeKind::Start), (span.until, EdgeKind::End)].map(|(at, kind)| Edge {
                at,
                kind,
                claim,
            })
        })
        .collect();
    edges.sort_unstable();
    let mut rest = edges.as_slice();
    while let Some(first) = rest.first() {
        let here = rest.partition_point(|edge| edge.at == first.at);
        let (now, later) = rest.split_at(here);
        let until = later.first().map_or(Timestamp::MAX, |edge| edge.at);
        step(
            Span {
                from: first.at,
                until,
            },
            now,
        );
        rest = later;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(nanos: u64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    proptest! {
        #[test]
        fn a_value_is_the_same_where_no_moment_has_another(
            spans in prop::collection::vec((0..4_u64, 1..4_u64, 0..2_u8), 0..6),
            first in 0..30_u64, long in 0..12_u64,
        ) {
            let (mut segments, mut now) = (Segments::default(), 0);
            for (gap, len, value) in spans {
                let from = now + gap;
                now = from + len;
                segments.push(Span { from: at(from), until: at(now) }, value);
            }
            let then = segments.at(at(first));
            let expected = (first..=first + long).all(|moment| segments.at(at(moment)) == then);
            prop_assert_eq!(segments.is_same_over((at(first), at(first + long))), expected);
        }
    }
}
