//! Objects as the API shows them, trimmed at the door.
//!
//! In: the JSON of an object, as a list or a watch has it. Out: the change it is.
//! **Shape** only keys that some decoder reads are kept: of a pod no environment, no conditions and
//! no managed fields.

use std::fmt;

use analyzer::cluster::change::{Change, ChangeKind};
use analyzer::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::decoded;
use crate::document::field::{Field, FieldError};
use crate::document::{self, Content, Keep, Quoting, Value};
use crate::kept::kept;

/// An object of the API, with what is read of it.
#[derive(Clone, PartialEq, Debug)]
pub struct WatchedObject(Value<'static>);

/// What tells an object from others of its kind, and one state of it from another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct ObjectName {
    /// Its namespace; empty for those that have none.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_str() {
            "" => f.write_str(&self.name),
            namespace => write!(f, "{namespace}/{}", self.name),
        }
    }
}

impl WatchedObject {
    /// The same object, of this kind: items of a list do not say theirs, and what is asked for its
    /// metadata alone says another.
    #[must_use]
    pub fn of_kind(mut self, api_version: &str, kind: &str) -> Self {
        if let Content::Map(entries) = &mut self.0.content {
            entries.retain(|(key, _)| key != "apiVersion" && key != "kind");
            let text = |text: &str| Value {
                line: 0,
                content: Content::Scalar(text.to_owned().into(), Quoting::Quoted),
            };
            entries.insert(0, ("kind".into(), text(kind)));
            entries.insert(0, ("apiVersion".into(), text(api_version)));
        }
        self
    }

    /// The same object without its version, so that what says the same is the same.
    #[must_use]
    pub fn without_version(&self) -> Self {
        let mut object = self.clone();
        if let Content::Map(entries) = &mut object.0.content {
            let metadata = entries.iter_mut().find(|(key, _)| key == "metadata");
            if let Some((
                _,
                Value {
                    content: Content::Map(entries),
                    ..
                },
            )) = metadata
            {
                entries.retain(|(key, _)| key != "resourceVersion");
            }
        }
        object
    }

    /// Its namespace and name.
    #[must_use]
    pub fn name(&self) -> ObjectName {
        let read = |key| self.metadata(key).unwrap_or_default();
        ObjectName {
            namespace: read("namespace"),
            name: read("name"),
        }
    }

    /// A text of its metadata, such as `uid` or `resourceVersion`.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<String> {
        let object = Field::root(&self.0);
        let metadata = object.get("metadata").ok()?;
        let field = metadata.get(key).ok()?;
        field.text().ok()?.map(str::to_owned)
    }

    /// What it says of the cluster when this happened to it; `None` where that is nothing.
    ///
    /// # Errors
    /// The field that is wrong.
    pub fn change(
        &self,
        kind: ChangeKind,
        time: Timestamp,
        line: u64,
    ) -> Result<Option<Change>, FieldError> {
        decoded::change(&Field::root(&self.0), kind, time, line)
    }

    /// The object of JSON written by this type.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Its JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for WatchedObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = document::value(deserializer, Keep::Some(kept))?;
        Ok(Self(value.into_owned()))
    }
}

impl Serialize for WatchedObject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
