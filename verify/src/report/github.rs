//! Annotations of GitHub: one `::error` line for each finding, at the file that expects otherwise,
//! and a `::warning` where a scenario tests nothing.
//!
//! **Source** GitHub's workflow commands: in a message `%`, CR and LF are escaped, in a property `:`
//! and `,` too. No other characters end either, so a name cannot begin a command of its own.

use std::fmt::Write as _;

use crate::report::plain::printable;
use crate::report::{Check, Outcome, Report};

/// GitHub shows ten annotations of a step; the first ones say enough.
const MOST: usize = 10;

pub(super) fn render(report: &Report) -> String {
    let mut lines = Vec::new();
    for scenario in &report.scenarios {
        let name = &scenario.scenario;
        let warning = scenario.warning.iter();
        lines
            .extend(warning.map(|warning| {
                format!("::warning title={}::{}", property(name), message(warning))
            }));
        match &scenario.outcome {
            Outcome::Failed(error) => lines.push(format!(
                "::error title={}::{}",
                property(name),
                message(error)
            )),
            Outcome::Checked(checks) => {
                let told = checks.iter().filter(|check| !check.follows);
                lines.extend(told.flat_map(|check| annotations(name, check)));
            }
            Outcome::Accepted(_) => {}
        }
    }
    let left = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if left > 0 {
        lines.push(format!(
            "::notice::{left} more findings, see the log and the summary"
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn annotations<'c>(scenario: &str, check: &'c Check) -> impl Iterator<Item = String> + use<'c> {
    let title = property(&format!("{scenario}: {}", check.name));
    let mut place = format!("file={}", property(&check.file.display().to_string()));
    if check.line > 0 {
        let _ = write!(place, ",line={}", check.line);
    }
    check.findings.iter().map(move |finding| {
        let text = [&finding.sentence].into_iter().chain(&finding.see);
        let text: Vec<String> = text.map(|line| message(line)).collect();
        format!("::error {place},title={title}::{}", text.join("%0A"))
    })
}

fn message(text: &str) -> String {
    printable(text).replace('%', "%25")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
