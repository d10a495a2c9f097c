//! Cutting: rows that would fill an answer alone, with less of their longest parts.
//!
//! In: the text of a row, and how many octets it may have. Out: the row with shorter lists and, where
//! that is not enough, shorter texts; and how many entries each list has lost.

use std::collections::BTreeMap;

use serde_json::Value;

/// Texts that are no longer than this stay whole, in octets.
const TEXT: usize = 64;

/// How many entries were left out of the lists of a name.
pub(super) type LeftOut = BTreeMap<String, u64>;

/// What can be taken from a value itself: entries, or octets.
type Size = fn(&Value) -> usize;

/// A row in at most `octets`, or as short as it can be; `None` for a text that is no row.
pub(super) fn cut(row: &str, octets: usize) -> Option<(String, LeftOut)> {
    let mut value: Value = serde_json::from_str(row).ok()?;
    let (mut text, mut left_out) = (row.to_owned(), LeftOut::new());
    for size in [entries as Size, letters] {
        while text.len() > octets {
            let largest = largest(&value, size);
            if largest == 0 || !halve("", &mut value, size, largest, &mut left_out) {
                break;
            }
            text = value.to_string();
        }
    }
    Some((text, left_out))
}

/// Entries of a list of which some can be left out.
fn entries(value: &Value) -> usize {
    let entries = value.as_array().map(Vec::len);
    entries.filter(|entries| *entries > 1).unwrap_or(0)
}

/// Octets of a text that can be shortened.
fn letters(value: &Value) -> usize {
    let octets = value.as_str().map(str::len);
    octets.filter(|octets| *octets > TEXT).unwrap_or(0)
}

/// The largest there is in a value.
fn largest(value: &Value, size: Size) -> usize {
    let of = |value: &Value| largest(value, size);
    let within = match value {
        Value::Array(values) => values.iter().map(of).max(),
        Value::Object(fields) => fields.values().map(of).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    size(value).max(within.unwrap_or(0))
}

/// Halves the first part of the `largest` size; false where there is none.
fn halve(
    name: &str,
    value: &mut Value,
    size: Size,
    largest: usize,
    left_out: &mut LeftOut,
) -> bool {
    let is_it = size(value) == largest;
    match value {
        Value::Array(values) if is_it => {
            let lost = values.drain(values.len() / 2..).count();
            *left_out.entry(name.to_owned()).or_default() += lost as u64;
            true
        }
        Value::String(text) if is_it => {
            let kept = (0..=largest / 2).rfind(|end| text.is_char_boundary(*end));
            text.truncate(kept.unwrap_or(0));
            text.push('…');
            true
        }
        Value::Array(values) => values
            .iter_mut()
            .any(|value| halve(name, value, size, largest, left_out)),
        Value::Object(fields) => fields
            .iter_mut()
            .any(|(name, value)| halve(name, value, size, largest, left_out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_longest_list_is_cut_first_and_what_is_lost_is_counted() {
        let dns: Vec<String> = (0..100).map(|n| format!("host-{n}.example")).collect();
        let row = json!({"server": {"dns": dns, "ip": "10.0.0.1"}, "ports": ["1/tcp", "2/tcp"]});
        let (text, left_out) = cut(&row.to_string(), 300).unwrap();
        assert!(text.len() <= 300, "{text}");
        let cut: Value = serde_json::from_str(&text).unwrap();
        let kept = cut["server"]["dns"].as_array().unwrap();
        assert_eq!(kept[0], json!("host-0.example"));
        assert_eq!(
            left_out,
            LeftOut::from([("dns".to_owned(), 100 - kept.len() as u64)])
        );
        assert_eq!(
            (&cut["ports"], &cut["server"]["ip"]),
            (&row["ports"], &row["server"]["ip"])
        );
    }

    #[test]
    fn texts_are_cut_where_lists_are_not_enough() {
        let row = json!({"bps": 30.8, "pod": "é".repeat(500), "ports": ["1/tcp"], "svc": "cart"});
        let (text, left_out) = cut(&row.to_string(), 200).unwrap();
        assert!(
            text.len() <= 200 && text.contains("é…") && left_out.is_empty(),
            "{text}"
        );
        assert!(
            text.contains("\"bps\":30.8") && text.contains("\"svc\":\"cart\""),
            "{text}"
        );
    }

    #[test]
    fn what_is_short_stays_as_it_is_and_what_cannot_be_shorter_is_left() {
        let row = r#"{"b":[1,2],"a":0.1}"#;
        assert_eq!(cut(row, 100), Some((row.to_owned(), LeftOut::new())));
        let (text, _) = cut(row, 1).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            json!({"a": 0.1, "b": [1]})
        );
    }
}
