//! XML of `JUnit`, as most kinds of CI read it: a suite a scenario, a case an answer or a rule.
//!
//! **Source** the schema of Jenkins' xUnit plugin: `testsuites`, `testsuite`, `testcase`, `failure`,
//! `skipped`, `error`, `system-out`.

use crate::report::plain::printable;
use crate::report::{Check, Outcome, Report, ScenarioReport};

pub(super) fn render(report: &Report) -> String {
    let suites: String = report.scenarios.iter().map(suite).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pilotfish\">\n{suites}</testsuites>\n"
    )
}

/// How many cases of a suite came to what.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    skipped: usize,
    errors: usize,
}

fn suite(report: &ScenarioReport) -> String {
    let name = escaped(&report.scenario);
    let cases: String = match &report.outcome {
        Outcome::Failed(error) => {
            let error = escaped(error);
            format!(
                "    <testcase classname=\"{name}\" name=\"scenario\">\n      <error message=\"{error}\"/>\n    </testcase>\n"
            )
        }
        Outcome::Checked(checks) => checks.iter().map(|check| case(&name, check)).collect(),
        Outcome::Accepted(checks) => checks.iter().map(|check| passed(&name, check)).collect(),
    };
    let warning = report
        .warning
        .as_deref()
        .map_or_else(String::new, |warning| {
            let warning = escaped(warning);
            format!("    <system-out>warning: {warning}</system-out>\n")
        });
    let Counts {
        tests,
        failures,
        skipped,
        errors,
    } = counts(&report.outcome);
    format!(
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" skipped=\"{skipped}\" errors=\"{errors}\">\n{cases}{warning}  </testsuite>\n"
    )
}

fn counts(outcome: &Outcome) -> Counts {
    match outcome {
        Outcome::Failed(_) => Counts {
            tests: 1,
            errors: 1,
            ..Counts::default()
        },
        Outcome::Accepted(checks) => Counts {
            tests: checks.len(),
            ..Counts::default()
        },
        Outcome::Checked(checks) => {
            let different = checks.iter().filter(|check| !check.findings.is_empty());
            let follow = different.clone().filter(|check| check.follows).count();
            Counts {
                tests: checks.len(),
                failures: different.count() - follow,
                skipped: follow,
                ..Counts::default()
            }
        }
    }
}

fn case(scenario: &str, check: &Check) -> String {
    let Some(first) = check.findings.first() else {
        return passed(scenario, check);
    };
    let (name, message) = (escaped(&check.name), escaped(&first.sentence));
    if check.follows {
        // A failure of its own would bury the one that it follows from.
        return format!(
            "    <testcase classname=\"{scenario}\" name=\"{name}\">\n      <skipped message=\"differs only as follows from the flows that do\"/>\n    </testcase>\n"
        );
    }
    let lines = check.findings.iter().flat_map(|finding| {
        let commands = finding.see.iter().map(String::as_str);
        std::iter::once(finding.sentence.as_str()).chain(commands)
    });
    let lines: Vec<String> = lines.map(escaped).collect();
    let lines = lines.join("\n");
    format!(
        "    <testcase classname=\"{scenario}\" name=\"{name}\">\n      <failure message=\"{message}\">{lines}</failure>\n    </testcase>\n"
    )
}

fn passed(scenario: &str, check: &Check) -> String {
    let name = escaped(&check.name);
    format!("    <testcase classname=\"{scenario}\" name=\"{name}\"/>\n")
}

/// Text within XML 1.0, which has no form for most control characters.
fn escaped(text: &str) -> String {
    printable(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
