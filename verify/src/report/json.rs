//! For programs.

use serde::Serialize;

use crate::report::{Report, ScenarioReport, Verdict};

/// The report with what came of it.
#[derive(Serialize)]
struct Whole<'r> {
    verdict: &'static str,
    scenarios: Vec<One<'r>>,
}

#[derive(Serialize)]
struct One<'r> {
    verdict: &'static str,
    #[serde(flatten)]
    report: &'r ScenarioReport,
}

pub(super) fn render(report: &Report) -> String {
    let one = |report| One {
        verdict: word(ScenarioReport::verdict(report)),
        report,
    };
    let whole = Whole {
        verdict: word(report.verdict()),
        scenarios: report.scenarios.iter().map(one).collect(),
    };
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "same",
        Verdict::Different => "different",
        Verdict::Failed => "failed",
    }
}
