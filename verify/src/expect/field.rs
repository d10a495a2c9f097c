//! Fields of rows by name: which are left out, and how much others may differ.
//!
//! **Shape** a name means every field that has it, at any depth, or has it as its last word:
//! `bytes` is `totals.bytes` and `client_stats.tx_bytes` too. A path with dots means just that.

use std::collections::BTreeMap;

use serde_json::Value;

/// Names of fields.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FieldNames(Vec<String>);

/// By how much numbers may differ.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tolerances(BTreeMap<String, Tolerance>);

/// By how much a number may differ from the accepted one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Tolerance {
    /// By so many hundredths of it.
    Percent(f64),
    /// By so much.
    Absolute(f64),
}

impl FieldNames {
    /// These names.
    #[must_use]
    pub const fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// Takes the fields out of a value.
    pub fn remove_from(&self, value: &mut Value) {
        if !self.0.is_empty() {
            self.remove_below("", value);
        }
    }

    fn remove_below(&self, path: &str, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|key, _| {
                    let path = joined(path, key);
                    !self.0.iter().any(|name| means(name, &path))
                });
                for (key, value) in fields {
                    self.remove_below(&joined(path, key), value);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.remove_below(path, item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

impl Tolerances {
    /// These, by the names of fields.
    #[must_use]
    pub const fn new(tolerances: BTreeMap<String, Tolerance>) -> Self {
        Self(tolerances)
    }

    /// Whether two values of a field are taken as the same.
    #[must_use]
    pub fn accepts(&self, path: &str, was: &Value, is: &Value) -> bool {
        if was == is {
            return true;
        }
        let (Some(was), Some(is)) = (was.as_f64(), is.as_f64()) else {
            return false;
        };
        let mut tolerances = self.0.iter().filter(|(name, _)| means(name, path));
        tolerances.any(|(_, tolerance)| tolerance.accepts(was, is))
    }
}

impl Tolerance {
    /// Reads `5%` or `20`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, percent) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (text, false),
        };
        let number: f64 = number.parse().ok()?;
        let tolerance = if percent {
            Self::Percent(number)
        } else {
            Self::Absolute(number)
        };
        (number.is_finite() && number >= 0.0).then_some(tolerance)
    }

    fn accepts(self, was: f64, is: f64) -> bool {
        let most = match self {
            Self::Percent(percent) => was.abs() * percent / 100.0,
            Self::Absolute(most) => most,
        };
        (is - was).abs() <= most
    }
}

/// Whether a name means the field at a path.
fn means(name: &str, path: &str) -> bool {
    path.strip_suffix(name)
        .is_some_and(|before| before.is_empty() || before.ends_with(['.', '_']))
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_means_fields_by_their_last_word() {
        for (name, path, meant) in [
            ("bytes", "totals.bytes", true),
            ("bytes", "client_stats.tx_bytes", true),
            ("client_stats.tx_bytes", "client_stats.tx_bytes", true),
            ("server_stats.tx_bytes", "client_stats.tx_bytes", false),
            ("bytes", "kilobytes", false),
            ("bytes", "bytes.more", false),
        ] {
            assert_eq!(means(name, path), meant, "{name} {path}");
        }
    }

    #[test]
    fn ignored_fields_are_gone_wherever_they_are() {
        let names = FieldNames::new(vec!["node".to_owned(), "totals".to_owned()]);
        let mut value = json!({"client": {"node": "n", "pod": "p"}, "totals": {"bytes": 1}, "l": [{"node": 1}]});
        names.remove_from(&mut value);
        assert_eq!(value, json!({"client": {"pod": "p"}, "l": [{}]}));
    }

    #[test]
    fn numbers_may_differ_by_what_is_tolerated() {
        let tolerances = Tolerances::new(
            [("bytes", "5%"), ("pkts", "2"), ("rtt", "0")]
                .map(|(name, text)| (name.to_owned(), Tolerance::parse(text).unwrap()))
                .into(),
        );
        for (path, was, is, same) in [
            ("totals.bytes", 100, 105, true),
            ("totals.bytes", 100, 94, false),
            ("totals.pkts", 1, 3, true),
            ("totals.pkts", 1, 4, false),
            ("connections", 1, 2, false),
        ] {
            assert_eq!(
                tolerances.accepts(path, &json!(was), &json!(is)),
                same,
                "{path} {is}"
            );
        }
        assert!(!tolerances.accepts("bytes", &json!("a"), &json!("b")));
        for wrong in ["", "%", "x", "-1%", "NaN", "inf"] {
            assert_eq!(Tolerance::parse(wrong), None, "{wrong}");
        }
    }
}
