//! For people.

use std::fmt::Write as _;

use crate::report::plain::printable;
use crate::report::{Check, Outcome, Report, ScenarioReport, Verdict};
use crate::sentence::plural;

/// Findings of a check that are told.
const FINDINGS: usize = 20;

pub(super) fn render(report: &Report, raw: bool) -> String {
    let mut text = String::new();
    for scenario in &report.scenarios {
        text += &of_scenario(scenario, raw);
    }
    text + &last_line(report)
}

fn of_scenario(report: &ScenarioReport, raw: bool) -> String {
    let mut text = of_outcome(report, raw);
    if let Some(warning) = &report.warning {
        let _ = writeln!(text, "  warning: {}", printable(warning));
    }
    text
}

fn of_outcome(report: &ScenarioReport, raw: bool) -> String {
    let name = printable(&report.scenario);
    match &report.outcome {
        Outcome::Failed(error) => {
            let error = printable(error);
            // Most errors begin with the file they are about.
            if error.starts_with(&*name) {
                format!("FAILED  {error}\n")
            } else {
                format!("FAILED  {name}: {error}\n")
            }
        }
        Outcome::Checked(checks) => {
            let word = match report.verdict() {
                Verdict::Same => "ok     ",
                Verdict::Different | Verdict::Failed => "CHANGED",
            };
            let is_rules = checks.iter().any(|check| check.line > 0);
            let noun = if is_rules { "rule" } else { "answer" };
            let word = if is_rules && word == "CHANGED" {
                "BROKEN "
            } else {
                word
            };
            format!(
                "{word} {name}: {}\n{}",
                plural(checks.len(), noun),
                of_checks(checks, raw)
            )
        }
        Outcome::Accepted(checks) => {
            let changed = checks.iter().filter(|check| !check.findings.is_empty());
            let changed = plural(changed.count(), "answer");
            format!(
                "accepted {name}: {changed} of {}\n{}",
                checks.len(),
                of_checks(checks, raw)
            )
        }
    }
}

fn of_checks(checks: &[Check], raw: bool) -> String {
    let mut text = String::new();
    for check in checks.iter().filter(|check| !check.follows) {
        for finding in check.findings.iter().take(FINDINGS) {
            let _ = writeln!(
                text,
                "  {}: {}",
                printable(&check.name),
                printable(&finding.sentence)
            );
            for command in &finding.see {
                let _ = writeln!(text, "      {}", printable(command));
            }
        }
        let more = check.findings.len().saturating_sub(FINDINGS);
        if more > 0 {
            let _ = writeln!(text, "  {}: and {more} more", printable(&check.name));
        }
    }
    let following: Vec<String> = checks
        .iter()
        .filter(|check| check.follows)
        .map(|check| printable(&check.name).into_owned())
        .collect();
    if !following.is_empty() {
        let _ = writeln!(text, "  and with it: {}", following.join(", "));
    }
    for note in checks.iter().filter_map(|check| check.note.as_ref()) {
        let _ = writeln!(text, "  note: {}", printable(note));
    }
    for (check, difference) in checks.iter().filter_map(|c| Some((c, c.raw.as_ref()?))) {
        if raw {
            let _ = writeln!(
                text,
                "  --- {}",
                printable(&check.file.display().to_string())
            );
            for line in difference.lines() {
                let _ = writeln!(text, "  {}", printable(line));
            }
        }
    }
    text
}

fn last_line(report: &Report) -> String {
    let count = |verdict| {
        let verdicts = report.scenarios.iter().map(ScenarioReport::verdict);
        verdicts.filter(|found| *found == verdict).count()
    };
    let scenarios = plural(report.scenarios.len(), "scenario");
    match (count(Verdict::Different), count(Verdict::Failed)) {
        (0, 0) => format!("{scenarios}: all is as expected\n"),
        (different, 0) => format!("{scenarios}: {different} not as expected\n"),
        (0, failed) => format!("{scenarios}: {failed} could not be checked\n"),
        (different, failed) => {
            format!("{scenarios}: {different} not as expected, {failed} could not be checked\n")
        }
    }
}
