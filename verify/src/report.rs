//! What was found, scenario by scenario.
//!
//! In: checks of answers and of rules. Out: text for people, JSON, XML of `JUnit`, annotations of
//! GitHub, and a summary in Markdown.
//! **Shape** what captures and clusters bring along as names is shown escaped in every form.

use std::path::PathBuf;

use serde::Serialize;

mod github;
mod json;
mod junit;
mod markdown;
mod plain;
mod text;

pub use crate::report::markdown::{code, summary};
pub use crate::report::plain::printable;

/// What came of all scenarios.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// In order of name.
    pub scenarios: Vec<ScenarioReport>,
}

/// What came of a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioReport {
    /// Its folder, as it was named.
    pub scenario: String,
    /// What is doubtful about everything that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a scenario.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was checked.
    Checked(Vec<Check>),
    /// What is found was accepted.
    Accepted(Vec<Check>),
    /// It could not be checked.
    Failed(String),
}

/// One answer, or one rule.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What is wrong; nothing where all is well.
    pub findings: Vec<Finding>,
    /// Whether what is found only follows from what another check tells.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub follows: bool,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The file that says what is expected.
    pub file: PathBuf,
    /// The line in it, from 1; 0 where the whole file is meant.
    #[serde(skip_serializing_if = "is_zero")]
    pub line: usize,
    /// The difference of the texts.
    #[serde(skip)]
    pub raw: Option<String>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// As a person would say it.
    pub sentence: String,
    /// Commands that show the packets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub see: Vec<String>,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A row appeared.
    Appeared,
    /// A row is gone.
    Gone,
    /// A name was resolved differently.
    Renamed,
    /// Counts moved.
    Moved,
    /// No answer was accepted.
    NotAccepted,
    /// An answer was accepted for nothing.
    NotAsked,
    /// A flow is there that a rule forbids.
    Forbidden,
    /// What a rule requires is not there.
    Missing,
    /// A rule could not be evaluated for a flow.
    NotEvaluated,
}

/// A form of the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For most kinds of CI.
    Junit,
    /// Annotations of GitHub.
    Github,
}

/// What came of everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// All is as expected.
    Same,
    /// Something is not.
    Different,
    /// Something could not be checked.
    Failed,
}

impl Report {
    /// What came of everything.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.scenarios.iter().map(ScenarioReport::verdict);
        verdicts.max().unwrap_or(Verdict::Same)
    }

    /// Its text in a form; with the differences of texts, where they are asked for.
    #[must_use]
    pub fn render(&self, format: Format, raw: bool) -> String {
        match format {
            Format::Text => text::render(self, raw),
            Format::Json => json::render(self),
            Format::Junit => junit::render(self),
            Format::Github => github::render(self),
        }
    }
}

impl ScenarioReport {
    /// What came of it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.outcome {
            Outcome::Failed(_) => Verdict::Failed,
            Outcome::Accepted(_) => Verdict::Same,
            Outcome::Checked(checks) => {
                let is_well = checks.iter().all(|check| check.findings.is_empty());
                if is_well {
                    Verdict::Same
                } else {
                    Verdict::Different
                }
            }
        }
    }
}

impl Check {
    /// A check that found nothing.
    #[must_use]
    pub fn new(name: &str, file: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            findings: Vec::new(),
            follows: false,
            note: None,
            file,
            line: 0,
            raw: None,
        }
    }
}

impl Finding {
    /// Whether rows differ, and the answer is not missing as a whole.
    #[must_use]
    pub const fn is_of_rows(&self) -> bool {
        matches!(
            self.kind,
            Kind::Appeared | Kind::Gone | Kind::Renamed | Kind::Moved
        )
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}
