//! `expect/`: the answers of a scenario that were accepted, and what was asked for them.
//!
//! **Shape** a query has a name, under which its answer is accepted: `expect/NAME.snap`. What
//! differs is written to `NAME.snap.new` beside it, until it is accepted or gone.

use std::path::Path;

use analyzer::engine::Settings;
use analyzer::snapshot::Snapshot;

use crate::answer::{self, Answer};
use crate::compare::{Change, compare};
use crate::error::VerifyError;
use crate::expect::accepted::Accepted;
use crate::expect::queries::ExpectedQuery;
use crate::report::{Check, Finding, Outcome, ScenarioReport};
use crate::scenario;
use crate::sentence;

pub mod accepted;
pub mod field;
pub mod queries;

/// The folder within a scenario.
pub const FOLDER: &str = "expect";

/// What is done with what differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// It is told.
    Compare,
    /// It is accepted, and told.
    Update,
    /// The first set of queries is written, with their answers.
    New,
}

/// Checks, or accepts, the answers of a scenario.
#[must_use]
pub fn verify(folder: &Path, mode: Mode, settings: &Settings) -> ScenarioReport {
    let (outcome, warning) = match checks(folder, mode, settings) {
        Err(error) => (Outcome::Failed(error.to_string()), None),
        Ok((checks, warning)) if mode == Mode::Compare => (Outcome::Checked(checks), warning),
        Ok((checks, warning)) => (Outcome::Accepted(checks), warning),
    };
    ScenarioReport {
        scenario: scenario::name(folder),
        warning,
        outcome,
    }
}

/// The checks of a scenario, and what is doubtful about all of them.
fn checks(
    folder: &Path,
    mode: Mode,
    settings: &Settings,
) -> Result<(Vec<Check>, Option<String>), VerifyError> {
    scenario::check_folder(folder)?;
    let expect = folder.join(FOLDER);
    let file = expect.join(queries::FILE);
    // Wrong queries are told before a long capture is read.
    let queries = match (mode, file.exists()) {
        (Mode::New, true) => return Err(VerifyError::AlreadyThere(file)),
        (Mode::New, false) => queries::first(&file)?,
        (Mode::Compare | Mode::Update, false) => {
            return Err(VerifyError::NothingAccepted(folder.to_owned()));
        }
        (Mode::Compare | Mode::Update, true) => queries::read(&file)?,
    };
    let snapshot = scenario::read(folder, settings)?;
    let mut checks = Vec::new();
    for query in &queries {
        checks.push(check(folder, &snapshot, query, mode)?);
    }
    checks.extend(unasked(&expect, &queries, mode)?);
    if mode == Mode::New {
        // The last file: where another one fails, this can be tried again.
        accepted::write(&file, queries::FIRST.as_bytes())?;
    }
    fold_consequences(&queries, &mut checks);
    Ok((checks, scenario::emptiness(&snapshot)))
}

fn check(
    folder: &Path,
    snapshot: &Snapshot,
    query: &ExpectedQuery,
    mode: Mode,
) -> Result<Check, VerifyError> {
    let expect = folder.join(FOLDER);
    let now = answer::ask(folder, snapshot, query).map_err(|error| VerifyError::Query {
        file: expect.join(queries::FILE),
        query: query.name.clone(),
        error,
    })?;
    let accepted = Accepted::of(&expect, &query.name);
    // What cannot be read is written anew where that is asked for.
    let before = match read(&accepted, query) {
        Err(_) if mode != Mode::Compare => None,
        read => read?,
    };
    let changes = match &before {
        None => vec![Change::NotAccepted { rows: now.total }],
        Some((_, was)) => compare(was, &now, &query.tolerances),
    };
    let mut check = Check::new(&query.name, accepted.file().to_owned());
    if changes.is_empty() {
        accepted.forget_new();
        return Ok(check);
    }
    let text = before.as_ref().map_or("", |(text, _)| text);
    check.raw = Some(sentence::raw(text, &now.text()));
    check.findings = changes.into_iter().map(sentence::finding).collect();
    match mode {
        Mode::Compare => check.note = accepted.propose(query, &now.text()).err(),
        Mode::Update | Mode::New => accepted.accept(query, &now.text())?,
    }
    Ok(check)
}

/// The accepted answer and its text; `None` when there is none.
fn read(
    accepted: &Accepted,
    query: &ExpectedQuery,
) -> Result<Option<(String, Answer)>, VerifyError> {
    let Some(text) = accepted.read()? else {
        return Ok(None);
    };
    let answer = Answer::parse(&text, &query.ask, &query.ignore)
        .map_err(|(line, problem)| accepted.wrong(line, &problem))?;
    Ok(Some((text, answer)))
}

/// Accepted answers that no query asks for.
fn unasked(
    expect: &Path,
    queries: &[ExpectedQuery],
    mode: Mode,
) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    for name in accepted::names(expect)? {
        if queries.iter().any(|query| query.name == name) {
            continue;
        }
        let accepted = Accepted::of(expect, &name);
        let mut check = Check::new(&name, accepted.file().to_owned());
        check.findings.push(sentence::finding(Change::NotAsked));
        if mode != Mode::Compare {
            accepted.remove()?;
        }
        checks.push(check);
    }
    Ok(checks)
}

/// Sums, edges and the account of frames move with the flows: where those are told, the others are
/// only named.
fn fold_consequences(queries: &[ExpectedQuery], checks: &mut [Check]) {
    let lists_flows = |check: &Check| {
        let mut queries = queries.iter();
        queries.any(|query| query.name == check.name && query.lists_all_flows())
    };
    let told = checks
        .iter()
        .any(|check| lists_flows(check) && check.findings.iter().any(Finding::is_of_rows));
    if !told {
        return;
    }
    for check in checks.iter_mut().filter(|check| !lists_flows(check)) {
        check.follows =
            !check.findings.is_empty() && check.findings.iter().all(Finding::is_of_rows);
    }
}
