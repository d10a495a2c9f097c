//! `rules.yaml`: what flows may and must be, in Common Expression Language.
//!
//! ```yaml
//! rules:
//!   - name: only the cart talks to redis
//!     forbid: server.svc == "redis" && client.workload.name != "cart"
//!   - name: checkout reaches payments
//!     require: client.workload.name == "checkout" && server.svc == "payment-service"
//!     min_connections: 1
//! ```
//!
//! ```text
//! text ──► parsed (cel) ──► typed against the schema of a flow ──► evaluated, flow by flow
//! ```
//!
//! **Shape** every field of a flow exists in rules: unknown text is `""`, and every comparison with
//! an unknown number is false. **Errors** before any capture is read: file, line, column, what is
//! wrong, and the nearest name.
//! **Source** the Common Expression Language specification, less maps, messages, bytes and regular
//! expressions. The crate `cel` parses; its interpreter knows no unknown numbers and no bound on
//! the work of one evaluation, so that is done here.

use std::collections::BTreeSet;
use std::path::Path;

use objects::document::field::{Field, shown};

use crate::error::{VerifyError, read_document};
use crate::rules::expression::Expression;
use crate::rules::place::Places;

pub mod assertion;
pub mod evaluate;
pub mod expression;
mod place;
pub mod schema;
pub mod sight;
mod typed;
mod value;

/// The file within a scenario, unless another one is named.
pub const FILE: &str = "rules.yaml";

/// The most rules of a file.
const MOST: usize = 1_000;

/// A rule over flows.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What it demands.
    pub demand: Demand,
    /// Which flows it is about.
    pub expression: Expression,
    /// Its line in the file.
    pub line: usize,
}

/// What a rule demands of the flows that its expression holds for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Demand {
    /// There is none.
    Forbid,
    /// They have at least so many connections.
    Require(u64),
}

/// Reads and checks all rules of a file.
///
/// # Errors
/// The file cannot be read, or is wrong at a place.
pub fn read(file: &Path) -> Result<Vec<Rule>, VerifyError> {
    read_document(file, |root, text| rules(file, root, text))
}

fn rules(file: &Path, root: &Field<'_>, text: &str) -> Result<Vec<Rule>, VerifyError> {
    let wrong = |error| VerifyError::field(file, error);
    root.only(&["rules"]).map_err(wrong)?;
    let list = root.get("rules").map_err(wrong)?;
    let (mut rules, mut names, mut errors) = (Vec::new(), BTreeSet::new(), Vec::new());
    for (number, item) in list.items().map_err(wrong)?.into_iter().enumerate() {
        if number == MOST {
            let problem = format!("more than {MOST} rules, expected them in several files");
            return Err(wrong(item.wrong(problem)));
        }
        match rule(file, &item, text) {
            Ok(rule) if names.insert(rule.name.clone()) => rules.push(rule),
            Ok(Rule { name, .. }) => {
                let problem = format!("a second rule {}, expected another name", shown(&name));
                errors.push(wrong(item.wrong(problem)));
            }
            Err(error) => errors.push(error),
        }
    }
    if let Some(error) = VerifyError::of_rules(errors) {
        return Err(error);
    }
    if rules.is_empty() {
        return Err(wrong(list.wrong("no rule, expected at least one")));
    }
    Ok(rules)
}

fn rule(file: &Path, item: &Field<'_>, text: &str) -> Result<Rule, VerifyError> {
    let wrong = |error| VerifyError::field(file, error);
    item.only(&["name", "forbid", "require", "min_connections"])
        .map_err(wrong)?;
    let get = |key| item.get(key).map_err(wrong);
    let (name, forbid, require, least) = (
        get("name")?,
        get("forbid")?,
        get("require")?,
        get("min_connections")?,
    );
    let named = name.text().map_err(wrong)?;
    let named = named.ok_or_else(|| wrong(name.wrong("missing, expected the rule in words")))?;
    let (field, demand) = match (forbid.is_absent(), require.is_absent()) {
        (false, true) if !least.is_absent() => {
            return Err(wrong(
                least.wrong("forbid has none, expected it with require alone"),
            ));
        }
        (false, true) => (&forbid, Demand::Forbid),
        (true, false) => {
            let least = least.parse::<u64>("a whole number").map_err(wrong)?;
            (&require, Demand::Require(least.unwrap_or(1)))
        }
        (false, false) | (true, true) => {
            return Err(wrong(item.wrong("expected either forbid or require")));
        }
    };
    let source = field.text().map_err(wrong)?.unwrap_or_default();
    let expression = Expression::parse(source).map_err(|error| {
        let (line, column) = Places::new(text, field.line(), source).of(error.at);
        VerifyError::Place {
            file: file.to_owned(),
            line,
            column,
            problem: format!("rule {}: {}", shown(named), error.problem),
        }
    })?;
    Ok(Rule {
        name: named.to_owned(),
        demand,
        expression,
        line: field.line(),
    })
}

#[cfg(test)]
mod tests;
