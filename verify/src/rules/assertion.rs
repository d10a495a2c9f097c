//! Rules over the flows of a scenario.
//!
//! In: a scenario and rules. Out: a check for each rule, with the flows that break it.

use std::path::{Path, PathBuf};

use analyzer::engine::Settings;
use analyzer::query::parse::{QueryError, RowLimit};
use analyzer::query::{self, Answer, Operation, Query};
use analyzer::snapshot::Snapshot;
use serde_json::Value as Json;

use crate::error::VerifyError;
use crate::report::{Check, Finding, Kind, Outcome, ScenarioReport};
use crate::rules::evaluate::Budget;
use crate::rules::{Demand, Rule, sight};
use crate::scenario;
use crate::sentence;

/// Flows of a rule that are named.
const NAMED: usize = 10;

/// Steps that a rule may take, beside those for each flow.
const STEPS: usize = 10_000_000;
const STEPS_A_FLOW: usize = 2_000;

/// Checks rules, which were read from `file`, on a scenario.
#[must_use]
pub fn assert(folder: &Path, rules: &[Rule], file: &Path, settings: &Settings) -> ScenarioReport {
    let outcome = match checks(folder, rules, file, settings) {
        Ok(checks) => Outcome::Checked(checks),
        Err(error) => Outcome::Failed(error.to_string()),
    };
    ScenarioReport {
        scenario: scenario::name(folder),
        outcome,
    }
}

fn checks(
    folder: &Path,
    rules: &[Rule],
    file: &Path,
    settings: &Settings,
) -> Result<Vec<Check>, VerifyError> {
    let snapshot = scenario::read(folder, settings)?;
    let captures = scenario::captures(folder)?;
    let flows = flows(&snapshot).map_err(|error| VerifyError::Query {
        file: file.to_owned(),
        query: "flows".to_owned(),
        error,
    })?;
    let check = |rule: &Rule| Check {
        findings: findings(rule, &flows, &captures),
        line: rule.line,
        ..Check::new(&rule.name, file.to_owned())
    };
    Ok(rules.iter().map(check).collect())
}

/// All flows as rules see them.
fn flows(snapshot: &Snapshot) -> Result<Vec<Json>, QueryError> {
    let pairs = [("limit", "all"), ("format", "full")];
    let query = Query::parse(Operation::Flows, pairs, RowLimit::Unbounded)?;
    let Answer::Flows(view) = query::run(snapshot, Operation::Flows, &query)? else {
        return Ok(Vec::new());
    };
    // Views are plain data, which JSON can always say.
    let json = |flow| serde_json::to_value(flow).unwrap_or_default();
    Ok(view.flows.iter().map(json).collect())
}

/// What is wrong by a rule.
fn findings(rule: &Rule, flows: &[Json], captures: &[PathBuf]) -> Vec<Finding> {
    let steps = STEPS.saturating_add(flows.len().saturating_mul(STEPS_A_FLOW));
    let mut budget = Budget::new(steps);
    let (mut holds, mut failures) = (Vec::new(), Vec::new());
    for flow in flows {
        match rule.expression.holds(flow, &mut budget) {
            Ok(true) => holds.push(flow),
            Ok(false) => {}
            Err(problem) => failures.push((flow, problem)),
        }
        if budget.is_spent() {
            break;
        }
    }
    let mut findings = match rule.demand {
        Demand::Forbid => forbidden(&holds, captures),
        Demand::Require(least) => missing(&holds, least),
    };
    findings.extend(failures.iter().take(NAMED).map(|(flow, problem)| Finding {
        kind: Kind::NotEvaluated,
        sentence: format!(
            "could not be evaluated: {problem}: {}",
            sentence::flow(flow)
        ),
        see: sight::commands(captures, flow),
    }));
    findings.extend(rest(
        Kind::NotEvaluated,
        failures.len(),
        "flows for which it could not be evaluated",
    ));
    findings
}

fn forbidden(flows: &[&Json], captures: &[PathBuf]) -> Vec<Finding> {
    let named = flows.iter().take(NAMED).map(|flow| Finding {
        kind: Kind::Forbidden,
        sentence: format!("forbidden: {}", sentence::flow(flow)),
        see: sight::commands(captures, flow),
    });
    let mut findings: Vec<Finding> = named.collect();
    findings.extend(rest(Kind::Forbidden, flows.len(), "forbidden flows"));
    findings
}

fn missing(flows: &[&Json], least: u64) -> Vec<Finding> {
    let connections = flows
        .iter()
        .filter_map(|flow| flow.get("connections")?.as_u64());
    let connections = connections.fold(0, u64::saturating_add);
    // At least no connection is still at least a flow that the rule is about.
    if !flows.is_empty() && connections >= least {
        return Vec::new();
    }
    let found = match flows.len() {
        0 => "there is no such flow".to_owned(),
        flows => format!(
            "there are {connections} connections in {}",
            sentence::plural(flows, "such flow")
        ),
    };
    vec![Finding {
        kind: Kind::Missing,
        sentence: format!("{found}, required are at least {least} connections"),
        see: Vec::new(),
    }]
}

fn rest(kind: Kind, all: usize, what: &str) -> Option<Finding> {
    (all > NAMED).then(|| Finding {
        kind,
        sentence: format!("and {} more {what}", all - NAMED),
        see: Vec::new(),
    })
}
