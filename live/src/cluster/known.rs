//! The objects of one resource that are there, as far as was shown.
//!
//! In: lists and watch events. Out: what happened, with nothing twice: a list or a heartbeat that
//! repeats what is known says nothing, and what a list leaves out is gone.
//! **Shape** the last state of each object is kept as text, trimmed and without its version: whoever
//! is told that it is gone is told what it was.

use std::collections::{BTreeMap, BTreeSet};

use analyzer::cluster::change::ChangeKind;
use objects::watched::{ObjectName, WatchedObject};

/// Something that happened to an object.
pub(super) type Happening = (ChangeKind, WatchedObject);

/// The objects of one resource.
#[derive(Debug, Default)]
pub(super) struct Known {
    objects: BTreeMap<ObjectName, State>,
    /// Those shown by the list that is being read.
    listed: BTreeSet<ObjectName>,
}

/// An object as it was last shown.
#[derive(PartialEq, Eq, Debug)]
struct State {
    uid: Option<String>,
    json: Box<str>,
}

impl Known {
    /// A list begins.
    pub(super) fn list_begins(&mut self) {
        self.listed.clear();
    }

    /// The list shows an object.
    pub(super) fn list_shows(&mut self, object: WatchedObject) -> Vec<Happening> {
        self.listed.insert(object.name());
        self.applied(object)
    }

    /// The list was whole: what it did not show is gone.
    pub(super) fn list_ends(&mut self) -> Vec<Happening> {
        let listed = std::mem::take(&mut self.listed);
        let mut gone = Vec::new();
        self.objects.retain(|name, state| {
            let stays = listed.contains(name);
            if !stays {
                gone.extend(state.deleted());
            }
            stays
        });
        gone
    }

    /// An object is now so.
    pub(super) fn applied(&mut self, object: WatchedObject) -> Vec<Happening> {
        let state = State::of(&object);
        let known = self.objects.get(&object.name());
        if known.is_some_and(|known| *known == state) {
            return Vec::new();
        }
        let uid = state.uid.clone();
        let Some(before) = self.objects.insert(object.name(), state) else {
            return vec![(ChangeKind::Added, object)];
        };
        if before.uid != uid {
            // Another one of the same name: the end of the first was not shown.
            return before
                .deleted()
                .into_iter()
                .chain([(ChangeKind::Added, object)])
                .collect();
        }
        vec![(ChangeKind::Modified, object)]
    }

    /// An object is gone.
    pub(super) fn deleted(&mut self, object: WatchedObject) -> Vec<Happening> {
        let name = object.name();
        self.objects.remove(&name);
        self.listed.remove(&name);
        vec![(ChangeKind::Deleted, object)]
    }
}

impl State {
    fn of(object: &WatchedObject) -> Self {
        Self {
            uid: object.metadata("uid"),
            json: object.without_version().to_json().into(),
        }
    }

    fn deleted(&self) -> Option<Happening> {
        let object = WatchedObject::from_json(&self.json)?;
        Some((ChangeKind::Deleted, object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name uid version address`, as an object.
    fn object(text: &str) -> WatchedObject {
        let words: Vec<&str> = text.split(' ').collect();
        let json = format!(
            r#"{{"metadata":{{"name":"{}","namespace":"shop","uid":"{}","resourceVersion":"{}"}},
                "status":{{"podIP":"{}"}}}}"#,
            words[0], words[1], words[2], words[3]
        );
        WatchedObject::from_json(&json).unwrap()
    }

    /// What happened, a line each.
    fn told(happenings: &[Happening]) -> Vec<String> {
        happenings
            .iter()
            .map(|(kind, object)| {
                let name = object.name().name;
                format!("{kind:?} {name} {}", object.metadata("uid").unwrap())
            })
            .collect()
    }

    fn list(known: &mut Known, objects: &[&str]) -> Vec<String> {
        known.list_begins();
        let mut all = Vec::new();
        for text in objects {
            all.extend(known.list_shows(object(text)));
        }
        all.extend(known.list_ends());
        told(&all)
    }

    #[test]
    fn a_list_says_what_differs_from_what_is_known() {
        let mut known = Known::default();
        let first = ["cart u1 1 a", "web u2 2 b", "pay u3 3 c"];
        let told = list(&mut known, &first);
        assert_eq!(told, ["Added cart u1", "Added web u2", "Added pay u3"]);
        let next = ["cart u1 1 a", "web u2 5 x", "new u4 6 d"];
        let told = list(&mut known, &next);
        assert_eq!(told, ["Modified web u2", "Added new u4", "Deleted pay u3"]);
        assert!(list(&mut known, &next).is_empty());
    }

    #[test]
    fn another_object_of_a_name_ends_the_first() {
        let mut known = Known::default();
        list(&mut known, &["cart u1 1 a"]);
        let told = list(&mut known, &["cart u9 7 a"]);
        assert_eq!(told, ["Deleted cart u1", "Added cart u9"]);
    }

    #[test]
    fn a_watch_says_what_is_read_of_it_once() {
        let mut known = Known::default();
        list(&mut known, &["cart u1 1 a"]);
        let heartbeat = known.applied(object("cart u1 2 a"));
        assert!(heartbeat.is_empty(), "{heartbeat:?}");
        let moved = known.applied(object("cart u1 3 b"));
        assert_eq!(told(&moved), ["Modified cart u1"]);
        assert_eq!(moved[0].1.metadata("resourceVersion").as_deref(), Some("3"));
        let gone = known.deleted(object("cart u1 4 b"));
        assert_eq!(told(&gone), ["Deleted cart u1"]);
        let next = known.applied(object("cart u2 5 b"));
        assert_eq!(told(&next), ["Added cart u2"]);
    }

    #[test]
    fn a_list_that_broke_off_deletes_nothing() {
        let mut known = Known::default();
        let all = ["cart u1 1 a", "web u2 2 b"];
        list(&mut known, &all);
        known.list_begins();
        assert!(known.list_shows(object("cart u1 1 a")).is_empty());
        assert!(list(&mut known, &all).is_empty());
    }
}
