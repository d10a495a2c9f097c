//! Forms: what is left of a five-tuple when its client's port is folded away.
//!
//! A translated connection has one form before and one after, or more. **Shape** sets of forms are
//! numbered, because a leg's key has room for a number: clients have many connections to few
//! services with few backends.

use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::connection::TwinId;
use crate::endpoint::Endpoint;
use crate::keyed::Keyed;

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
    numbers: HashMap<Forms, TwinId, Keyed>,
    /// By their numbers, less one.
    sets: Vec<Option<Forms>>,
    /// Numbers that no set has any more, the next one to be given last.
    vacant: Vec<TwinId>,
    refused: u64,
}

impl FormSets {
    /// Room for `limit` sets.
    #[must_use]
    pub fn new(limit: usize, seed: u64) -> Self {
        Self {
            limit,
            numbers: HashMap::with_hasher(Keyed::new(seed)),
            sets: Vec::new(),
            vacant: Vec::new(),
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
        if let Some(set) = self.sets.get_mut(place_of(number)) {
            *set = Some(Arc::clone(&forms));
        }
        self.numbers.insert(forms, number);
        number
    }

    /// Keeps the sets of these numbers only; the others' are given anew.
    pub fn keep(&mut self, used: impl Iterator<Item = TwinId>) {
        let mut is_used = vec![false; self.sets.len()];
        for twin in used {
            if let Some(is_used) = is_used.get_mut(place_of(twin)) {
                *is_used = true;
            }
        }
        let unused = (1..).map(TwinId::new).zip(&mut self.sets).zip(is_used);
        for ((twin, set), _) in unused.filter(|(_, is_used)| !is_used) {
            if let Some(forms) = set.take() {
                self.numbers.remove(&forms);
                self.vacant.push(twin);
            }
        }
    }

    /// The forms of a set.
    #[must_use]
    pub fn get(&self, twin: TwinId) -> Option<&Forms> {
        self.sets.get(place_of(twin))?.as_ref()
    }

    /// How many sets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Sets that did not fit.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// A number that no set has, with a place for its set.
    fn next(&mut self) -> Option<TwinId> {
        if let Some(vacant) = self.vacant.pop() {
            return Some(vacant);
        }
        let number = u32::try_from(self.sets.len() + 1).ok()?;
        if self.sets.len() >= self.limit {
            return None;
        }
        self.sets.push(None);
        Some(TwinId::new(number))
    }
}

/// Where the set of a number is; none has the greatest place.
fn place_of(twin: TwinId) -> usize {
    twin.number()
        .checked_sub(1)
        .map_or(usize::MAX, |place| place as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(sets: &mut FormSets, last: u8) -> TwinId {
        let form = |port| Form {
            client: [10, 0, 0, last].into(),
            server: Endpoint {
                address: [10, 0, 1, 1].into(),
                port,
            },
        };
        sets.number([form(80), form(8080)])
    }

    #[test]
    fn the_number_of_a_set_that_nothing_uses_is_given_anew() {
        let mut sets = FormSets::new(3, 0);
        let [one, two, three] = [1, 2, 3].map(|last| set(&mut sets, last));
        assert_eq!(set(&mut sets, 4), TwinId::NONE, "there is no room");
        sets.keep([two, TwinId::NONE].into_iter());
        assert_eq!(
            (sets.len(), sets.get(one), sets.get(three)),
            (1, None, None)
        );
        assert_eq!(set(&mut sets, 2), two);
        assert_eq!(set(&mut sets, 4), three);
        assert!(sets.get(three).is_some_and(|forms| forms.len() == 2));
        assert_eq!((sets.len(), sets.refused()), (2, 1));
    }
}
