//! A scenario folder, read to its end.
//!
//! **Shape** what it says of itself holds no path that differs between machines: files are named
//! as they are within the folder.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use analyzer::engine::Settings;
use analyzer::query::view::CoverageView;
use analyzer::query::window::Window;
use analyzer::snapshot::Snapshot;
use replay::scenario::Scenario;
use replay::{Replay, ReplayInputs};

use crate::error::VerifyError;

/// Frames read between two looks at whether there are more.
const FRAMES: usize = 1 << 16;

/// Reads all captures of a scenario.
///
/// # Errors
/// It is no folder, or its captures or its cluster cannot be read.
pub fn read(folder: &Path, settings: &Settings) -> Result<Snapshot, VerifyError> {
    check_folder(folder)?;
    let inputs = ReplayInputs {
        captures: vec![folder.to_owned()],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, *settings)?;
    while replay.step(FRAMES) {}
    Ok(replay.finish())
}

/// The captures of a scenario.
///
/// # Errors
/// The folder cannot be read, or describes itself wrongly.
pub fn captures(folder: &Path) -> Result<Vec<PathBuf>, VerifyError> {
    check_folder(folder)?;
    let sources = Scenario::open(folder)?.captures;
    Ok(sources
        .into_iter()
        .flat_map(|source| source.files)
        .collect())
}

/// What answers about a scenario rest on, its files named from within the folder.
#[must_use]
pub fn coverage(folder: &Path, snapshot: &Snapshot) -> CoverageView {
    let mut coverage = snapshot.coverage_view(&Window::default());
    let inside = folder.join("").display().to_string();
    for warning in &mut coverage.warnings {
        *warning = warning.replace(&inside, "");
        if MAIN_SEPARATOR != '/' {
            *warning = warning.replace(MAIN_SEPARATOR, "/");
        }
    }
    coverage
}

/// What is said of a scenario without flows, of which nearly everything holds.
pub(crate) fn emptiness(snapshot: &Snapshot) -> Option<String> {
    let coverage = &snapshot.coverage;
    match (coverage.frames, coverage.counted) {
        (0, _) => Some("its captures have no frame in them, so this tests nothing".to_owned()),
        (frames, 0) => Some(format!(
            "none of the {frames} frames in its captures is of a flow, so this tests nothing"
        )),
        (_, _) => None,
    }
}

/// Its name: the folder as it was given, without a slash at its end.
#[must_use]
pub fn name(folder: &Path) -> String {
    let name = folder.display().to_string();
    let trimmed = name.trim_end_matches(MAIN_SEPARATOR);
    if trimmed.is_empty() {
        name
    } else {
        trimmed.to_owned()
    }
}

/// Refuses what is no folder.
pub(crate) fn check_folder(folder: &Path) -> Result<(), VerifyError> {
    if folder.is_dir() {
        Ok(())
    } else {
        Err(VerifyError::NoFolder(folder.to_owned()))
    }
}
