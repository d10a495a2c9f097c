//! Versions of an object other than a pod: how it was, and for how long.
//!
//! In: the changes of one object, in order. Out: its versions with disjoint spans in order.
//! **Time** the first version is valid from the object's creation, else from the moment it was
//! added, else from the beginning; a later one from its change on.

use crate::cluster::change::{ChangeKind, Entry};
use crate::cluster::object::Object;
use crate::cluster::span::Span;
use crate::time::Timestamp;

/// An object as it was for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version<'a> {
    pub(super) span: Span,
    pub(super) object: &'a Object,
}

/// The versions behind the changes of one object.
pub(super) fn versions(changes: &[Entry]) -> Vec<Version<'_>> {
    let mut versions: Vec<Version<'_>> = Vec::new();
    let mut alive: Option<&Object> = None;
    for (place, change) in changes.iter().enumerate() {
        let object = &*change.object;
        let now = change.time.unwrap_or(Timestamp::MIN);
        match change.kind {
            ChangeKind::Added | ChangeKind::Modified => {
                let goes_on = alive.is_some_and(|known| known.created() == object.created());
                let from = if goes_on { now } else { beginning(change) };
                end_last(&mut versions, from);
                versions.push(Version {
                    span: since(from),
                    object,
                });
                alive = Some(object);
            }
            ChangeKind::Deleted => {
                if place == 0 {
                    versions.push(Version {
                        span: since(beginning(change)),
                        object,
                    });
                }
                end_last(&mut versions, now);
                alive = None;
            }
        }
    }
    versions
}

/// When an object that this change shows first began.
fn beginning(change: &Entry) -> Timestamp {
    let added = match change.kind {
        ChangeKind::Added => change.time,
        ChangeKind::Modified | ChangeKind::Deleted => None,
    };
    change.object.created().or(added).unwrap_or(Timestamp::MIN)
}

fn since(from: Timestamp) -> Span {
    Span {
        from,
        until: Timestamp::MAX,
    }
}

/// Ends the versions so far; one that began no earlier than its end never was.
fn end_last(versions: &mut Vec<Version<'_>>, end: Timestamp) {
    while versions.pop_if(|last| last.span.from >= end).is_some() {}
    if let Some(last) = versions.last_mut() {
        last.span.until = last.span.until.min(end);
    }
}
