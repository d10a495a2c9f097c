//! Names that clients were given for addresses, and when they held.
//!
//! In: names out of answers, each from the answer's time until it is no longer good. Out: the names
//! that held for a client and an address at some time.
//! **Shape** a name that is given again soon after is one that held in between, so what is kept are
//! the gaps between names and not the answers. Spans only unite: whatever the order of the answers,
//! the result is one. Limited in spans; at the limit those that ended first make room, counted.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use crate::dns::name::{Name, WIRE_MAX};
use crate::time::{NANOS_PER_SECOND, Timestamp};

/// The most spans of one client and address: two days of a program that asks every five minutes.
const SPANS_PER_ADDRESS: usize = 512;
/// A client that asks again within a minute after a name ended, and gets the same address, has had
/// it in between: programs ask when they need a name, and not when it ends.
const RENEWED_WITHIN: u64 = 60 * NANOS_PER_SECOND;
/// The share of spans that makes room: one in this many.
const SHARE: usize = 8;

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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Span {
    name: Arc<str>,
    from: Timestamp,
    until: Timestamp,
}

/// Names by who asked and for which address.
#[derive(Clone, Debug)]
pub struct GivenNames {
    limit: usize,
    /// Sorted by name and time; spans of one name lie more than [`RENEWED_WITHIN`] apart.
    spans: HashMap<Asked, Vec<Span>, FixedState>,
    /// Names as messages have them, and as they are shown: many answers have one name.
    taken: HashMap<Box<[u8]>, Arc<str>, FixedState>,
    count: usize,
    refused: u64,
}

impl GivenNames {
    /// Room for `limit` spans.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            spans: HashMap::default(),
            taken: HashMap::default(),
            count: 0,
            refused: 0,
        }
    }

    /// Takes note that a name held from a time on, for so long.
    pub fn insert(&mut self, asked: Asked, name: Name<'_>, from: Timestamp, hold: Duration) {
        let name = self.share(name);
        let spans = self.spans.entry(asked).or_default();
        let before = spans.len();
        let until = from.saturating_add(hold);
        unite(spans, Span { name, from, until });
        if spans.len() > SPANS_PER_ADDRESS {
            drop_first(spans);
            self.refused += 1;
        }
        self.count = self.count + spans.len() - before;
        if self.count > self.limit {
            self.make_room();
        }
        if self.taken.len() > 2 * self.limit {
            self.forget_names();
        }
    }

    /// Forgets the names that did not hold any more at `before`.
    pub fn forget(&mut self, before: Timestamp) {
        for spans in self.spans.values_mut() {
            let count = spans.len();
            spans.retain(|span| span.until >= before);
            self.count -= count - spans.len();
        }
        self.spans.retain(|_, spans| !spans.is_empty());
        self.forget_names();
    }

    /// The names that held for a client and an address at some time from `first` to `last`.
    pub fn during(
        &self,
        asked: Asked,
        first: Timestamp,
        last: Timestamp,
    ) -> impl Iterator<Item = &Arc<str>> {
        let spans = self.spans.get(&asked).map_or(&[][..], Vec::as_slice);
        spans
            .iter()
            .filter(move |span| span.from <= last && first <= span.until)
            .map(|span| &span.name)
    }

    /// Whether a client was ever given a name for an address.
    #[must_use]
    pub fn knows(&self, asked: Asked) -> bool {
        self.spans.contains_key(&asked)
    }

    /// Spans that did not fit.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    fn share(&mut self, name: Name<'_>) -> Arc<str> {
        let mut buffer = [0; WIRE_MAX];
        let octets = name.canonical(&mut buffer);
        if let Some(known) = self.taken.get(octets) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.to_string().into();
        self.taken.insert(octets.into(), Arc::clone(&name));
        name
    }

    /// Drops the spans that ended first.
    fn make_room(&mut self) {
        let mut ends: Vec<(Timestamp, Asked, Timestamp, Arc<str>)> = self
            .spans
            .iter()
            .flat_map(|(asked, spans)| {
                spans
                    .iter()
                    .map(|span| (span.until, *asked, span.from, Arc::clone(&span.name)))
            })
            .collect();
        ends.sort_unstable();
        let dropped = self.count - (self.limit - self.limit / SHARE);
        for (_, asked, from, name) in ends.into_iter().take(dropped) {
            if let Some(spans) = self.spans.get_mut(&asked) {
                spans.retain(|span| (span.from, &span.name) != (from, &name));
            }
        }
        self.spans.retain(|_, spans| !spans.is_empty());
        self.count -= dropped;
        self.refused += dropped as u64;
    }

    /// Forgets the names that no span has any more.
    fn forget_names(&mut self) {
        let spans = self.spans.values().flatten();
        let held: HashSet<&str, FixedState> = spans.map(|span| &*span.name).collect();
        self.taken.retain(|_, name| held.contains(&**name));
    }
}

/// Adds a span, and makes one of those that belong together.
fn unite(spans: &mut Vec<Span>, mut span: Span) {
    if let [known] = spans.as_mut_slice()
        && known.name == span.name
        && !known.is_apart_from(&span)
    {
        // Most addresses have one name.
        known.take(&span);
        return;
    }
    let start = spans.partition_point(|known| known.name < span.name);
    let end = spans.partition_point(|known| known.name <= span.name);
    let same = spans.get(start..end).unwrap_or_default();
    let first = start + same.partition_point(|known| known.ends_before(&span));
    let last = start + same.partition_point(|known| !span.ends_before(known));
    for known in spans.get(first..last).unwrap_or_default() {
        span.take(known);
    }
    spans.splice(first..last, [span]);
}

/// Drops the span that ended first.
fn drop_first(spans: &mut Vec<Span>) {
    let first = (0..spans.len()).min_by_key(|&at| spans.get(at).map(|span| (span.until, at)));
    if let Some(at) = first {
        spans.remove(at);
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
        let mut names = GivenNames::new(limit);
        for &(client, name, from, hold) in answers {
            let len = u8::try_from(name.len()).unwrap();
            let message = [&[len], name.as_bytes(), &[0]].concat();
            let (name, _) = Name::read(&message, 0).unwrap();
            names.insert(asked(client), name, at(from), Duration::from_secs(hold));
        }
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
            names.taken.len() <= 1_400,
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
            prop_assert_eq!(one.count, one.spans.values().map(Vec::len).sum::<usize>());
        }
    }
}
