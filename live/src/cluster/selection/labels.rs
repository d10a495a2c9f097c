//! Label selectors, as `kubectl --selector` takes them.
//!
//! **Source** the Kubernetes documentation, "Labels and Selectors".

use std::collections::BTreeSet;
use std::str::FromStr;

use analyzer::cluster::object::Labels;

/// What labels must be, all of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LabelSelector(Vec<Requirement>);

/// A text that is no label selector.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` selects no labels: expected requirements such as app=web, tier!=cache, app in (a,b), \
     app notin (a), app or !app, with commas between"
)]
pub struct LabelSelectorError(String);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Requirement {
    key: String,
    is: Is,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Is {
    There,
    Absent,
    In(BTreeSet<String>),
    /// A label that is absent is none of them, too.
    NotIn(BTreeSet<String>),
}

impl LabelSelector {
    /// Whether any labels will do.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the labels are as they must be.
    #[must_use]
    pub fn selects(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| {
            let label = labels.iter().find(|(key, _)| **key == requirement.key);
            let value = label.map(|(_, value)| &**value);
            match &requirement.is {
                Is::There => value.is_some(),
                Is::Absent => value.is_none(),
                Is::In(values) => value.is_some_and(|value| values.contains(value)),
                Is::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            }
        })
    }
}

impl FromStr for LabelSelector {
    type Err = LabelSelectorError;

    fn from_str(text: &str) -> Result<Self, LabelSelectorError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let requirements = parts(text).into_iter().map(requirement);
        let all: Option<Vec<_>> = requirements.collect();
        all.map(Self)
            .ok_or_else(|| LabelSelectorError(text.to_owned()))
    }
}

/// What is between commas, but for those in parentheses.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

fn requirement(text: &str) -> Option<Requirement> {
    let of = |key: &str, is| {
        Some(Requirement {
            key: key_of(key)?,
            is,
        })
    };
    if let Some((key, value)) = text.split_once("!=") {
        return of(key, Is::NotIn(BTreeSet::from([value_of(value)?])));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return of(key, Is::In(BTreeSet::from([value_of(value)?])));
    }
    if let Some(key) = text.strip_prefix('!') {
        return of(key, Is::Absent);
    }
    if let Some((before, values)) = text.split_once('(') {
        let values = values.strip_suffix(')')?.split(',').map(value_of);
        let values = values.collect::<Option<BTreeSet<_>>>()?;
        let mut words = before.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => of(key, Is::In(values)),
            (Some(key), Some("notin"), None) => of(key, Is::NotIn(values)),
            _ => None,
        };
    }
    of(text, Is::There)
}

fn key_of(text: &str) -> Option<String> {
    let key = text.trim();
    (!key.is_empty() && key.chars().all(|c| is_of_labels(c) || c == '/')).then(|| key.to_owned())
}

/// A value may be empty.
fn value_of(text: &str) -> Option<String> {
    let value = text.trim();
    value.chars().all(is_of_labels).then(|| value.to_owned())
}

fn is_of_labels(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn labels(text: &str) -> Labels {
        let pairs = text.split_whitespace().map(|pair| {
            let (key, value) = pair.split_once('=').unwrap();
            (Arc::from(key), Arc::from(value))
        });
        pairs.collect()
    }

    #[test]
    fn labels_are_selected_as_kubectl_does() {
        let web = labels("app=web tier=front empty=");
        for (selector, selects) in [
            ("", true),
            ("app=web", true),
            ("app == web, tier=front", true),
            ("app=web,tier=back", false),
            ("tier!=back", true),
            ("absent!=x", true),
            ("app!=web", false),
            ("app in (api, web)", true),
            ("app in (api),tier=front", false),
            ("app notin (api,db)", true),
            ("absent notin (x)", true),
            ("app", true),
            ("!app", false),
            ("!example.org/absent", true),
            ("empty=", true),
        ] {
            let parsed: LabelSelector = selector.parse().unwrap();
            assert_eq!(parsed.selects(&web), selects, "{selector}");
            assert_eq!(parsed.is_everything(), selector.is_empty());
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for wrong in [
            "=web",
            "app=a b",
            "app in web",
            "app on (web)",
            "app in (web",
            "a,,b",
            "a)",
        ] {
            let error = wrong.parse::<LabelSelector>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{wrong}`")));
        }
    }
}
