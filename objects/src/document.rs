//! Documents: YAML and JSON as one tree that knows its lines.
//!
//! In: the text of a file. Out: one [`Value`] a document.
//! **Shape** a tree borrows from the text. Where only some fields are read, the rest is checked
//! for syntax and not kept, so a dump of a large cluster stays small.
//! **Errors** [`DocumentError`]: line, column and what is wrong. Depth and number of values are
//! limited, values that aliases repeat included.

pub mod fast;
pub mod field;
pub mod yaml;

mod json;
mod owned;

use std::borrow::Cow;

use serde::Deserializer;

/// How deep lists and mappings may lie in each other.
const MAX_DEPTH: usize = 100;

/// How many values a file may have, of those that are kept.
const MAX_VALUES: usize = 20_000_000;

/// A value of a document.
#[derive(Clone, PartialEq, Debug)]
pub struct Value<'t> {
    /// The line it begins at, from 1; 0 where the format does not tell.
    pub line: usize,
    /// What it is.
    pub content: Content<'t>,
}

/// What a value is.
#[derive(Clone, PartialEq, Debug)]
pub enum Content<'t> {
    /// Nothing.
    Null,
    /// Text, a number or a truth value.
    Scalar(Cow<'t, str>, Quoting),
    /// A list.
    List(Vec<Value<'t>>),
    /// A mapping, in the order of the file.
    Map(Vec<(Cow<'t, str>, Value<'t>)>),
}

/// Whether a scalar must be text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quoting {
    /// It is text whatever it looks like.
    Quoted,
    /// It may be a number or a truth value.
    Plain,
}

/// Which keys of mappings are kept.
#[derive(Clone, Copy)]
pub enum Keep {
    /// Every one.
    All,
    /// Those of which this says so.
    Some(fn(&str) -> Kept),
}

/// Whether a key and its value are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// They are passed over.
    No,
    /// They are, and of what is in the value as much as its keys say.
    Yes,
    /// They are, with all that is in the value: its keys may be anything.
    Whole,
}

impl Keep {
    /// What is kept of a key's value; `None` when nothing is.
    fn below(self, key: &str) -> Option<Self> {
        match self {
            Self::All => Some(Self::All),
            Self::Some(kept) => match kept(key) {
                Kept::No => None,
                Kept::Yes => Some(self),
                Kept::Whole => Some(Self::All),
            },
        }
    }
}

/// A text that is no document.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct DocumentError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
}

/// Reads all documents of a text: JSON when it begins as JSON does, else YAML.
///
/// # Errors
/// Where the syntax is wrong, or a limit is exceeded.
pub fn documents(text: &str, keep: Keep) -> Result<Vec<Value<'_>>, DocumentError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        let budget = Budget { values: MAX_VALUES };
        return json::documents(text, keep, budget);
    }
    match fast::documents(text, keep) {
        Some(documents) => Ok(documents),
        None => yaml::documents(text, keep),
    }
}

/// Reads one value from where another text has it.
pub(crate) fn value<'t, D: Deserializer<'t>>(
    deserializer: D,
    keep: Keep,
) -> Result<Value<'t>, D::Error> {
    let budget = Budget { values: MAX_VALUES };
    json::value(deserializer, keep, budget)
}

/// Values that may yet come.
#[derive(Clone, Copy, Debug)]
struct Budget {
    values: usize,
}

impl Budget {
    /// Takes some values, or says that there are too many.
    fn take(&mut self, values: usize) -> Result<(), String> {
        self.values = self
            .values
            .checked_sub(values)
            .ok_or_else(|| format!("more than {MAX_VALUES} values: split the file"))?;
        Ok(())
    }
}

impl Value<'_> {
    /// How many values it is, itself included.
    fn count(&self) -> usize {
        1 + match &self.content {
            Content::Null | Content::Scalar(..) => 0,
            Content::List(items) => items.iter().map(Value::count).sum(),
            Content::Map(entries) => entries.iter().map(|(_, value)| value.count()).sum(),
        }
    }
}

/// The second entry of a key that has two.
fn duplicate<'m, 't>(
    entries: &'m [(Cow<'t, str>, Value<'t>)],
) -> Option<&'m (Cow<'t, str>, Value<'t>)> {
    // Few keys are compared sooner than sorted.
    let is_equal = |place: usize, key: &str| entries.iter().skip(place + 1).any(|(k, _)| k == key);
    let mut places = entries.iter().enumerate();
    if entries.len() <= 16 && !places.any(|(place, (key, _))| is_equal(place, key)) {
        return None;
    }
    let mut sorted: Vec<(&str, usize)> = entries
        .iter()
        .enumerate()
        .map(|(place, (key, _))| (&**key, place))
        .collect();
    sorted.sort_unstable();
    let second = sorted.windows(2).find_map(|pair| match pair {
        [(one, _), (other, place)] if one == other => Some(*place),
        _ => None,
    });
    entries.get(second?)
}

#[cfg(test)]
mod tests;
