//! XML of `JUnit`, as most kinds of CI read it: a suite a scenario, a case an answer or a rule.
//!
//! **Source** the schema of Jenkins' xUnit plugin: `testsuites`, `testsuite`, `testcase`, `failure`,
//! `error`.

use crate::report::plain::printable;
use crate::report::{Check, Outcome, Report, ScenarioReport};

pub(super) fn render(report: &Report) -> String {
    let suites: String = report.scenarios.iter().map(suite).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pilotfish\">\n{suites}</testsuites>\n"
    )
}

fn suite(report: &ScenarioReport) -> String {
    let name = escaped(&report.scenario);
    let (tests, failures, errors, cases) = match &report.outcome {
        Outcome::Failed(error) => {
            let error = escaped(error);
            let case = format!(
                "    <testcase classname=\"{name}\" name=\"scenario\">\n      <error message=\"{error}\"/>\n    </testcase>\n"
            );
            (1, 0, 1, case)
        }
        Outcome::Checked(checks) => {
            let failed = checks.iter().filter(|check| !check.findings.is_empty());
            let cases = checks.iter().map(|check| case(&name, check)).collect();
            (checks.len(), failed.count(), 0, cases)
        }
        Outcome::Accepted(checks) => {
            let cases = checks.iter().map(|check| passed(&name, check)).collect();
            (checks.len(), 0, 0, cases)
        }
    };
    format!(
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n{cases}  </testsuite>\n"
    )
}

fn case(scenario: &str, check: &Check) -> String {
    let Some(first) = check.findings.first() else {
        return passed(scenario, check);
    };
    let (name, message) = (escaped(&check.name), escaped(&first.sentence));
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
