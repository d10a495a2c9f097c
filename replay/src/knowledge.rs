//! What a replay knows beside its captures: the cluster's objects, ranges and names.
//!
//! In: cluster files, names files and the scenario folders among the captures. Out: an engine that
//! knows them, the captures that are meant, and what to say about both.
//! **Errors** the first file that can not be used.

use std::path::{Path, PathBuf};

use analyzer::engine::{Engine, Settings};
use analyzer::hop::declaration::TakenAt;
use analyzer::time::Timestamp;

use crate::error::ReplayError;
use crate::scenario::{Scenario, ScenarioError, Source};
use crate::session::ReplayInputs;
use crate::sources::Sources;
use crate::told::Told;

/// What was made of the inputs.
pub(crate) struct Knowledge {
    /// The captures to read.
    pub(crate) captures: Vec<PathBuf>,
    /// Which of them are one source, and where it was taken.
    pub(crate) sources: Sources,
    /// From when to when recorders watched.
    pub(crate) watched: Vec<(Timestamp, Timestamp)>,
    /// What the clocks of recorders told last, where everything was recorded by one.
    pub(crate) told: Option<Timestamp>,
    /// What to know before trusting the answers.
    pub(crate) warnings: Vec<String>,
}

/// An engine that knows all that `inputs` tell beside their frames.
pub(crate) fn engine(
    mut settings: Settings,
    inputs: &ReplayInputs,
) -> Result<(Engine, Knowledge), ReplayError> {
    check_standard_input(inputs)?;
    let mut knowledge = Knowledge {
        captures: Vec::new(),
        sources: Sources::default(),
        watched: Vec::new(),
        told: None,
        warnings: Vec::new(),
    };
    let mut declared = Vec::new();
    let mut cluster = inputs.cluster.clone();
    let mut ranges = inputs.cluster_cidrs.clone();
    let mut names: Vec<PathBuf> = inputs.names.iter().cloned().collect();
    for capture in &inputs.captures {
        let Some(scenario) = scenario(capture)? else {
            knowledge.captures.push(capture.clone());
            continue;
        };
        if scenario.declared {
            declared.extend(
                scenario
                    .captures
                    .iter()
                    .filter(|source| is_placed(source))
                    .cloned(),
            );
        }
        knowledge.add_captures(capture, &scenario);
        scenario.recorded.lay_over(&mut settings);
        knowledge.watched.extend(scenario.recorded.watched);
        let filter = scenario.recorded.filter.as_deref();
        let filter = filter.map(|filter| filter_warning(capture, filter));
        knowledge.warnings.extend(filter);
        cluster.extend(scenario.cluster);
        ranges.extend(scenario.cluster_cidrs);
        names.extend(scenario.names);
    }
    if knowledge.watched.len() == inputs.captures.len() {
        knowledge.told = knowledge.watched.iter().map(|(_, until)| *until).max();
    }
    knowledge.sources = Sources::new(declared, &inputs.at)?;
    let mut engine = Engine::new(settings);
    let files = cluster.iter().map(PathBuf::as_path);
    let mut told = Told::read(files, names.iter().map(PathBuf::as_path), ranges)?;
    knowledge.warnings.append(&mut told.warnings);
    told.tell(&mut engine);
    Ok((engine, knowledge))
}

/// What to know of a recording of which a filter left something out.
fn filter_warning(folder: &Path, filter: &str) -> String {
    format!(
        "{}: recorded with --filter {filter:?}: other traffic was left out, and is counted as \
         excluded",
        folder.display()
    )
}

/// Standard input can be read once: captures and objects can not both be it.
fn check_standard_input(inputs: &ReplayInputs) -> Result<(), ReplayError> {
    let is_named = |files: &[PathBuf]| files.iter().any(|file| file == Path::new("-"));
    if is_named(&inputs.captures) && is_named(&inputs.cluster) {
        return Err(ReplayError::StandardInputTwice);
    }
    Ok(())
}

/// What a folder says of itself; `None` for what is no folder, or has no capture by its looks: the
/// captures' reader says that better.
fn scenario(capture: &Path) -> Result<Option<Scenario>, ReplayError> {
    if !capture.is_dir() {
        return Ok(None);
    }
    match Scenario::open(capture) {
        Ok(scenario) => Ok(Some(scenario)),
        Err(ScenarioError::Folder { .. } | ScenarioError::Empty(_)) => Ok(None),
        Err(error @ ScenarioError::Declaration { .. }) => Err(error.into()),
    }
}

impl Knowledge {
    /// A folder that declares its captures means those; another means whatever capture is in it.
    fn add_captures(&mut self, folder: &Path, scenario: &Scenario) {
        if !scenario.declared {
            self.captures.push(folder.to_owned());
            return;
        }
        self.captures.extend(
            scenario
                .captures
                .iter()
                .flat_map(|source| source.files.clone()),
        );
    }
}

/// What is said to be between is a tap like any that nothing is said of.
fn is_placed(source: &Source) -> bool {
    let interfaces = source.interfaces.len() + source.numbered.len() + source.names.len();
    source.at != TakenAt::Between || interfaces > 0 || source.left_out.is_some()
}

#[cfg(test)]
mod tests;
