//! Values of a row as they stand in a table.

use serde::Serialize;

/// The word that stands for a value in answers.
pub(crate) fn word<T: Serialize>(value: Option<T>) -> String {
    let value = value.and_then(|value| serde_json::to_value(value).ok());
    let word = value.as_ref().and_then(|value| value.as_str());
    word.unwrap_or_default().to_owned()
}

/// A text that may be absent.
pub(crate) fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
