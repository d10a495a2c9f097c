//! Changes of objects, and their order.
//!
//! In: changes in any order. Out: the changes of one object in the order they happened.
//! **Time** a change without a time is a state seen at an unknown moment: a dump. It is placed
//! behind the timed change its `resourceVersion` follows, else before everything.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cluster::object::Object;
use crate::time::Timestamp;

/// What happened to an object.
///
/// The order of the variants decides between changes of the same time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChangeKind {
    /// It was created, or first seen.
    Added,
    /// It is now so.
    Modified,
    /// It is gone; the object is its last state.
    Deleted,
}

/// A change of one object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// When; `None` for an object of a dump.
    pub time: Option<Timestamp>,
    /// What happened.
    pub kind: ChangeKind,
    /// `metadata.resourceVersion`, where it is a number.
    pub resource_version: Option<u64>,
    /// Its place in its file: the last resort between changes of the same time.
    pub line: u64,
    /// The object after the change.
    pub object: Object,
}

/// A change as the history of its object keeps it; the order of fields is the order of changes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Entry {
    pub(super) time: Option<Timestamp>,
    pub(super) resource_version: Option<u64>,
    pub(super) kind: ChangeKind,
    pub(super) line: u64,
    pub(super) object: Arc<Object>,
}

/// How many changes that repeat a state are kept at its end, where one may yet come in between.
const REPEATED: usize = 16;

/// Leaves out a change that says nothing: it repeats the state before it, as those after it do. A
/// node that reports every few seconds that it is as it was takes no more room in the end than one
/// that does not. Says how many changes were left out.
pub(super) fn leave_out(history: &mut Vec<Entry>) -> usize {
    let Some(start) = history.len().checked_sub(REPEATED + 2) else {
        return 0;
    };
    let run = history.get(start..).unwrap_or_default();
    let repeats = run.iter().all(|entry| entry.kind != ChangeKind::Deleted)
        && run.windows(2).all(|pair| match pair {
            [one, next] => Arc::ptr_eq(&one.object, &next.object) && one < next,
            _ => false,
        });
    if repeats {
        history.remove(start + 1);
    }
    usize::from(repeats)
}

/// Forgets the states that others had replaced at `before`, and what was deleted by then. Says how
/// many records the history is less.
pub(super) fn forget(history: &mut Vec<Entry>, before: Timestamp) -> usize {
    let is_old = |entry: &Entry| entry.time.unwrap_or(Timestamp::MIN) < before;
    if !history.iter().any(is_old) {
        return 0;
    }
    let records = records(history);
    let mut placed = history.clone();
    place_dumps(&mut placed);
    // Where a dump stands may change with what is told later: it stays without a time.
    let own_times = history.drain(..).map(|entry| entry.time);
    let mut placed: Vec<(Entry, Option<Timestamp>)> = placed.into_iter().zip(own_times).collect();
    placed.sort_unstable();
    let mut replaced: BTreeSet<Option<Arc<str>>> = BTreeSet::new();
    let mut kept: Vec<Entry> = Vec::with_capacity(placed.len());
    for (entry, own_time) in placed.into_iter().rev() {
        // A pod's end says nothing of the next one of its name.
        let is_last = !is_old(&entry) || replaced.insert(uid(&entry.object));
        if is_last && !(is_old(&entry) && entry.kind == ChangeKind::Deleted) {
            kept.push(Entry {
                time: own_time,
                ..entry
            });
        }
    }
    kept.reverse();
    *history = kept;
    records - self::records(history)
}

/// The records of a history: a state that repeats the one before is one.
fn records(history: &[Entry]) -> usize {
    let mut before: Option<&Arc<Object>> = None;
    let records = history.iter().map(|entry| {
        let repeats = before.is_some_and(|before| Arc::ptr_eq(before, &entry.object));
        before = Some(&entry.object);
        if repeats { 1 } else { entry.object.records() }
    });
    records.sum()
}

fn uid(object: &Object) -> Option<Arc<str>> {
    match object {
        Object::Pod(pod) => pod.uid.clone(),
        Object::Service(_)
        | Object::EndpointSlice(_)
        | Object::Node(_)
        | Object::Namespace(_)
        | Object::ReplicaSet(_)
        | Object::Job(_)
        | Object::AddressRange(_) => None,
    }
}

/// All changes of one object, in order.
pub(super) fn in_order(entries: &[Entry]) -> Vec<Entry> {
    let mut ordered = entries.to_vec();
    if entries.iter().any(|entry| entry.time.is_some()) {
        place_dumps(&mut ordered);
    }
    ordered.sort_unstable();
    ordered.dedup();
    ordered
}

/// Gives each untimed entry the time of the latest timed one that its version does not precede.
fn place_dumps(entries: &mut [Entry]) {
    let mut known: Vec<(u64, Timestamp)> = entries
        .iter()
        .filter_map(|entry| Some((entry.resource_version?, entry.time?)))
        .collect();
    known.sort_unstable();
    let mut latest = Timestamp::MIN;
    for (_, time) in &mut known {
        latest = latest.max(*time);
        *time = latest;
    }
    for entry in entries.iter_mut().filter(|entry| entry.time.is_none()) {
        let Some(version) = entry.resource_version else {
            continue;
        };
        let before = known.partition_point(|(other, _)| *other <= version);
        entry.time = before
            .checked_sub(1)
            .and_then(|last| known.get(last))
            .map(|(_, time)| *time);
    }
}
