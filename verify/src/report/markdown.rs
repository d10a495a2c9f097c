//! A summary in Markdown, for a pull request.

use std::fmt::Write as _;

use crate::report::plain::{bounded_lines, printable};
use crate::report::{Check, Outcome, Report, ScenarioReport, Verdict};

/// Lines of a difference that are shown.
const LINES: usize = 40;
/// Findings of a scenario that are told.
const FINDINGS: usize = 20;

/// The summary; `what` says what was done, such as `verify`.
#[must_use]
pub fn summary(report: &Report, what: &str) -> String {
    let mut text = format!("### Pilotfish {what}\n\n| scenario | result |\n| --- | --- |\n");
    for scenario in &report.scenarios {
        let _ = writeln!(
            text,
            "| {} | {} |",
            code(&scenario.scenario),
            result(scenario)
        );
    }
    for scenario in &report.scenarios {
        text += &details(scenario);
    }
    text
}

fn result(report: &ScenarioReport) -> String {
    let result = verdict(report);
    match &report.warning {
        Some(warning) => format!("{result}; warning: {}", code(warning)),
        None => result,
    }
}

fn verdict(report: &ScenarioReport) -> String {
    match (&report.outcome, report.verdict()) {
        (Outcome::Failed(error), _) => format!("could not be checked: {}", code(error)),
        (_, Verdict::Same) => "as expected".to_owned(),
        (Outcome::Checked(checks) | Outcome::Accepted(checks), _) => {
            let different = checks.iter().filter(|check| !check.findings.is_empty());
            let (following, told): (Vec<&Check>, Vec<&Check>) =
                different.partition(|check| check.follows);
            let names = |checks: &[&Check]| {
                let names = checks.iter().map(|check| code(&check.name));
                names.collect::<Vec<_>>().join(", ")
            };
            let with_it = match following.as_slice() {
                [] => String::new(),
                following => format!(", and with it {}", names(following)),
            };
            format!("**not as expected**: {}{with_it}", names(&told))
        }
    }
}

fn details(report: &ScenarioReport) -> String {
    let Outcome::Checked(checks) = &report.outcome else {
        return String::new();
    };
    let told: Vec<&Check> = checks.iter().filter(|check| !check.follows).collect();
    let lines = told.iter().flat_map(|check| {
        let line = |finding: &crate::report::Finding| {
            let commands = finding
                .see
                .iter()
                .map(|command| format!("\n  {}", code(command)));
            let commands: String = commands.collect();
            format!(
                "- {}: {}{commands}\n",
                code(&check.name),
                code(&finding.sentence)
            )
        };
        check.findings.iter().map(line)
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("\n#### {}\n\n", code(&report.scenario));
    text.extend(lines.iter().take(FINDINGS).map(String::as_str));
    if lines.len() > FINDINGS {
        let _ = writeln!(text, "- and {} more", lines.len() - FINDINGS);
    }
    for difference in told.iter().filter_map(|check| check.raw.as_ref()) {
        let fence = fence(difference);
        let lines = bounded_lines(difference, LINES);
        let _ = writeln!(
            text,
            "\n<details><summary>difference</summary>\n\n{fence}diff\n{lines}\n{fence}\n\n</details>"
        );
    }
    text
}

/// A text as code, whatever is in it; a pipe would end a cell of a table.
#[must_use]
pub fn code(text: &str) -> String {
    let text = printable(text).replace('|', "\\|");
    if text.contains('`') {
        format!("`` {} ``", text.replace("``", "` `"))
    } else {
        format!("`{text}`")
    }
}

/// A fence that no line of a text ends.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat((longest + 1).max(3))
}
