//! Names that clients were given for addresses, and when they held.
//!
//! In: names out of answers, each from the answer's time until it is no longer good. Out: the names
//! that held for a client and an address at some time.
//! **Shape** a name that is given again soon after is one that held in between, so what is kept are
//! the gaps between names and not the answers. Spans only unite: whatever the order of the answers,
//! the result is one. Limited in spans; at the limit those that ended first make room, counted.
//! Names wait, a few at a time, while the spans they are added to are fetched from memory.

use std::hash::{BuildHasher, Hash, Hasher};
use std::mem;
use std::net::IpAddr;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use crate::dns::name::Name;
use crate::dns::spelling::{NameId, Names};
use crate::index::Index;
use crate::keyed::Keyed;
use crate::prefetch::prefetch;
use crate::time::{NANOS_PER_SECOND, Timestamp};

/// The most spans of one client and address: two days of a program that asks every five minutes.
const SPANS_PER_ADDRESS: usize = 512;
/// A client that asks again within a minute after a name ended, and gets the same address, has had
/// it in between: programs ask when they need a name, and not when it ends.
const RENEWED_WITHIN: u64 = 60 * NANOS_PER_SECOND;
/// The share of spans that makes room: one in this many.
const SHARE: usize = 8;
/// Names that wait at most.
const AHEAD: usize = 16;

/// Who asked, and for which address the name stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Asked {
    /// The client that got the answer.
    pub client: IpAddr,
    /// The address in it.
    pub address: IpAddr,
}

/// Whole words are cheaper to hash than the pieces of addresses.
impl Hash for Asked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for address in [self.client, self.address] {
            match address {
                IpAddr::V4(address) => state.write_u64(address.to_bits().into()),
                IpAddr::V6(address) => state.write_u128(address.to_bits()),
            }
        }
    }
}

/// A name and a time when it held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    name: NameId,
    from: Timestamp,
    until: Timestamp,
}

/// The spans of one client and address, sorted by name and time; those of one name lie more than
/// [`RENEWED_WITHIN`] apart. Most addresses have one name: its span is kept in place.
#[derive(Clone, Debug)]
enum Spans {
    One(Span),
    /// None, or several.
    Several(Vec<Span>),
}

/// A name that waits to be added.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    hash: u32,
    asked: Asked,
    span: Span,
}

/// Names by who asked and for which address.
#[derive(Clone, Debug)]
pub struct GivenNames {
    limit: usize,
    hasher: Keyed,
    /// Where the spans of a client and an address are.
    index: Index,
    given: Vec<(Asked, Spans)>,
    names: Names,
    ahead: Vec<Waiting>,
    count: usize,
    refused: u64,
}

impl GivenNames {
    /// Room for `limit` spans.
    #[must_use]
    pub fn new(limit: usize, seed: u64) -> Self {
        Self {
            limit,
            hasher: Keyed::new(seed),
            index: Index::default(),
            given: Vec::new(),
            names: Names::new(seed),
            ahead: Vec::with_capacity(AHEAD),
            count: 0,
            refused: 0,
        }
    }

    /// Takes note that a name held from a time on, for so long. It is found once the names that
    /// wait were added, by [`Self::settle`] at the latest.
    pub fn insert(&mut self, asked: Asked, name: Name<'_>, from: Timestamp, hold: Duration) {
        let until = from.saturating_add(hold);
        let name = self.names.number(name);
        let span = Span { name, from, until };
        let hash = self.hash(asked);
        self.index.fetch(hash);
        self.ahead.push(Waiting { hash, asked, span });
        if self.ahead.len() >= AHEAD {
            self.settle();
        }
    }

    /// Adds the names that wait, in order.
    pub fn settle(&mut self) {
        let mut ahead = mem::take(&mut self.ahead);
        for waiting in &ahead {
            let place = self.index.find(waiting.hash, |_| true);
            if let Some(given) = place.and_then(|place| self.given.get(place as usize)) {
                prefetch(given);
            }
        }
        for waiting in ahead.drain(..) {
            self.add(waiting);
        }
        self.ahead = ahead;
        if self.names.len() > self.limit.saturating_mul(2) {
            self.forget_names();
        }
    }

    /// Forgets the names that did not hold any more at `before`.
    pub fn forget(&mut self, before: Timestamp) {
        self.settle();
        for (_, spans) in &mut self.given {
            self.count -= spans.retain(|span| span.until >= before);
        }
        self.index_anew();
        self.forget_names();
    }

    /// The names that held for a client and an address at some time from `first` to `last`.
    pub fn during(
        &self,
        asked: Asked,
        first: Timestamp,
        last: Timestamp,
    ) -> impl Iterator<Item = &Arc<str>> {
        let spans = self.spans(asked).map_or(&[][..], Spans::as_slice);
        spans
            .iter()
            .filter(move |span| span.from <= last && first <= span.until)
            .filter_map(|span| self.names.shown(span.name))
    }

    /// Whether a client was ever given a name for an address.
    #[must_use]
    pub fn knows(&self, asked: Asked) -> bool {
        self.spans(asked).is_some()
    }

    /// Spans that did not fit.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    fn spans(&self, asked: Asked) -> Option<&Spans> {
        let place = self.place(self.hash(asked), asked)?;
        self.given.get(place).map(|(_, spans)| spans)
    }

    fn place(&self, hash: u32, asked: Asked) -> Option<usize> {
        let is_it = |at: u32| {
            let given = self.given.get(at as usize);
            given.is_some_and(|(other, _)| *other == asked)
        };
        self.index.find(hash, is_it).map(|at| at as usize)
    }

    fn hash(&self, asked: Asked) -> u32 {
        u32::try_from(self.hasher.hash_one(asked) >> u32::BITS).unwrap_or_default()
    }

    fn add(&mut self, Waiting { hash, asked, span }: Waiting) {
        let place = self.place(hash, asked);
        let Some((_, spans)) = place.and_then(|place| self.given.get_mut(place)) else {
            // There are fewer: each has a span, and those are limited.
            let number = u32::try_from(self.given.len()).unwrap_or(u32::MAX);
            self.index.insert(hash, number);
            self.given.push((asked, Spans::One(span)));
            self.count += 1;
            self.keep_to_limit();
            return;
        };
        let before = spans.len();
        spans.unite(span, &self.names);
        if spans.len() > SPANS_PER_ADDRESS {
            spans.drop_first();
            self.refused += 1;
        }
        self.count = self.count + spans.len() - before;
        self.keep_to_limit();
    }

    fn keep_to_limit(&mut self) {
        if self.count > self.limit {
            self.make_room();
        }
    }

    /// Drops the spans that ended first.
    fn make_room(&mut self) {
        let mut ends: Vec<(Timestamp, Asked, Timestamp, Option<&Arc<str>>)> = Vec::new();
        for (asked, spans) in &self.given {
            let end = |span: &Span| (span.until, *asked, span.from, self.names.shown(span.name));
            ends.extend(spans.as_slice().iter().map(end));
        }
        let dropped = self.count - (self.limit - self.limit / SHARE);
        ends.sort_unstable();
        let gone: Vec<(Asked, Timestamp, Option<Arc<str>>)> = ends
            .into_iter()
            .take(dropped)
            .map(|(_, asked, from, name)| (asked, from, name.cloned()))
            .collect();
        for (asked, from, name) in gone {
            let place = self.place(self.hash(asked), asked);
            if let Some((_, spans)) = place.and_then(|place| self.given.get_mut(place)) {
                let names = &self.names;
                spans.retain(|span| span.from != from || names.shown(span.name) != name.as_ref());
            }
        }
        self.index_anew();
        self.count -= dropped;
        self.refused += dropped as u64;
    }

    /// Forgets clients and addresses without spans.
    fn index_anew(&mut self) {
        self.given.retain(|(_, spans)| spans.len() > 0);
        self.index = Index::default();
        for (place, (asked, _)) in (0..).zip(&self.given) {
            self.index.insert(self.hash(*asked), place);
        }
    }

    /// Forgets the names that no span has any more.
    fn forget_names(&mut self) {
        let none = self.names.emptied();
        let before = mem::replace(&mut self.names, none);
        for (_, spans) in &mut self.given {
            for span in spans.as_mut_slice() {
                span.name = self.names.take_over(&before, span.name);
            }
        }
    }
}

impl Spans {
    fn as_slice(&self) -> &[Span] {
        match self {
            Self::One(span) => slice::from_ref(span),
            Self::Several(spans) => spans,
        }
    }

    fn as_mut_slice(&mut self) -> &mut [Span] {
        match self {
            Self::One(span) => slice::from_mut(span),
            Self::Several(spans) => spans,
        }
    }

    fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Adds a span, and makes one of those that belong together.
    fn unite(&mut self, mut span: Span, names: &Names) {
        if let Self::One(known) = self
            && known.name == span.name
            && !known.is_apart_from(&span)
        {
            known.take(&span);
            return;
        }
        let mut spans = self.take_several();
        let name = names.shown(span.name);
        let start = spans.partition_point(|known| names.shown(known.name) < name);
        let end = spans.partition_point(|known| names.shown(known.name) <= name);
        let same = spans.get(start..end).unwrap_or_default();
        let first = start + same.partition_point(|known| known.ends_before(&span));
        let last = start + same.partition_point(|known| !span.ends_before(known));
        for known in spans.get(first..last).unwrap_or_default() {
            span.take(known);
        }
        spans.splice(first..last, [span]);
        *self = Self::Several(spans);
    }

    /// Drops the span that ended first.
    fn drop_first(&mut self) {
        let mut spans = self.take_several();
        let first = (0..spans.len()).min_by_key(|&at| spans.get(at).map(|span| (span.until, at)));
        if let Some(at) = first {
            spans.remove(at);
        }
        *self = Self::Several(spans);
    }

    /// Keeps the spans for which `keep` holds, and says how many went.
    fn retain(&mut self, keep: impl Fn(&Span) -> bool) -> usize {
        let before = self.len();
        match self {
            Self::One(span) if keep(span) => {}
            Self::One(_) => *self = Self::Several(Vec::new()),
            Self::Several(spans) => spans.retain(keep),
        }
        before - self.len()
    }

    /// Takes all spans out, to be changed and put back.
    fn take_several(&mut self) -> Vec<Span> {
        match mem::replace(self, Self::Several(Vec::new())) {
            Self::One(span) => vec![span],
            Self::Several(spans) => spans,
        }
    }
}

impl Span {
    fn take(&mut self, other: &Self) {
        self.from = self.from.min(other.from);
        self.until = self.until.max(other.until);
    }

    fn is_apart_from(&self, other: &Self) -> bool {
        self.ends_before(other) || other.ends_before(self)
    }

    /// Whether it ended so long before another that the name did not hold in between.
    fn ends_before(&self, other: &Self) -> bool {
        other.from.nanos_since(self.until) > RENEWED_WITHIN
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(client: u8) -> Asked {
        Asked {
            client: [10, 0, 0, client].into(),
            address: [203, 0, 113, 9].into(),
        }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * NANOS_PER_SECOND)
    }

    /// Answers: client, name, second, seconds.
    fn given(limit: usize, answers: &[(u8, &str, u64, u64)]) -> GivenNames {
        let mut names = GivenNames::new(limit, 0);
        for &(client, name, from, hold) in answers {
            let len = u8::try_from(name.len()).unwrap();
            let message = [&[len], name.as_bytes(), &[0]].concat();
            let (name, _) = Name::read(&message, 0).unwrap();
            names.insert(asked(client), name, at(from), Duration::from_secs(hold));
        }
        names.settle();
        names
    }

    fn during(names: &GivenNames, client: u8, first: u64, last: u64) -> Vec<&str> {
        let held = names.during(asked(client), at(first), at(last));
        held.map(|name| &**name).collect()
    }

    #[test]
    fn a_name_holds_for_the_client_that_asked_while_its_time_lasts() {
        let names = given(
            9,
            &[(1, "b", 100, 10), (1, "a", 105, 10), (2, "c", 100, 10)],
        );
        let seconds = [99, 100, 105, 110, 111, 115, 116];
        let held = seconds.map(|second| during(&names, 1, second, second).concat());
        assert_eq!(held, ["", "b", "ab", "ab", "a", "a", ""]);
        assert_eq!(during(&names, 1, 0, 200), ["a", "b"], "sorted");
        assert_eq!(during(&names, 2, 0, 200), ["c"]);
        assert_eq!(names.refused(), 0);
        assert!(names.knows(asked(2)) && !names.knows(asked(3)));
    }

    #[test]
    fn a_name_given_again_within_a_minute_has_held_in_between() {
        let again =
            |from| during(&given(9, &[(1, "a", 0, 10), (1, "a", from, 10)]), 1, 40, 40).len();
        assert_eq!([60, 70, 71].map(again), [1, 1, 0]);
    }

    #[test]
    fn at_the_limit_what_ended_first_makes_room_and_is_counted() {
        let answers: Vec<_> = (1..=10)
            .map(|client| (client, "a", u64::from(client), 10))
            .collect();
        let names = given(8, &answers);
        let known: Vec<u8> = (1..=10)
            .filter(|client| names.knows(asked(*client)))
            .collect();
        assert_eq!((known, names.refused()), (vec![3, 4, 5, 6, 7, 8, 9, 10], 2));
        assert_eq!(given(0, &answers).refused(), 10);
    }

    #[test]
    fn one_address_cannot_take_all_room() {
        let names: Vec<String> = (0..2_000).map(|n| format!("{n:04}")).collect();
        let answers: Vec<_> = (0..)
            .zip(&names)
            .map(|(n, name)| (1, name.as_str(), n, 10))
            .collect();
        let names = given(700, &answers);
        let kept = SPANS_PER_ADDRESS;
        assert_eq!((names.count, names.refused()), (kept, 2_000 - kept as u64));
        assert_eq!(
            during(&names, 1, 0, 3_000)[0],
            "1488",
            "the latest are kept"
        );
        assert!(
            names.names.len() <= 1_400 + AHEAD,
            "names of dropped spans are forgotten"
        );
    }

    proptest! {
        #[test]
        fn the_order_of_answers_changes_nothing(
            answers in prop::collection::vec(
                (1..3_u8, prop::sample::select(vec!["a", "b"]), 0..600_u64, 0..40_u64), 0..40),
            seed: u64,
        ) {
            let mut turned = answers.clone();
            // Any other order will do.
            turned.sort_by_key(|(client, name, from, hold)| {
                (from ^ seed).wrapping_mul(*hold + 7) % 101 + u64::from(*client) + name.len() as u64
            });
            let (one, other) = (given(1_000, &answers), given(1_000, &turned));
            for client in 1..3 {
                for second in 0..700 {
                    let held = during(&one, client, second, second);
                    prop_assert_eq!(&held, &during(&other, client, second, second));
                    // Held by the rule: within an answer, or between two that are near.
                    for name in ["a", "b"] {
                        let of = || answers.iter().filter(|a| (a.0, a.1) == (client, name));
                        let within = of().any(|a| a.2 <= second && second <= a.2 + a.3);
                        let before = of().map(|a| a.2 + a.3).filter(|end| *end < second).max();
                        let after = of().map(|a| a.2).filter(|start| *start > second).min();
                        let between = before.zip(after).is_some_and(|(b, a)| a - b <= 60);
                        prop_assert_eq!(held.contains(&name), within || between);
                    }
                }
            }
            prop_assert_eq!(one.count, other.count);
            prop_assert_eq!(one.count, one.given.iter().map(|(_, spans)| spans.len()).sum::<usize>());
        }
    }
}
