//! JSON, any number of documents one after the other.
//!
//! **Source** RFC 8259.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::document::{Budget, Content, DocumentError, Keep, MAX_DEPTH, Quoting, Value, duplicate};

/// Reads all documents of a JSON text.
pub(super) fn documents(
    text: &str,
    keep: Keep,
    budget: Budget,
) -> Result<Vec<Value<'_>>, DocumentError> {
    let budget = RefCell::new(budget);
    let seed = Seed {
        keep,
        budget: &budget,
        depth: 0,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut documents = Vec::new();
    // `end` succeeds where only white space is left.
    while deserializer.end().is_err() {
        documents.push(
            seed.deserialize(&mut deserializer)
                .map_err(|error| wrong(&error))?,
        );
    }
    Ok(documents)
}

/// Reads one value of a JSON text, or of what another reader has made of it.
pub(super) fn value<'t, D: Deserializer<'t>>(
    deserializer: D,
    keep: Keep,
    budget: Budget,
) -> Result<Value<'t>, D::Error> {
    let budget = RefCell::new(budget);
    let seed = Seed {
        keep,
        budget: &budget,
        depth: 0,
    };
    seed.deserialize(deserializer)
}

fn wrong(error: &serde_json::Error) -> DocumentError {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    DocumentError {
        line: error.line(),
        column: error.column(),
        problem: text
            .strip_suffix(place.as_str())
            .unwrap_or(&text)
            .to_owned(),
    }
}

/// Makes a [`Value`] of what comes next.
#[derive(Clone, Copy)]
struct Seed<'b> {
    keep: Keep,
    budget: &'b RefCell<Budget>,
    depth: usize,
}

impl Seed<'_> {
    fn value<E: de::Error>(self, content: Content<'_>) -> Result<Value<'_>, E> {
        self.budget.borrow_mut().take(1).map_err(E::custom)?;
        Ok(Value { line: 0, content })
    }

    fn scalar<'t, E: de::Error>(self, text: &impl ToString) -> Result<Value<'t>, E> {
        self.value(Content::Scalar(
            Cow::Owned(text.to_string()),
            Quoting::Plain,
        ))
    }

    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("more than {MAX_DEPTH} levels deep")));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'t> DeserializeSeed<'t> for Seed<'_> {
    type Value = Value<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Value<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Seed<'_> {
    type Value = Value<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value<'t>, E> {
        self.value(Content::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value<'t>, E> {
        self.scalar(&value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value<'t>, E> {
        self.scalar(&value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value<'t>, E> {
        self.scalar(&value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value<'t>, E> {
        self.scalar(&value)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'t str) -> Result<Value<'t>, E> {
        self.value(Content::Scalar(Cow::Borrowed(text), Quoting::Quoted))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value<'t>, E> {
        self.value(Content::Scalar(
            Cow::Owned(text.to_owned()),
            Quoting::Quoted,
        ))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<Value<'t>, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(inner)? {
            items.push(item);
        }
        self.value(Content::List(items))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Value<'t>, A::Error> {
        let inner = self.deeper()?;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            match self.keep.below(&key) {
                Some(keep) => {
                    entries.push((key, map.next_value_seed(Seed { keep, ..inner })?));
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if let Some((key, _)) = duplicate(&entries) {
            return Err(de::Error::custom(format!(
                "key `{}` comes twice",
                key.escape_debug()
            )));
        }
        self.value(Content::Map(entries))
    }
}

/// Borrows a key where it has no escapes.
struct Key;

impl<'t> DeserializeSeed<'t> for Key {
    type Value = Cow<'t, str>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Cow<'t, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'t> Visitor<'t> for Key {
    type Value = Cow<'t, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'t str) -> Result<Cow<'t, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cow<'t, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
