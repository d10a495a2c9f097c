//! What queries work out of a snapshot once and keep with it, as long as it lives.
//!
//! **Shape** some octets for each flow: what was asked for longest ago goes. Nothing is kept before
//! the second query: a snapshot that is asked once costs no more than its answer. A copy of a
//! snapshot begins with nothing.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is kept of a snapshot with few flows takes no more octets than these, …
const OCTETS_MIN: usize = 4 << 20;
/// … and of others these for each flow more: what the calls of tools without arguments are made of
/// takes about a hundred.
const OCTETS_A_FLOW: usize = 160;

/// A thing that may be kept.
pub trait Keep: Any + Send + Sync {
    /// How many octets it takes, about.
    fn octets(&self) -> usize;
}

/// The place for it.
#[derive(Default)]
pub struct Kept {
    asked: AtomicBool,
    octets_max: usize,
    things: Mutex<Things>,
}

/// Things, the one that was asked for last at the end.
type Things = Vec<Thing>;

struct Thing {
    octets: usize,
    thing: Arc<dyn Any + Send + Sync>,
}

impl Kept {
    /// Nothing yet, of a snapshot of so many flows.
    #[must_use]
    pub fn new(flows: usize) -> Self {
        Self {
            octets_max: flows
                .saturating_mul(OCTETS_A_FLOW)
                .saturating_add(OCTETS_MIN),
            ..Self::default()
        }
    }

    /// The `T` that is kept and fits.
    pub fn get<T: Keep>(&self, fits: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let mut things = self.lock();
        let is_it = |known: &Thing| known.thing.downcast_ref().is_some_and(&fits);
        let place = things.iter().position(is_it)?;
        let known = things.remove(place);
        let found = Arc::clone(&known.thing).downcast().ok();
        things.push(known);
        found
    }

    /// Makes a thing and keeps it, if there is room; the first time nothing is made.
    pub fn keep<T: Keep>(&self, make: impl FnOnce() -> T) -> Option<Arc<T>> {
        if !self.asked.swap(true, Ordering::Relaxed) {
            return None;
        }
        // Others need not wait while it is made; who makes it at the same time makes the same.
        let new = Arc::new(make());
        let octets = new.octets();
        if octets <= self.octets_max {
            let thing = Arc::<T>::clone(&new);
            let gone = self.put(Thing { octets, thing });
            // Freeing a large thing takes a while: not under the lock.
            drop(gone);
        }
        Some(new)
    }

    /// What is kept and fits, else what is made now; `None` the first time.
    pub fn get_or_make<T: Keep>(
        &self,
        fits: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Option<Arc<T>> {
        self.get(fits).or_else(|| self.keep(make))
    }

    /// Takes a thing in, for which others go that were asked for longest ago.
    fn put(&self, new: Thing) -> Things {
        let mut things = self.lock();
        things.push(new);
        let mut octets = 0_usize;
        let stays = |thing: &&Thing| {
            octets = octets.saturating_add(thing.octets);
            octets <= self.octets_max
        };
        let staying = things.iter().rev().take_while(stays).count();
        let going = things.len() - staying;
        things.drain(..going).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Things> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self {
            octets_max: self.octets_max,
            ..Self::default()
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thing with a name that takes so many MiB.
    struct Large(char, usize);

    impl Keep for Large {
        fn octets(&self) -> usize {
            self.1 << 20
        }
    }

    fn names(kept: &Kept) -> String {
        let has = |name: &char| {
            kept.lock().iter().any(|known| {
                known
                    .thing
                    .downcast_ref()
                    .is_some_and(|Large(known, _)| known == name)
            })
        };
        ('a'..='z').filter(has).collect()
    }

    #[test]
    fn what_was_asked_for_longest_ago_goes_and_what_is_too_large_is_not_kept() {
        let kept = Kept::new(0);
        assert!(kept.keep(|| Large('a', 1)).is_none(), "the first query");
        for (new, octets, expected) in [
            ('a', 1, "a"),
            ('b', 1, "ab"),
            ('c', 2, "abc"),
            ('d', 1, "acd"),
            ('e', 5, "acd"),
            ('f', 4, "f"),
        ] {
            assert!(kept.keep(|| Large(new, octets)).is_some());
            assert_eq!(names(&kept), expected, "after {new}");
            // What is asked for is no longer what goes first.
            kept.get(|known: &Large| known.0 == 'a');
        }
        assert_eq!(names(&kept.clone()), "", "of a copy");
        assert!(kept.clone().octets_max == kept.octets_max);
    }
}
