//! Scenarios: a folder of captures and what is known of their cluster.
//!
//! In: a folder, with or without a `scenario.yaml`. Out: [`Scenario`].
//! **Shape** without a `scenario.yaml` every file that might be a capture is one, taken between
//! the ends, and the cluster is told by `cluster.yaml`, `cluster.json`, `cluster.jsonl` and
//! `cluster.jsonl.gz`, as far as they are there. `names.txt` names addresses in either case.
//! `files`, `cluster` and `cluster_cidrs` say what is read; `at` and `interfaces` declare where it
//! was seen, and are checked and kept.
//! **Errors** [`ScenarioError`]: file, line and field.

mod declaration;
mod interfaces;
mod recorded;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::engine::Unrecorded;
use analyzer::hop::declaration::{InterfaceOwner, Shown, TakenAt};
use ipnet::IpNet;

use crate::text::TextError;
use objects::document::DocumentError;
use objects::document::field::FieldError;

pub use crate::scenario::recorded::Recorded;

/// The file that describes a scenario.
const DECLARATION: &str = "scenario.yaml";

/// The files that tell the cluster, unless it is said otherwise.
const CLUSTER_FILES: [&str; 4] = [
    "cluster.yaml",
    "cluster.json",
    "cluster.jsonl",
    "cluster.jsonl.gz",
];

/// The file that names addresses.
const NAMES_FILE: &str = "names.txt";

/// Endings of files that are no captures.
const NO_CAPTURES: [&str; 6] = ["json", "jsonl", "md", "txt", "yaml", "yml"];

/// A scenario, with the paths of its files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scenario {
    /// Its captures.
    pub captures: Vec<Source>,
    /// Whether `scenario.yaml` lists them, or they are whatever the folder has.
    pub declared: bool,
    /// The files that tell its cluster.
    pub cluster: Vec<PathBuf>,
    /// Ranges of the cluster's addresses, beside those of its nodes.
    pub cluster_cidrs: Vec<IpNet>,
    /// The file that names addresses.
    pub names: Option<PathBuf>,
    /// What a recorder says of the live run.
    pub recorded: Recorded,
}

/// Captures that are one source, and where they were taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// A capture, or the rotated files of one, in any order.
    pub files: Vec<PathBuf>,
    /// Where it was taken.
    pub at: TakenAt,
    /// Which interfaces it shows.
    pub shows: Shown,
    /// Whose the interfaces are, by name.
    pub interfaces: BTreeMap<Arc<str>, InterfaceOwner>,
    /// The same by number, which counts for more.
    pub numbered: BTreeMap<u32, InterfaceOwner>,
    /// What interfaces are called, by number.
    pub names: BTreeMap<u32, Arc<str>>,
    /// Frames that a recorder saw there and left out.
    pub left_out: Option<Unrecorded>,
}

/// A scenario that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The folder cannot be read.
    #[error("{}: {error}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is no capture in the folder.
    #[error("{}: no capture in this folder", .0.display())]
    Empty(PathBuf),
    /// The description is wrong.
    #[error("{}{}: {problem}", file.display(), place.map(place_text).unwrap_or_default())]
    Declaration {
        /// The description.
        file: PathBuf,
        /// Line and column, where known.
        place: Option<(usize, Option<usize>)>,
        /// What is wrong.
        problem: String,
    },
}

impl Scenario {
    /// Reads what a folder says of itself.
    ///
    /// # Errors
    /// When the folder cannot be read, has no capture, or its `scenario.yaml` is wrong.
    pub fn open(folder: &Path) -> Result<Self, ScenarioError> {
        let files = files(folder)?;
        let there = |name: &&str| {
            files
                .iter()
                .any(|file| file.file_name().is_some_and(|own| own == *name))
        };
        let mut scenario = Self {
            captures: Vec::new(),
            declared: false,
            cluster: CLUSTER_FILES
                .iter()
                .filter(|name| there(name))
                .map(|name| folder.join(name))
                .collect(),
            cluster_cidrs: Vec::new(),
            recorded: Recorded::default(),
            names: Some(NAMES_FILE).filter(there).map(|name| folder.join(name)),
        };
        if there(&DECLARATION) {
            declaration::read(folder, &folder.join(DECLARATION), &mut scenario)?;
        }
        scenario.declared = !scenario.captures.is_empty();
        if !scenario.declared {
            let captures = files.into_iter().filter(|file| may_be_capture(file));
            scenario.captures = captures.map(Source::between).collect();
        }
        if scenario.captures.is_empty() {
            return Err(ScenarioError::Empty(folder.to_owned()));
        }
        Ok(scenario)
    }
}

impl Source {
    /// A capture of which nothing is declared.
    fn between(file: PathBuf) -> Self {
        Self {
            files: vec![file],
            at: TakenAt::Between,
            shows: Shown::Some,
            interfaces: BTreeMap::new(),
            numbered: BTreeMap::new(),
            names: BTreeMap::new(),
            left_out: None,
        }
    }
}

impl ScenarioError {
    fn text(file: &Path, error: &TextError) -> Self {
        Self::Declaration {
            file: file.to_owned(),
            place: None,
            problem: error.to_string(),
        }
    }

    fn syntax(file: &Path, error: DocumentError) -> Self {
        let place = Some((error.line, Some(error.column)));
        Self::Declaration {
            file: file.to_owned(),
            place,
            problem: error.problem,
        }
    }

    fn field(
        file: &Path,
        FieldError {
            line,
            path,
            problem,
        }: FieldError,
    ) -> Self {
        let problem = if path.is_empty() {
            problem
        } else {
            format!("{path}: {problem}")
        };
        let place = (line > 0).then_some((line, None));
        Self::Declaration {
            file: file.to_owned(),
            place,
            problem,
        }
    }
}

fn place_text((line, column): (usize, Option<usize>)) -> String {
    column.map_or_else(|| format!(":{line}"), |column| format!(":{line}:{column}"))
}

/// The regular files of a folder, in order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, ScenarioError> {
    let wrong = |error| ScenarioError::Folder {
        folder: folder.to_owned(),
        error,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a file's name leaves open that it is a capture.
fn may_be_capture(file: &Path) -> bool {
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    let ending = file
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    !name.starts_with('.')
        && !CLUSTER_FILES.contains(&&*name)
        && !ending.is_some_and(|ending| NO_CAPTURES.contains(&&*ending))
}

#[cfg(test)]
mod tests;
