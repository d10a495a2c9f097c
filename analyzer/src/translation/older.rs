//! Connections that were open before the capture began, seen on both sides of a translation.
//!
//! In: pairs of five-tuples that showed the same segment with data. Out: those that showed two.
//! **Shape** ordered and limited; nobody keeps both ports but legs whose opening was not seen, so
//! these pairs wait for a snapshot to look them up.

use std::collections::BTreeMap;

use crate::connection::ConnectionKey;
use crate::endpoint::{Endpoint, Side};
use crate::time::Timestamp;
use crate::translation::clue::{DataClue, Shown};
use crate::translation::form::Form;

/// A TCP five-tuple, the smaller endpoint first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FiveTuple {
    /// The smaller endpoint.
    pub low: Endpoint,
    /// The greater endpoint.
    pub high: Endpoint,
}

impl From<&ConnectionKey> for FiveTuple {
    fn from(key: &ConnectionKey) -> Self {
        let &ConnectionKey { low, high, .. } = key;
        Self { low, high }
    }
}

/// How much speaks for a pair.
#[derive(Clone, Copy)]
enum Proof {
    /// One segment: it may be chance.
    One(DataClue),
    /// Two different ones.
    Two,
}

impl Proof {
    fn is_of(&self, clue: DataClue) -> bool {
        matches!(self, Self::One(first) if *first == clue)
    }
}

impl FiveTuple {
    /// The form of the five-tuple whose client is at `side`.
    #[must_use]
    pub const fn form(&self, client: Side) -> Form {
        let (client, server) = match client {
            Side::Low => (self.low, self.high),
            Side::High => (self.high, self.low),
        };
        Form {
            client: client.address,
            server,
        }
    }

    /// The side of an endpoint that is one of the two.
    #[must_use]
    pub fn side_of(&self, endpoint: Endpoint) -> Option<Side> {
        match endpoint {
            low if low == self.low => Some(Side::Low),
            high if high == self.high => Some(Side::High),
            _ => None,
        }
    }
}

/// Pairs of five-tuples that may be one connection.
#[derive(Clone)]
pub(super) struct Older {
    limit: usize,
    pairs: BTreeMap<(FiveTuple, FiveTuple), (Proof, Timestamp)>,
    refused: u64,
}

impl Older {
    /// Room for `limit` pairs.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            pairs: BTreeMap::new(),
            refused: 0,
        }
    }

    /// Takes note that two five-tuples showed the same segment: translated at one end, they share
    /// the other. When it is the second segment, they are one connection.
    pub(super) fn note(&mut self, a: &Shown, b: &Shown, clue: DataClue) -> Option<[FiveTuple; 2]> {
        if (a.source() == b.source()) == (a.destination() == b.destination()) {
            return None;
        }
        let time = a.time.max(b.time);
        let (a, b) = (FiveTuple::from(&a.key), FiveTuple::from(&b.key));
        self.note_pair((a.min(b), a.max(b)), clue, time)
    }

    fn note_pair(
        &mut self,
        pair: (FiveTuple, FiveTuple),
        clue: DataClue,
        time: Timestamp,
    ) -> Option<[FiveTuple; 2]> {
        let has_room = self.pairs.len() < self.limit;
        match self.pairs.get_mut(&pair) {
            Some((proof, shown)) => {
                *shown = time.max(*shown);
                if matches!(proof, Proof::One(_)) && !proof.is_of(clue) {
                    *proof = Proof::Two;
                    return Some(pair.into());
                }
            }
            None if has_room => {
                self.pairs.insert(pair, (Proof::One(clue), time));
            }
            None => self.refused += 1,
        }
        None
    }

    /// Forgets the pairs that nobody has shown since `before`.
    pub(super) fn forget(&mut self, before: Timestamp) {
        self.pairs.retain(|_, (_, shown)| *shown >= before);
    }

    /// The pairs that two segments speak for, in order.
    pub(super) fn proven(&self) -> impl Iterator<Item = (FiveTuple, FiveTuple)> {
        let pairs = self.pairs.iter();
        pairs
            .filter(|(_, (proof, _))| matches!(proof, Proof::Two))
            .map(|(pair, _)| *pair)
    }

    /// Segments of pairs that did not fit.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }
}
