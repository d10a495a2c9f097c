//! Lessons: errors that a model can act on.
//!
//! In: what was wrong. Out: the value and the rule, the nearest value that would do, an example,
//! and where a name is unknown, the known ones.

use std::fmt;

use analyzer::query::Operation;
use analyzer::query::parameter::{Domain, Parameter, parameters};
use analyzer::query::parse::QueryError;
use analyzer::query::suggest::nearest;
use serde_json::{Map, Value, json};

use crate::mcp::arguments::{MAX_TOKENS, OWN, TOKENS};

/// What is wrong with a call, and what would be right.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Lesson(Map<String, Value>);

impl Lesson {
    /// Of a parameter that was refused.
    pub(super) fn of(operation: Operation, error: &QueryError, given: &[(String, String)]) -> Self {
        let lesson = Self::about(operation, &error.parameter, &error.problem);
        let known = parameters(operation);
        let Some(parameter) = known.iter().find(|p| p.name == error.parameter) else {
            let own = OWN.iter().map(ToString::to_string);
            let names: Vec<String> = known.into_iter().map(|p| p.name).chain(own).collect();
            return lesson.with("known_arguments", names.into());
        };
        let value = given.iter().find(|(name, _)| *name == error.parameter);
        let near = value.and_then(|(_, value)| nearest_value(parameter, value));
        match near {
            Some(near) => lesson.with_nearest(near),
            None => lesson,
        }
    }

    /// Of an argument, with what is wrong with it.
    pub(super) fn about(operation: Operation, argument: &str, problem: &str) -> Self {
        Self::new(&format!("{argument}: {problem}"))
            .with("argument", argument.into())
            .with("example", example(operation, argument))
    }

    /// Of anything else.
    pub(crate) fn new(error: &str) -> Self {
        Self(Map::from_iter([("error".to_owned(), error.into())]))
    }

    /// As another server gave it.
    pub(crate) fn from_object(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// With a value that would do.
    pub(super) fn with_nearest(self, nearest: impl Into<Value>) -> Self {
        self.with("nearest", nearest.into())
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.0.insert(field.to_owned(), value);
        self
    }

    /// As JSON.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// The sentence.
impl fmt::Display for Lesson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.0
                .get("error")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        )
    }
}

/// Arguments that show a parameter used; without it, those of the operation.
fn example(operation: Operation, argument: &str) -> Value {
    if argument == MAX_TOKENS {
        return json!({MAX_TOKENS: TOKENS});
    }
    let known = parameters(operation);
    let Some(parameter) = known.iter().find(|p| p.name == argument) else {
        return operation.facts().example.iter().copied().collect();
    };
    let beside = match argument {
        "direction" | "depth" => Some(("of", json!("shop/cart"))),
        _ => None,
    };
    let value = match parameter.domain {
        Domain::Number { .. } => parameter
            .example
            .parse::<u64>()
            .map_or(Value::Null, Value::from),
        Domain::Choice(_) | Domain::Some(_) | Domain::Text => parameter.example.into(),
    };
    beside.into_iter().chain([(argument, value)]).collect()
}

/// The value nearest to one that was refused.
fn nearest_value(parameter: &Parameter, value: &str) -> Option<Value> {
    match parameter.domain {
        Domain::Choice(words) | Domain::Some(words) => {
            let lower = value.to_ascii_lowercase();
            nearest(&lower, words.iter().copied()).map(Value::from)
        }
        Domain::Number { least, most } => {
            let number: i128 = value.trim().parse().ok()?;
            let (least, most) = (i128::try_from(least).ok()?, i128::try_from(most).ok()?);
            let near = u64::try_from(number.clamp(least, most)).ok()?;
            Some(near.into())
        }
        Domain::Text => None,
    }
}
