//! Forms: what is left of a five-tuple when its client's port is folded away.
//!
//! A translated connection has one form before and one after, or more. **Shape** sets of forms are
//! numbered, because a leg's key has room for a number: clients have many connections to few
//! services with few backends.

use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::connection::TwinId;
use crate::endpoint::Endpoint;

/// Who asks and who answers, as the packets at one place say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Form {
    /// The client's address.
    pub client: IpAddr,
    /// The server's endpoint.
    pub server: Endpoint,
}

/// The forms of some connections, in order, at least two.
pub type Forms = Arc<[Form]>;

/// The sets of forms that were found.
#[derive(Clone)]
pub struct FormSets {
    limit: usize,
    numbers: HashMap<Forms, TwinId, FixedState>,
    sets: Vec<Forms>,
    refused: u64,
}

impl FormSets {
    /// Room for `limit` sets.
    #[must_use]
    pub fn new(limit: usize, seed: u64) -> Self {
        Self {
            limit,
            numbers: HashMap::with_hasher(FixedState::with_seed(seed)),
            sets: Vec::new(),
            refused: 0,
        }
    }

    /// The number of a set; none when it has but one form, or there is no room.
    pub fn number(&mut self, forms: impl IntoIterator<Item = Form>) -> TwinId {
        let mut forms: Vec<Form> = forms.into_iter().collect();
        forms.sort_unstable();
        forms.dedup();
        if forms.len() < 2 {
            return TwinId::NONE;
        }
        if let Some(known) = self.numbers.get(forms.as_slice()) {
            return *known;
        }
        let Some(number) = self.next() else {
            self.refused += 1;
            return TwinId::NONE;
        };
        let forms = Forms::from(forms);
        self.sets.push(Arc::clone(&forms));
        self.numbers.insert(forms, number);
        number
    }

    /// The forms of a set.
    #[must_use]
    pub fn get(&self, twin: TwinId) -> Option<&Forms> {
        let place = twin.number().checked_sub(1)?;
        self.sets.get(place as usize)
    }

    /// How many sets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Sets that did not fit.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    fn next(&self) -> Option<TwinId> {
        let number = u32::try_from(self.sets.len() + 1).ok()?;
        (self.sets.len() < self.limit).then_some(TwinId::new(number))
    }
}
