//! Eras: spans of time within which neither address of a connection changes its owner.
//!
//! **Shape** equal eras share one number, so that a connection carries four octets; most are of
//! all time, whose number is known without a look. **Time** an era holds its first moment and not
//! its last.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::time::Timestamp;

/// From a moment until before another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Era {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it; the end of time when there is none.
    pub until: Timestamp,
}

impl Era {
    /// All of time.
    pub const ALL: Self = Self {
        from: Timestamp::MIN,
        until: Timestamp::MAX,
    };

    /// Whether a moment is in it.
    #[must_use]
    pub fn holds(&self, time: Timestamp) -> bool {
        self.from <= time && !self.is_past(time)
    }

    /// Whether it has ended by `now`.
    #[must_use]
    pub fn is_past(&self, now: Timestamp) -> bool {
        self.until <= now && self.until != Timestamp::MAX
    }

    /// What is in both.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            until: self.until.min(other.until),
        }
    }
}

/// Number of an era among [`Eras`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EraId(u32);

impl EraId {
    /// All of time.
    pub const ALL: Self = Self(0);
}

/// The eras in use, numbered.
#[derive(Clone, Debug, Default)]
pub struct Eras {
    /// Those but [`Era::ALL`], by their numbers less one.
    eras: Vec<Era>,
    ids: HashMap<Era, EraId, FixedState>,
}

impl Eras {
    /// The era behind a number.
    #[inline]
    #[must_use]
    pub fn get(&self, id: EraId) -> Era {
        match id.0.checked_sub(1) {
            None => Era::ALL,
            Some(place) => self.eras.get(place as usize).copied().unwrap_or(Era::ALL),
        }
    }

    /// The number of an era; beyond `u32::MAX` of them it is that of all time.
    pub fn intern(&mut self, era: Era) -> EraId {
        if era == Era::ALL {
            return EraId::ALL;
        }
        if let Some(id) = self.ids.get(&era) {
            return *id;
        }
        let Ok(next) = u32::try_from(self.eras.len() + 1) else {
            return EraId::ALL;
        };
        self.eras.push(era);
        self.ids.insert(era, EraId(next));
        EraId(next)
    }

    /// How many there are beside all of time.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.eras.len()
    }

    /// Whether all of time is the only one.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.eras.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn era(from: u64, until: u64) -> Era {
        Era {
            from: Timestamp::from_nanos(from),
            until: Timestamp::from_nanos(until),
        }
    }

    #[test]
    fn equal_eras_have_one_number() {
        let mut eras = Eras::default();
        let ids = [era(1, 5), era(5, 9), era(1, 5), Era::ALL].map(|era| eras.intern(era));
        assert_eq!(ids[0], ids[2]);
        assert_ne!(ids[0], ids[1]);
        assert_eq!(ids[3], EraId::ALL);
        assert_eq!(
            ids.map(|id| eras.get(id)),
            [era(1, 5), era(5, 9), era(1, 5), Era::ALL]
        );
        assert_eq!(eras.len(), 2);
    }

    #[test]
    fn an_era_holds_its_first_moment_and_not_its_last() {
        let at = Timestamp::from_nanos;
        let era = era(1, 5);
        assert_eq!(
            [0, 1, 4, 5].map(|t| era.holds(at(t))),
            [false, true, true, false]
        );
        assert_eq!([4, 5].map(|t| era.is_past(at(t))), [false, true]);
        assert!(Era::ALL.holds(Timestamp::MAX), "all of time has no end");
    }
}
