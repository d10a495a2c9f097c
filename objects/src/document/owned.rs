//! Values that outlive their text, and values as JSON again.
//!
//! **Shape** what was read from JSON is written as it was, and reads as the same value.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::document::{Content, Quoting, Value};

impl Value<'_> {
    /// The same value, with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        let content = match self.content {
            Content::Null => Content::Null,
            Content::Scalar(text, quoting) => Content::Scalar(owned(text), quoting),
            Content::List(items) => {
                Content::List(items.into_iter().map(Value::into_owned).collect())
            }
            Content::Map(entries) => Content::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (owned(key), value.into_owned()))
                    .collect(),
            ),
        };
        Value {
            line: self.line,
            content,
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.content {
            Content::Null => serializer.serialize_unit(),
            Content::Scalar(text, Quoting::Quoted) => serializer.serialize_str(text),
            Content::Scalar(text, Quoting::Plain) => plain(text, serializer),
            Content::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Content::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// A truth value or a number where it reads as one, else text.
fn plain<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if let Ok(truth) = text.parse::<bool>() {
        return serializer.serialize_bool(truth);
    }
    if let Ok(number) = text.parse::<u64>() {
        return serializer.serialize_u64(number);
    }
    if let Ok(number) = text.parse::<i64>() {
        return serializer.serialize_i64(number);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => serializer.serialize_f64(number),
        Ok(_) | Err(_) => serializer.serialize_str(text),
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
