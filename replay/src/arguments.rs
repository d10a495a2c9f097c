//! Arguments: what a person names, to the files that are meant.
//!
//! In: files, folders, patterns, `-`. Out: inputs, each once.
//! **Errors** what is not there, and patterns that match nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::capture::named;
use crate::error::{CaptureError, ReplayError};
use crate::warning::{Problem, Warning};

/// Endings of captures.
const CAPTURES: [&str; 4] = ["cap", "ntar", "pcap", "pcapng"];

/// One file to be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) named: Named,
    /// Octets of a regular file; `None` for what can be read only once.
    pub(crate) size: Option<u64>,
}

/// How a file came to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    /// By itself: it must be a capture.
    Itself,
    /// It lies in a folder that was named: it may be anything.
    InFolder,
}

impl Input {
    /// Whether its name ends as those of captures do, packed and rotated ones included:
    /// `a.pcap`, `a.cap.gz`, `a.pcap12`, `a.pcapng.1`. Files of a desktop (`._a.pcap`) do not
    /// count.
    pub(crate) fn is_named_as_capture(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().to_lowercase();
        let plain = name.strip_suffix(".gz").or(name.strip_suffix(".zst"));
        let rotated = plain.unwrap_or(&name);
        let bare = rotated.trim_end_matches(|c: char| c.is_ascii_digit());
        let ending = bare.strip_suffix('.').unwrap_or(bare).rsplit_once('.');
        !name.starts_with('.') && ending.is_some_and(|(_, ending)| CAPTURES.contains(&ending))
    }
}

/// The inputs of some arguments.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) files: Vec<Input>,
    pub(crate) warnings: Vec<Warning>,
    /// The folders among the arguments.
    pub(crate) folders: Vec<PathBuf>,
    seen: BTreeSet<PathBuf>,
}

impl Inputs {
    /// Expands all arguments.
    pub(crate) fn of(arguments: &[PathBuf]) -> Result<Self, ReplayError> {
        if arguments.is_empty() {
            return Err(ReplayError::NothingNamed);
        }
        let mut inputs = Self::default();
        for argument in arguments {
            inputs.add_argument(argument)?;
        }
        Ok(inputs)
    }

    fn add_argument(&mut self, argument: &Path) -> Result<(), ReplayError> {
        if argument == Path::new("-") {
            self.add(argument.to_owned(), Named::Itself, None);
            return Ok(());
        }
        // A file whose name looks like a pattern is a file.
        match argument
            .to_str()
            .filter(|text| text.contains(['*', '?', '[']))
        {
            Some(pattern) if !argument.exists() => self.add_pattern(pattern),
            _ => self.add_path(argument),
        }
    }

    fn add_pattern(&mut self, pattern: &str) -> Result<(), ReplayError> {
        let wrong = |reason: String| ReplayError::Pattern {
            pattern: pattern.to_owned(),
            reason,
        };
        let paths = glob::glob(pattern).map_err(|error| wrong(error.to_string()))?;
        let mut matches = 0_usize;
        for path in paths {
            let path = path.map_err(|error| {
                let path = error.path().to_owned();
                named(&path, CaptureError::Unreadable(error.into()))
            })?;
            self.add_path(&path)?;
            matches += 1;
        }
        if matches == 0 {
            return Err(wrong("no file matches this pattern".to_owned()));
        }
        Ok(())
    }

    fn add_path(&mut self, path: &Path) -> Result<(), ReplayError> {
        let unreadable = |error| named(path, CaptureError::Unreadable(error));
        let about = fs::metadata(path).map_err(unreadable)?;
        if !about.is_dir() {
            let size = about.is_file().then_some(about.len());
            self.add(path.to_owned(), Named::Itself, size);
            return Ok(());
        }
        self.folders.push(path.to_owned());
        let mut members = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            members.push(entry.map_err(unreadable)?.path());
        }
        members.sort();
        for member in members {
            // A dangling link is no capture; a pipe would be waited for.
            if let Some(about) = fs::metadata(&member).ok().filter(fs::Metadata::is_file) {
                self.add(member, Named::InFolder, Some(about.len()));
            }
        }
        Ok(())
    }

    fn add(&mut self, path: PathBuf, named: Named, size: Option<u64>) {
        let identity = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if self.seen.insert(identity) {
            self.files.push(Input { path, named, size });
        } else {
            let problem = Problem::NamedTwice;
            self.warnings.push(Warning {
                file: path,
                offset: None,
                problem,
            });
        }
    }
}
