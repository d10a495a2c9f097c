//! The fields of two rows that differ.
//!
//! **Shape** a field is where its path leads: `client_stats.tx_bytes`. Items of a list that have
//! names are found by them, so that another order is no difference.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compare::FieldChange;
use crate::expect::field::Tolerances;

/// What says who a row is of, which is compared by itself.
const ENDS: [&str; 2] = ["client.", "server."];

/// The fields that differ by more than is tolerated, in the order of their paths.
#[must_use]
pub fn differences(was: &Value, is: &Value, tolerances: &Tolerances) -> Vec<FieldChange> {
    let (old, new) = (leaves(was), leaves(is));
    let mut changes = Vec::new();
    for (path, was) in &old {
        match new.get(path) {
            Some(is) if tolerances.accepts(path, was, is) => {}
            is => changes.push(change(path, Some(was), is)),
        }
    }
    let added = new.iter().filter(|(path, _)| !old.contains_key(*path));
    changes.extend(added.map(|(path, is)| change(path, None, Some(is))));
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    changes
}

impl FieldChange {
    /// Whether it is part of who an end is.
    #[must_use]
    pub fn is_of_an_end(&self) -> bool {
        ENDS.iter().any(|end| self.path.starts_with(end))
    }
}

fn change(path: &str, was: Option<&Value>, is: Option<&Value>) -> FieldChange {
    FieldChange {
        path: path.to_owned(),
        was: was.cloned(),
        is: is.cloned(),
    }
}

fn leaves(row: &Value) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    collect("", row, &mut leaves);
    leaves
}

fn collect(path: &str, value: &Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            let dot = if path.is_empty() { "" } else { "." };
            for (key, value) in fields {
                collect(&format!("{path}{dot}{key}"), value, leaves);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (number, item) in items.iter().enumerate() {
                let name = item_name(number, item);
                collect(&format!("{path}[{name}]"), item, leaves);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            leaves.insert(path.to_owned(), value.clone());
        }
    }
}

/// The texts of an item, else its place.
fn item_name(number: usize, item: &Value) -> String {
    let fields = item.as_object().into_iter().flatten();
    let texts: Vec<&str> = fields.filter_map(|(_, value)| value.as_str()).collect();
    if texts.is_empty() {
        number.to_string()
    } else {
        texts.join(" → ")
    }
}
