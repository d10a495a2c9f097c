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

/// Steps that the rules of a file may take together, beside those for each flow.
const STEPS: usize = 10_000_000;
const STEPS_A_FLOW: usize = 2_000;
/// What each rule adds for each flow: most rules take fewer.
const STEPS_A_RULE: usize = 100;

/// Checks rules on a scenario, which were read from `file`, unless they could not be.
#[must_use]
pub fn assert(
    folder: &Path,
    rules: Result<&[Rule], &str>,
    file: &Path,
    settings: &Settings,
) -> ScenarioReport {
    let checked = rules
        .map_err(str::to_owned)
        .and_then(|rules| checks(folder, rules, file, settings).map_err(|error| error.to_string()));
    let (outcome, warning) = match checked {
        Ok((checks, warning)) => (Outcome::Checked(checks), warning),
        Err(error) => (Outcome::Failed(error), None),
    };
    ScenarioReport {
        scenario: scenario::name(folder),
        warning,
        outcome,
    }
}

fn checks(
    folder: &Path,
    rules: &[Rule],
    file: &Path,
    settings: &Settings,
) -> Result<(Vec<Check>, Option<String>), VerifyError> {
    let snapshot = scenario::read(folder, settings)?;
    let captures = scenario::captures(folder)?;
    let flows = flows(&snapshot).map_err(|error| VerifyError::Query {
        file: file.to_owned(),
        query: "flows".to_owned(),
        error,
    })?;
    let mut budget = budget(rules.len(), flows.len());
    let check = |rule: &Rule| Check {
        findings: findings(rule, &flows, &captures, &mut budget),
        line: rule.line,
        ..Check::new(&rule.name, file.to_owned())
    };
    let checks = rules.iter().map(check).collect();
    Ok((checks, scenario::emptiness(&snapshot)))
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

/// The work that so many rules may be on so many flows.
const fn budget(rules: usize, flows: usize) -> Budget {
    let steps_a_flow = rules
        .saturating_mul(STEPS_A_RULE)
        .saturating_add(STEPS_A_FLOW);
    Budget::new(flows.saturating_mul(steps_a_flow).saturating_add(STEPS))
}

/// What is wrong by a rule.
fn findings(
    rule: &Rule,
    flows: &[Json],
    captures: &[PathBuf],
    budget: &mut Budget,
) -> Vec<Finding> {
    let (mut holds, mut failures, mut left) = (Vec::new(), Vec::new(), 0);
    for (done, flow) in flows.iter().enumerate() {
        if budget.is_spent() {
            left = flows.len() - done;
            break;
        }
        match rule.expression.holds(flow, budget) {
            Ok(true) => holds.push(flow),
            Ok(false) => {}
            Err(problem) => failures.push((flow, problem)),
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
    findings.extend(unseen(left));
    findings
}

/// That a rule did not see some flows, which may break it.
fn unseen(flows: usize) -> Option<Finding> {
    (flows > 0).then(|| Finding {
        kind: Kind::NotEvaluated,
        sentence: format!(
            "not evaluated: too much work, {} left; expected simpler or fewer rules",
            sentence::plural(flows, "flow")
        ),
        see: Vec::new(),
    })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::expression::Expression;

    fn found(demand: Demand, source: &str, flows: usize, steps: usize) -> Vec<String> {
        let rule = Rule {
            name: "rule".to_owned(),
            demand,
            expression: Expression::parse(source).unwrap(),
            line: 1,
        };
        let flows = vec![json!({"connections": 1}); flows];
        let findings = findings(&rule, &flows, &[], &mut Budget::new(steps));
        findings.into_iter().map(|found| found.sentence).collect()
    }

    #[test]
    fn a_rule_that_did_not_see_every_flow_fails() {
        // It takes one step for each flow.
        let unseen = "not evaluated: too much work, 3 flows left; expected simpler or fewer rules";
        assert_eq!(found(Demand::Forbid, "false", 5, 2), [unseen]);
        assert_eq!(found(Demand::Require(2), "true", 5, 2), [unseen]);
        assert_eq!(found(Demand::Forbid, "false", 5, 5), [""; 0]);
    }
}
