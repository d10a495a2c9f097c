//! The objects of one resource that are there, as far as was shown.
//!
//! In: lists and watch events. Out: what happened, with nothing twice: a list that repeats what is
//! known says nothing, and what it leaves out is gone.
//! **Shape** the last state of each object is kept as text, trimmed: whoever is told that it is
//! gone is told what it was.

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
#[derive(Debug)]
struct State {
    uid: Option<String>,
    resource_version: Option<String>,
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
        let Some(before) = self.objects.insert(object.name(), state) else {
            return vec![(ChangeKind::Added, object)];
        };
        let uid = object.metadata("uid");
        if before.uid != uid {
            // Another one of the same name: the end of the first was not shown.
            return before
                .deleted()
                .into_iter()
                .chain([(ChangeKind::Added, object)])
                .collect();
        }
        if before.resource_version.is_some()
            && before.resource_version == object.metadata("resourceVersion")
        {
            return Vec::new();
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
            resource_version: object.metadata("resourceVersion"),
            json: object.to_json().into(),
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

    /// `name uid version`, as an object.
    fn object(text: &str) -> WatchedObject {
        let words: Vec<&str> = text.split(' ').collect();
        let json = format!(
            r#"{{"metadata":{{"name":"{}","namespace":"shop","uid":"{}","resourceVersion":"{}"}}}}"#,
            words[0], words[1], words[2]
        );
        WatchedObject::from_json(&json).unwrap()
    }

    /// What happened, a line each.
    fn told(happenings: &[Happening]) -> Vec<String> {
        happenings
            .iter()
            .map(|(kind, object)| {
                format!(
                    "{kind:?} {} {} {}",
                    object.name().name,
                    object.metadata("uid").unwrap(),
                    object.metadata("resourceVersion").unwrap()
                )
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
        let first = list(&mut known, &["cart u1 1", "web u2 2", "pay u3 3"]);
        assert_eq!(
            first,
            ["Added cart u1 1", "Added web u2 2", "Added pay u3 3"]
        );
        assert_eq!(
            list(&mut known, &["cart u1 1", "web u2 5", "new u4 6"]),
            ["Modified web u2 5", "Added new u4 6", "Deleted pay u3 3"]
        );
        assert!(list(&mut known, &["cart u1 1", "web u2 5", "new u4 6"]).is_empty());
    }

    #[test]
    fn another_object_of_a_name_ends_the_first() {
        let mut known = Known::default();
        list(&mut known, &["cart u1 1"]);
        assert_eq!(
            list(&mut known, &["cart u9 7"]),
            ["Deleted cart u1 1", "Added cart u9 7"]
        );
    }

    #[test]
    fn a_watch_says_what_it_shows_once() {
        let mut known = Known::default();
        list(&mut known, &["cart u1 1"]);
        assert!(told(&known.applied(object("cart u1 1"))).is_empty());
        assert_eq!(
            told(&known.applied(object("cart u1 2"))),
            ["Modified cart u1 2"]
        );
        assert_eq!(
            told(&known.deleted(object("cart u1 3"))),
            ["Deleted cart u1 3"]
        );
        assert_eq!(
            told(&known.applied(object("cart u2 4"))),
            ["Added cart u2 4"]
        );
    }

    #[test]
    fn a_list_that_broke_off_deletes_nothing() {
        let mut known = Known::default();
        list(&mut known, &["cart u1 1", "web u2 2"]);
        known.list_begins();
        assert!(told(&known.list_shows(object("cart u1 1"))).is_empty());
        assert!(list(&mut known, &["cart u1 1", "web u2 2"]).is_empty());
    }
}
