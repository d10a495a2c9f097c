//! `expect/queries.yaml`: what is asked of a scenario, and what may differ.
//!
//! ```yaml
//! version: 1
//! queries:
//!   - name: external            # its answer is accepted as external.snap
//!     ask: flows                # or summary, connections, workloads, dependencies, coverage
//!     parameters: {server_kind: external}
//!     tolerances: {bytes: 5%, bps: 5%}
//!     ignore: [node]
//! ```
//!
//! **Errors** file, line and field; an unknown name comes with the nearest one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use analyzer::query::parse::RowLimit;
use analyzer::query::suggest::nearest;
use analyzer::query::{Form, Operation, Query};
use objects::document::field::{Field, FieldError, shown};

use crate::error::{VerifyError, parse_document, read_document};
use crate::expect::field::{FieldNames, Tolerance, Tolerances};
use crate::rules::schema;

/// The file within `expect/`.
pub const FILE: &str = "queries.yaml";

/// The first set: who talks to whom, the whole in numbers, who depends on whom, what was read.
pub const FIRST: &str = "\
# What `pilotfish verify` asks of this scenario. The answers that were accepted are beside this
# file, one for each name; `pilotfish verify --update` accepts what changed.
#
# Parameters are those of the command line and of HTTP, names with _ for -. All rows are asked for,
# unless there is a limit. Fields can be left out (ignore: [node]), and numbers may differ
# (tolerances: {bytes: 5%, bps: 5%, pkts: 2, pps: 5%}): a name means every field that ends with it.
version: 1
queries:
  - name: flows
    ask: flows
  - name: summary
    ask: summary
  - name: dependencies
    ask: dependencies
    ignore: [first_seen, last_seen]
  - name: coverage
    ask: coverage
";

/// A query whose answer is expected to stay.
#[derive(Clone, Debug)]
pub struct ExpectedQuery {
    /// Its name.
    pub name: String,
    /// What is asked.
    pub ask: Ask,
    /// The parameters that were given.
    pub parameters: Vec<(String, String)>,
    /// By how much numbers may differ.
    pub tolerances: Tolerances,
    /// Fields that are left out.
    pub ignore: FieldNames,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Ask {
    /// An operation.
    Operation(Operation, Box<Query>),
    /// What answers rest on.
    Coverage,
}

/// The name of [`Ask::Coverage`].
const COVERAGE: &str = "coverage";

impl ExpectedQuery {
    /// Whether it asks for every flow: what all other answers are made of.
    pub(crate) fn lists_all_flows(&self) -> bool {
        let is_flows = matches!(self.ask, Ask::Operation(Operation::Flows, _));
        is_flows && self.parameters.iter().all(|(name, _)| name == "format")
    }
}

/// Reads the queries of a scenario.
///
/// # Errors
/// The file cannot be read, or is wrong at a place.
pub fn read(file: &Path) -> Result<Vec<ExpectedQuery>, VerifyError> {
    read_document(file, |root, _| {
        queries(root).map_err(|error| VerifyError::field(file, error))
    })
}

/// The first set, which is to be in `file`.
///
/// # Errors
/// None: it is right.
pub(crate) fn first(file: &Path) -> Result<Vec<ExpectedQuery>, VerifyError> {
    parse_document(file, FIRST, |root, _| {
        queries(root).map_err(|error| VerifyError::field(file, error))
    })
}

fn queries(root: &Field<'_>) -> Result<Vec<ExpectedQuery>, FieldError> {
    root.only(&["version", "queries"])?;
    let version = root.get("version")?;
    if version.text()? != Some("1") {
        return Err(version.wrong("expected version 1"));
    }
    let list = root.get("queries")?;
    let (mut queries, mut names) = (Vec::new(), BTreeSet::new());
    for item in list.items()? {
        let query = query(&item)?;
        if !names.insert(query.name.clone()) {
            return Err(item.wrong(format!(
                "a second query {}, expected another name",
                query.name
            )));
        }
        queries.push(query);
    }
    if queries.is_empty() {
        return Err(list.wrong("no query, expected at least one"));
    }
    Ok(queries)
}

fn query(item: &Field<'_>) -> Result<ExpectedQuery, FieldError> {
    item.only(&["name", "ask", "parameters", "tolerances", "ignore"])?;
    let name = item.get("name")?;
    let text = name.text()?.unwrap_or_default();
    if !is_file_name(text) {
        return Err(name.wrong(format!(
            "{} is no name, expected letters, digits, - and _, 64 at most",
            shown(text)
        )));
    }
    let given = item.get("parameters")?;
    let parameters = parameters(&given)?;
    Ok(ExpectedQuery {
        name: text.to_owned(),
        ask: ask(&item.get("ask")?, &given, &parameters)?,
        parameters,
        tolerances: tolerances(&item.get("tolerances")?)?,
        ignore: ignored(&item.get("ignore")?)?,
    })
}

/// A name that is a file's on every system.
fn is_file_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !text.is_empty() && text.len() <= 64 && text.chars().all(is_plain)
}

fn parameters(given: &Field<'_>) -> Result<Vec<(String, String)>, FieldError> {
    let entries = given.entries()?;
    let pair = |(name, value): &(&str, Field<'_>)| {
        let text = value.text()?.unwrap_or_default();
        Ok(((*name).to_owned(), text.to_owned()))
    };
    entries.iter().map(pair).collect()
}

fn ask(
    field: &Field<'_>,
    given: &Field<'_>,
    parameters: &[(String, String)],
) -> Result<Ask, FieldError> {
    let name = field.text()?.unwrap_or_default();
    if name == COVERAGE {
        return match parameters.first() {
            Some(_) => Err(given.wrong("coverage has no parameters, expected none")),
            None => Ok(Ask::Coverage),
        };
    }
    let operation = Operation::ALL
        .into_iter()
        .find(|known| known.name() == name);
    let Some(operation) = operation else {
        let known = Operation::ALL.map(Operation::name);
        let all = known.into_iter().chain([COVERAGE]);
        return Err(field.wrong(unknown(name, &all.collect::<Vec<_>>())));
    };
    let all_rows = [("limit".to_owned(), "all".to_owned())];
    let has_rows = operation != Operation::Summary;
    let is_limited = parameters.iter().any(|(name, _)| name == "limit");
    let limit = all_rows.iter().filter(|_| has_rows && !is_limited);
    let pairs = parameters
        .iter()
        .chain(limit)
        .map(|(name, value)| (name, value));
    let query = Query::parse(operation, pairs, RowLimit::Unbounded)
        .map_err(|error| given.wrong(error.to_string()))?;
    if query.form != Form::Json {
        return Err(given.wrong("format: a graph is accepted as json, expected no other form"));
    }
    Ok(Ask::Operation(operation, Box::new(query)))
}

fn tolerances(field: &Field<'_>) -> Result<Tolerances, FieldError> {
    let mut tolerances = BTreeMap::new();
    for (name, value) in field.entries()? {
        check_field(name, &value)?;
        let text = value.text()?.unwrap_or_default();
        let tolerance = Tolerance::parse(text).ok_or_else(|| {
            value.wrong(format!(
                "{} is no tolerance, expected 5% or 20",
                shown(text)
            ))
        })?;
        tolerances.insert(name.to_owned(), tolerance);
    }
    Ok(Tolerances::new(tolerances))
}

fn ignored(field: &Field<'_>) -> Result<FieldNames, FieldError> {
    let mut names = Vec::new();
    for item in field.items()? {
        let name = item.text()?.unwrap_or_default();
        check_field(name, &item)?;
        names.push(name.to_owned());
    }
    Ok(FieldNames::new(names))
}

/// A name that no answer has would do nothing, and nobody would know.
fn check_field(name: &str, field: &Field<'_>) -> Result<(), FieldError> {
    let is_known = |part: &str| {
        let mut fields = schema::answer_fields().iter();
        fields.any(|known| known == part || known.ends_with(&format!("_{part}")))
    };
    // Below some fields are names of the data: `skipped.arp`.
    let first = name.split('.').next().unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_data = schema::MAPS.contains(&first);
    if !name.is_empty() && (is_known(last) || is_data) {
        return Ok(());
    }
    let near = nearest(last, schema::answer_fields().iter().map(String::as_str));
    let near = near.map_or_else(String::new, |near| format!(", did you mean {near}?"));
    Err(field.wrong(format!("{} is a field of no answer{near}", shown(name))))
}

fn unknown(name: &str, known: &[&str]) -> String {
    let near = nearest(name, known.iter().copied());
    let near = near.map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
    format!(
        "{} is unknown, expected one of {}{near}",
        shown(name),
        known.join(", ")
    )
}
