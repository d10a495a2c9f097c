//! Answers as they are accepted: rows that can be read, compared and reviewed.
//!
//! In: a snapshot and a query. Out: rows of JSON, and their text: a row a line and the total below,
//! or one object over several lines. The text can be read back.

use std::fmt::Write as _;
use std::path::Path;

use analyzer::query::parse::QueryError;
use analyzer::query::{self, Answer as View, Operation};
use analyzer::snapshot::Snapshot;
use serde::Serialize;
use serde_json::Value;

use crate::expect::field::FieldNames;
use crate::expect::queries::{Ask, ExpectedQuery};
use crate::scenario;

/// The rows of an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// What the rows are.
    pub rows: Rows,
    /// Rows that match, those that are not shown included.
    pub total: usize,
}

/// What an answer is made of.
#[derive(Clone, PartialEq, Debug)]
pub enum Rows {
    /// Any number of them, one a line.
    Lines(Vec<Value>),
    /// One object.
    Object(Value),
}

/// Answers an expected query about a scenario.
///
/// # Errors
/// The query names what the scenario does not know.
pub fn ask(
    folder: &Path,
    snapshot: &Snapshot,
    query: &ExpectedQuery,
) -> Result<Answer, QueryError> {
    let view = match &query.ask {
        Ask::Coverage => return Ok(object(&scenario::coverage(folder, snapshot), &query.ignore)),
        Ask::Operation(operation, query) => query::run(snapshot, *operation, query)?,
    };
    let ignore = &query.ignore;
    Ok(match view {
        View::Flows(view) => lines(&view.flows, view.total, ignore),
        View::Connections(view) => lines(&view.connections, view.total, ignore),
        View::Workloads(view) => lines(&view.workloads, view.total, ignore),
        View::Dependencies(view) => lines(&view.edges, view.total, ignore),
        View::Diff(view) => lines(&view.edges, view.total, ignore),
        View::Summary(view) => {
            let mut answer = object(&view, ignore);
            if let Rows::Object(Value::Object(fields)) = &mut answer.rows {
                // Coverage is asked for by itself.
                fields.remove("coverage");
            }
            answer
        }
    })
}

fn lines<T: Serialize>(rows: &[T], total: usize, ignore: &FieldNames) -> Answer {
    Answer {
        rows: Rows::Lines(rows.iter().map(|row| value(row, ignore)).collect()),
        total,
    }
}

fn object<T: Serialize>(view: &T, ignore: &FieldNames) -> Answer {
    Answer {
        rows: Rows::Object(value(view, ignore)),
        total: 1,
    }
}

fn value<T: Serialize>(view: &T, ignore: &FieldNames) -> Value {
    // Views are plain data, which JSON can always say.
    let mut value = serde_json::to_value(view).unwrap_or_default();
    ignore.remove_from(&mut value);
    value
}

impl Answer {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.rows {
            Rows::Object(object) => serde_json::to_string_pretty(object).unwrap_or_default(),
            Rows::Lines(rows) => {
                let mut text = String::new();
                for row in rows {
                    let _ = writeln!(text, "{row}");
                }
                let _ = write!(text, "total: {}", self.total);
                text
            }
        }
    }

    /// Reads the text back, less the fields that are ignored by now.
    ///
    /// # Errors
    /// The line, from 1, and what is wrong with it.
    pub fn parse(text: &str, ask: &Ask, ignore: &FieldNames) -> Result<Self, (usize, String)> {
        let read = |line: usize, text: &str| {
            let mut value: Value = serde_json::from_str(text)
                .map_err(|error| (line + error.line() - 1, format!("no JSON: {error}")))?;
            ignore.remove_from(&mut value);
            Ok(value)
        };
        if ask.is_object() {
            return Ok(Self {
                rows: Rows::Object(read(1, text)?),
                total: 1,
            });
        }
        let mut rows = Vec::new();
        let mut total = None;
        for (number, line) in text.lines().enumerate() {
            match line.strip_prefix("total: ") {
                Some(count) => total = count.trim().parse().ok(),
                None => rows.push(read(number + 1, line)?),
            }
        }
        let total = total.ok_or((text.lines().count(), "no total below the rows".to_owned()))?;
        Ok(Self {
            rows: Rows::Lines(rows),
            total,
        })
    }
}

impl Ask {
    /// Whether its answer is one object.
    const fn is_object(&self) -> bool {
        match self {
            Self::Coverage => true,
            Self::Operation(operation, _) => matches!(operation, Operation::Summary),
        }
    }
}
