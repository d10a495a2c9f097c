//! Names as messages spell them, numbered: many answers have one name.
//!
//! In: names out of messages. Out: their numbers, and the text under which they are shown.
//! **Shape** all spellings of a name have its labels in lower case in common; a hash index finds the
//! number of those. A number stands for a name until names are forgotten.

use std::hash::BuildHasher;
use std::sync::Arc;

use crate::dns::name::{Name, WIRE_MAX};
use crate::index::Index;
use crate::keyed::Keyed;
use crate::name;

/// The number of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NameId(u32);

/// Names by number.
#[derive(Clone, Debug)]
pub(super) struct Names {
    hasher: Keyed,
    index: Index,
    numbered: Vec<Numbered>,
}

#[derive(Clone, Debug)]
struct Numbered {
    /// What all its spellings have in common.
    labels: Box<[u8]>,
    shown: Arc<str>,
}

impl Names {
    /// None yet; hashes start from `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self::hashed(Keyed::new(seed))
    }

    /// None, with the same hashes.
    pub(super) fn emptied(&self) -> Self {
        Self::hashed(self.hasher)
    }

    fn hashed(hasher: Keyed) -> Self {
        Self {
            hasher,
            index: Index::default(),
            numbered: Vec::new(),
        }
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.numbered.len()
    }

    /// The number of a name.
    pub(super) fn number(&mut self, name: Name<'_>) -> NameId {
        let mut buffer = [0; WIRE_MAX];
        let labels = name.canonical(&mut buffer);
        self.find(labels)
            .unwrap_or_else(|hash| self.add(hash, labels.into(), shown(name)))
    }

    /// A name as it is shown.
    pub(super) fn shown(&self, NameId(number): NameId) -> Option<&Arc<str>> {
        self.numbered.get(number as usize).map(|name| &name.shown)
    }

    /// The number here of a name that has a number there.
    pub(super) fn take_over(&mut self, there: &Self, id: NameId) -> NameId {
        let Some(Numbered { labels, shown }) = there.numbered.get(id.0 as usize) else {
            return id;
        };
        self.find(labels)
            .unwrap_or_else(|hash| self.add(hash, labels.clone(), Arc::clone(shown)))
    }

    /// The number of these labels, or else their hash.
    fn find(&self, labels: &[u8]) -> Result<NameId, u32> {
        let hash = u32::try_from(self.hasher.hash_one(labels) >> u32::BITS).unwrap_or_default();
        let is_it = |number: u32| {
            let known = self.numbered.get(number as usize);
            known.is_some_and(|known| *known.labels == *labels)
        };
        self.index.find(hash, is_it).map(NameId).ok_or(hash)
    }

    fn add(&mut self, hash: u32, labels: Box<[u8]>, shown: Arc<str>) -> NameId {
        // There are fewer: each was in a message of its own, and they are limited.
        let number = u32::try_from(self.numbered.len()).unwrap_or(u32::MAX);
        self.index.insert(hash, number);
        self.numbered.push(Numbered { labels, shown });
        NameId(number)
    }
}

/// A name for people: octets that are no letters are written as numbers, so it may be cut.
fn shown(name: Name<'_>) -> Arc<str> {
    name::name(&name.to_string()).into()
}
