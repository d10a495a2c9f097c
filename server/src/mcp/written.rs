//! An answer as it is sent: a JSON object as text.

use serde_json::Value;

/// An answer that is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    text: String,
    rows: usize,
}

impl Written {
    /// The text of an object, whose longest list has so many rows.
    pub(super) const fn new(text: String, rows: usize) -> Self {
        Self { text, rows }
    }

    /// The rows of its longest list; 1 of what has none.
    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The text.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// The object that is written.
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// As another server gave it.
impl From<Value> for Written {
    fn from(answer: Value) -> Self {
        let fields = answer
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.values());
        let lists = fields.filter_map(Value::as_array);
        let rows = lists.map(Vec::len).max().unwrap_or(1);
        Self::new(answer.to_string(), rows)
    }
}
