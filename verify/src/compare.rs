//! Two answers of one query: what changed between them.
//!
//! In: the accepted rows and those of now. Out: [`Change`]s, in the order of the accepted rows,
//! then of the new ones.
//! **Shape** rows are the same by who they are of, with names and addresses; else by their
//! addresses alone (a name was resolved differently); else by their names alone (an address
//! changed). What is left is gone, or appeared.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use crate::answer::{Answer, Rows};
use crate::compare::fields::differences;
use crate::compare::identity::{Likeness, key};
use crate::expect::field::Tolerances;

pub mod fields;
mod identity;

/// One thing that changed.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// There was no such row.
    Appeared(Value),
    /// There is no such row any more.
    Gone(Value),
    /// A row has other names, or another address, and perhaps other counts.
    Renamed {
        /// As it was.
        was: Value,
        /// As it is.
        is: Value,
        /// What else differs.
        fields: Vec<FieldChange>,
    },
    /// A row has other counts.
    Moved {
        /// As it is.
        row: Value,
        /// What differs.
        fields: Vec<FieldChange>,
    },
    /// Nothing but the number of rows that match differs.
    Total {
        /// As it was.
        was: usize,
        /// As it is.
        is: usize,
    },
    /// No answer was accepted yet.
    NotAccepted {
        /// How many rows match now.
        rows: usize,
    },
    /// An answer was accepted that no query asks for.
    NotAsked,
}

/// A field that differs.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldChange {
    /// The way to it.
    pub path: String,
    /// As it was; `None` where it was not.
    pub was: Option<Value>,
    /// As it is; `None` where it is not.
    pub is: Option<Value>,
}

/// What changed.
#[must_use]
pub fn compare(was: &Answer, is: &Answer, tolerances: &Tolerances) -> Vec<Change> {
    let changes = match (&was.rows, &is.rows) {
        (Rows::Lines(old), Rows::Lines(new)) => rows(old, new, tolerances),
        (Rows::Object(old), Rows::Object(new)) => moved(old, new, tolerances).into_iter().collect(),
        (Rows::Lines(_), Rows::Object(new)) => vec![Change::Appeared(new.clone())],
        (Rows::Object(old), Rows::Lines(_)) => vec![Change::Gone(old.clone())],
    };
    if changes.is_empty() && was.total != is.total {
        return vec![Change::Total {
            was: was.total,
            is: is.total,
        }];
    }
    changes
}

fn rows(old: &[Value], new: &[Value], tolerances: &Tolerances) -> Vec<Change> {
    let mut pairs: Vec<Option<usize>> = vec![None; old.len()];
    let mut taken = vec![false; new.len()];
    for likeness in Likeness::ALL {
        pair(old, new, likeness, &mut pairs, &mut taken);
    }
    let mut changes = Vec::new();
    for (was, found) in old.iter().zip(&pairs) {
        match found.and_then(|number| new.get(number)) {
            None => changes.push(Change::Gone(was.clone())),
            Some(is) => changes.extend(changed(was, is, tolerances)),
        }
    }
    let left = new.iter().zip(&taken).filter(|(_, taken)| !**taken);
    changes.extend(left.map(|(row, _)| Change::Appeared(row.clone())));
    changes
}

/// Finds for each old row that has none the first new one that is like it.
fn pair(
    old: &[Value],
    new: &[Value],
    likeness: Likeness,
    pairs: &mut [Option<usize>],
    taken: &mut [bool],
) {
    let mut free: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    for (number, (row, taken)) in new.iter().zip(taken.iter()).enumerate() {
        if !*taken && let Some(key) = key(row, likeness) {
            free.entry(key).or_default().push_back(number);
        }
    }
    for (row, pair) in old.iter().zip(pairs).filter(|(_, pair)| pair.is_none()) {
        let found = key(row, likeness).and_then(|key| free.get_mut(&key)?.pop_front());
        if let Some(slot) = found.and_then(|number| taken.get_mut(number)) {
            *slot = true;
            *pair = found;
        }
    }
}

fn changed(was: &Value, is: &Value, tolerances: &Tolerances) -> Option<Change> {
    if key(was, Likeness::Whole) == key(is, Likeness::Whole) {
        return moved(was, is, tolerances);
    }
    Some(Change::Renamed {
        was: was.clone(),
        is: is.clone(),
        fields: differences(was, is, tolerances),
    })
}

fn moved(was: &Value, is: &Value, tolerances: &Tolerances) -> Option<Change> {
    let fields = differences(was, is, tolerances);
    (!fields.is_empty()).then(|| Change::Moved {
        row: is.clone(),
        fields,
    })
}

#[cfg(test)]
mod tests;
