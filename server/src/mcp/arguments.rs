//! Arguments of a tool to parameters of its operation.
//!
//! In: the JSON object of a call. Out: a query, and what only a model's surface has: how long the
//! answer may be, and where it goes on.
//! **Errors** teach: see [`Lesson`].

use analyzer::query::parse::RowLimit;
use analyzer::query::{Format, Operation, Query};
use serde_json::{Map, Number, Value};

use crate::error::bounded;
use crate::mcp::cursor::Cursor;
use crate::mcp::lesson::Lesson;

/// How long an answer may be, in tokens.
pub(super) const MAX_TOKENS: &str = "max_tokens";
/// Where an answer goes on.
pub(super) const CURSOR: &str = "cursor";
/// What else a tool takes beside the parameters of its operation.
pub(super) const OWN: [&str; 2] = [MAX_TOKENS, CURSOR];

/// The length of an answer, unless another one is asked for, in tokens.
pub(super) const TOKENS: usize = 4_000;
/// The shortest that may be asked for: what an answer rests on must have its place.
pub(super) const TOKENS_MIN: usize = 2_000;
/// The longest that may be asked for.
pub(super) const TOKENS_MAX: usize = 100_000;
/// A token is counted as this many octets: JSON of names and numbers has few that are longer.
const TOKEN_BYTES: usize = 3;

/// No row is shorter than this, so more of them do not fit.
const ROW_BYTES: usize = 100;

/// Numbers with a point, below which each whole one stands for itself.
const WHOLE_BELOW: f64 = 1e15;

/// The rows of an answer at most, unless another number is asked for.
pub(super) const ROWS: usize = 25;

/// What a call asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Of which operation.
    pub(super) operation: Operation,
    /// The question itself.
    pub(super) query: Query,
    /// The parameters as they were given.
    pub(super) given: Vec<(String, String)>,
    /// How long the answer may be, in octets.
    pub(super) budget: usize,
    /// Where it goes on.
    pub(super) cursor: Option<Cursor>,
}

impl Asked {
    /// Reads the arguments of a call.
    pub(super) fn parse(
        operation: Operation,
        arguments: &Map<String, Value>,
    ) -> Result<Self, Lesson> {
        let (mut given, mut tokens, mut cursor) = (Vec::new(), TOKENS, None);
        for (name, value) in arguments {
            let Some(text) = text(operation, name, value)? else {
                continue;
            };
            match name.as_str() {
                MAX_TOKENS => tokens = length(operation, &text)?,
                CURSOR => cursor = Some(text),
                _ => given.push((name.clone(), text)),
            }
        }
        let pairs = given.iter().map(|(name, value)| (name, value));
        let mut query = Query::parse(operation, pairs, RowLimit::Bounded)
            .map_err(|error| Lesson::of(operation, &error, &given))?;
        if !has(&given, "limit") {
            query.page.limit = ROWS;
        }
        if !has(&given, "format") {
            query.format = Format::Compact;
        }
        let cursor = match cursor {
            Some(text) => Some(Cursor::read(&text, operation, &given)?),
            None => None,
        };
        if let Some(cursor) = cursor {
            query.page.offset = cursor.offset;
        }
        let budget = tokens * TOKEN_BYTES;
        query.page.limit = query.page.limit.min(budget / ROW_BYTES);
        Ok(Self {
            operation,
            query,
            given,
            budget,
            cursor,
        })
    }

    /// Whether a parameter was given.
    pub(super) fn has(&self, name: &str) -> bool {
        has(&self.given, name)
    }

    /// The length in tokens.
    pub(super) const fn tokens(&self) -> usize {
        self.budget / TOKEN_BYTES
    }
}

fn has(given: &[(String, String)], name: &str) -> bool {
    given.iter().any(|(known, _)| known == name)
}

/// A value as the parser of parameters takes it; `None` for null, which is nothing.
fn text(operation: Operation, name: &str, value: &Value) -> Result<Option<String>, Lesson> {
    Ok(match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(written(number)),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(values) => {
            let mut parts = Vec::new();
            for value in values {
                match value {
                    Value::String(text) => parts.push(text.clone()),
                    Value::Number(number) => parts.push(written(number)),
                    Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                        return Err(not_text(operation, name, "a list of something else"));
                    }
                }
            }
            Some(parts.join(","))
        }
        Value::Object(_) => return Err(not_text(operation, name, "an object")),
    })
}

/// A number as parameters spell it: what JSON writes as `3.0` is the whole number 3.
fn written(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < WHOLE_BELOW => {
            format!("{float:.0}")
        }
        Some(_) | None => number.to_string(),
    }
}

fn not_text(operation: Operation, name: &str, what: &str) -> Lesson {
    let problem = format!("{what}, expected text such as \"a,b\", a number or a list of texts");
    Lesson::about(operation, name, &problem)
}

fn length(operation: Operation, text: &str) -> Result<usize, Lesson> {
    let number = text.parse::<usize>();
    match number {
        Ok(tokens) if (TOKENS_MIN..=TOKENS_MAX).contains(&tokens) => Ok(tokens),
        _ => {
            let problem = format!(
                "{} is out of range, expected {TOKENS_MIN} to {TOKENS_MAX}",
                bounded(text)
            );
            let nearest = match number {
                Ok(tokens) => tokens.clamp(TOKENS_MIN, TOKENS_MAX),
                // It is negative.
                Err(_) if text.parse::<i64>().is_ok() => TOKENS_MIN,
                Err(_) => TOKENS,
            };
            Err(Lesson::about(operation, MAX_TOKENS, &problem).with_nearest(nearest))
        }
    }
}
