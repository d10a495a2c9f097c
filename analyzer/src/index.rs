//! A hash index: from the hash of a key to the number of its record.
//!
//! In: hashes of 32 bits and numbers. Out: numbers of records of that hash; whether it is the key's
//! record, the caller looks.
//! **Shape** open addressing, one cell after the other, eight octets each, at most three of four
//! taken. A look-up reads one line of a cache, which can be fetched ahead. Removing closes the gap,
//! so that look-ups stay short however many come and go.

use crate::prefetch::prefetch;

/// The first cells.
const SMALLEST: usize = 16;

/// Where the records of keys are.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// None, or a power of two.
    cells: Vec<Cell>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    hash: u32,
    /// [`NOTHING`] in an empty cell.
    number: u32,
}

const _: () = assert!(size_of::<Cell>() == 8);

/// No record has this number.
const NOTHING: u32 = u32::MAX;
const EMPTY: Cell = Cell {
    hash: 0,
    number: NOTHING,
};

impl Index {
    /// How many records there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fetches what a look-up of `hash` will read.
    #[inline]
    pub fn fetch(&self, hash: u32) {
        if let Some(cell) = self.cells.get(self.home(hash)) {
            prefetch(cell);
        }
    }

    /// The record of this hash for which `is_it` holds.
    #[inline]
    pub fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let cell = self.cell(at);
            if cell.number == NOTHING {
                return None;
            }
            if cell.hash == hash && is_it(cell.number) {
                return Some(cell.number);
            }
            at = self.after(at);
        }
    }

    /// All records whose hashes have these lowest bits, at least as many as say where the search
    /// begins: else some are not found.
    pub fn alike(&self, hash: u32, bits: u32) -> impl Iterator<Item = u32> {
        let mut at = self.home(hash);
        std::iter::from_fn(move || {
            loop {
                let cell = self.cell(at);
                if cell.number == NOTHING {
                    return None;
                }
                at = self.after(at);
                if (cell.hash ^ hash) & bits == 0 {
                    return Some(cell.number);
                }
            }
        })
    }

    /// All records of this hash.
    pub fn all(&self, hash: u32) -> impl Iterator<Item = u32> {
        self.alike(hash, u32::MAX)
    }

    /// Adds a record that is not there yet.
    pub fn insert(&mut self, hash: u32, number: u32) {
        if (self.len + 1) * 4 > self.cells.len() * 3 {
            self.grow();
        }
        self.len += 1;
        self.put(Cell { hash, number });
    }

    /// Removes a record.
    pub fn remove(&mut self, hash: u32, number: u32) {
        let mut gap = self.home(hash);
        while self.cell(gap).number != number {
            if self.cell(gap).number == NOTHING {
                return;
            }
            gap = self.after(gap);
        }
        self.len -= 1;
        let mut at = self.after(gap);
        while self.cell(at).number != NOTHING {
            // A cell that is as far from its home as the gap, or farther, may move there.
            let (from_home, from_gap) = (
                at.wrapping_sub(self.home(self.cell(at).hash)),
                at.wrapping_sub(gap),
            );
            if from_home & self.mask() >= from_gap & self.mask() {
                self.set(gap, self.cell(at));
                gap = at;
            }
            at = self.after(at);
        }
        self.set(gap, EMPTY);
    }

    fn grow(&mut self) {
        let size = (self.cells.len() * 2).max(SMALLEST);
        let before = std::mem::replace(&mut self.cells, vec![EMPTY; size]);
        for cell in before.into_iter().filter(|cell| cell.number != NOTHING) {
            self.put(cell);
        }
    }

    fn put(&mut self, cell: Cell) {
        let mut at = self.home(cell.hash);
        while self.cell(at).number != NOTHING {
            at = self.after(at);
        }
        self.set(at, cell);
    }

    #[inline]
    const fn mask(&self) -> usize {
        self.cells.len().wrapping_sub(1)
    }

    #[inline]
    const fn home(&self, hash: u32) -> usize {
        hash as usize & self.mask()
    }

    #[inline]
    const fn after(&self, at: usize) -> usize {
        (at + 1) & self.mask()
    }

    /// The cell at a place; an index without cells is empty everywhere.
    #[inline]
    fn cell(&self, at: usize) -> Cell {
        self.cells.get(at).copied().unwrap_or(EMPTY)
    }

    #[inline]
    fn set(&mut self, at: usize, cell: Cell) {
        if let Some(place) = self.cells.get_mut(at) {
            *place = cell;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        // Few hashes, so that many collide and runs wrap around the end.
        #[test]
        fn it_holds_what_was_inserted_and_not_removed(
            steps in prop::collection::vec((any::<bool>(), 0..400_u32), 0..600), spread in 1..40_u32,
        ) {
            let (mut index, mut expected) = (Index::default(), BTreeMap::new());
            for (adds, number) in steps {
                let hash = (number % spread).wrapping_mul(u32::MAX / 13);
                if adds && expected.insert(number, hash).is_none() {
                    index.insert(hash, number);
                } else if !adds {
                    expected.remove(&number);
                    index.remove(hash, number);
                }
                prop_assert_eq!(index.len(), expected.len());
            }
            for number in 0..400 {
                let hash = (number % spread).wrapping_mul(u32::MAX / 13);
                let found = index.find(hash, |other| other == number);
                prop_assert_eq!(found, expected.contains_key(&number).then_some(number));
                let of_hash = expected.iter().filter(|(_, other)| **other == hash);
                let mut all: Vec<u32> = index.all(hash).collect();
                all.sort_unstable();
                prop_assert_eq!(all, of_hash.map(|(number, _)| *number).collect::<Vec<_>>());
            }
        }
    }
}
