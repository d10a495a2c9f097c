//! Cluster files: Kubernetes objects to changes of the cluster.
//!
//! In: what `kubectl get pods,services,endpointslices,nodes,namespaces,replicasets -A -o yaml` (or
//! `-o json`) prints: a `List`, typed lists, several documents; or the same objects written by
//! hand, with only the fields that matter. Also a timeline, a line a change:
//! `{"time": …, "type": "ADDED", "object": {…}}`, as a watch prints them with a time added; in any
//! order, bookmarks and errors of the watch among them. Either may be packed with gzip or zstd.
//! Out: [`Change`]s; objects of a dump have no time.
//! **Errors** the first wrong object, with file, line, document, item and field. An object of
//! another kind is skipped and counted.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use analyzer::cluster::change::Change;
use objects::decoded::{Decoded, ObjectPlace};
use objects::document::field::{Field, FieldError};
use objects::document::{DocumentError, Keep, Value, documents};
use objects::kept::kept;

use crate::text::{TextError, read_standard_input, read_text};

/// What a cluster file says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClusterFile {
    /// Its changes, in order.
    pub changes: Vec<Change>,
    /// Objects that say nothing about identity, by kind.
    pub skipped: BTreeMap<String, u64>,
    /// Errors of the watch that was written down: what changed until it went on is missing.
    pub watch_errors: u64,
    /// The last line of a timeline, when it was cut off and left out.
    pub cut: Option<usize>,
}

impl ClusterFile {
    /// Whether there is no object in it, not even one that says nothing about identity.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.skipped.is_empty()
    }
}

/// A cluster file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", Place { file, line: *line })]
pub struct ClusterFileError {
    file: PathBuf,
    line: Option<(usize, Option<usize>)>,
    problem: ClusterProblem,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
enum ClusterProblem {
    #[error("{0}: expected a file of Kubernetes objects, as `kubectl get -o yaml` prints them")]
    Text(TextError),
    #[error("{0}: expected YAML or JSON as `kubectl get -o yaml` prints it")]
    Syntax(String),
    #[error("{object}: {field}")]
    Object { object: ObjectPlace, field: String },
}

/// Reads a cluster file, or standard input for `-`.
///
/// # Errors
/// When the file cannot be read, is neither YAML nor JSON, or an object of it is wrong.
pub fn read(file: &Path) -> Result<ClusterFile, ClusterFileError> {
    let text = if file == Path::new("-") {
        read_standard_input()
    } else {
        read_text(file)
    };
    let text = text.map_err(|error| ClusterFileError {
        file: file.to_owned(),
        line: None,
        problem: ClusterProblem::Text(error),
    })?;
    decode(file, &text)
}

/// Decodes the text of a cluster file; `file` is named in errors, and says whether it is a timeline.
///
/// # Errors
/// When the text is neither YAML nor JSON, or an object of it is wrong.
pub fn decode(file: &Path, text: &str) -> Result<ClusterFile, ClusterFileError> {
    let (documents, cut) = whole_documents(file, text).map_err(|error| ClusterFileError {
        file: file.to_owned(),
        line: Some((error.line, Some(error.column))),
        problem: ClusterProblem::Syntax(error.problem),
    })?;
    let mut decoded = Decoded::default();
    for (number, document) in (1..).zip(&documents) {
        let place = ObjectPlace {
            document: number,
            item: None,
            name: String::new(),
        };
        decoded
            .add_document(place, &Field::root(document))
            .map_err(|wrong| {
                let (
                    object,
                    FieldError {
                        line,
                        path,
                        problem,
                    },
                ) = *wrong;
                let field = if path.is_empty() {
                    problem
                } else {
                    format!("{path}: {problem}")
                };
                ClusterFileError {
                    file: file.to_owned(),
                    line: (line > 0).then_some((line, None)),
                    problem: ClusterProblem::Object { object, field },
                }
            })?;
    }
    Ok(ClusterFile {
        changes: decoded.changes,
        skipped: decoded.skipped,
        watch_errors: decoded.watch_errors,
        cut,
    })
}

/// The documents of a text, and the number of its last line where that alone is wrong and has no
/// end: whoever wrote the timeline was stopped within it.
fn whole_documents<'t>(
    file: &Path,
    text: &'t str,
) -> Result<(Vec<Value<'t>>, Option<usize>), DocumentError> {
    let read = |text| documents(text, Keep::Some(kept));
    let error = match read(text) {
        Ok(documents) => return Ok((documents, None)),
        Err(error) => error,
    };
    let Some(end) = text.rfind('\n') else {
        // What is wrong within the only line is wrong; a timeline that ends in it was cut.
        let is_timeline = file
            .file_name()
            .is_some_and(|name| name.to_string_lossy().contains(".jsonl"));
        let is_cut = is_timeline && text.starts_with('{') && error.problem.starts_with("EOF");
        return if is_cut {
            Ok((Vec::new(), Some(1)))
        } else {
            Err(error)
        };
    };
    match text.get(..=end).map(read) {
        Some(Ok(documents)) if text.starts_with('{') && !documents.is_empty() => {
            let line = text.lines().count();
            Ok((documents, Some(line)))
        }
        Some(_) | None => Err(error),
    }
}

/// A file, line and column, as compilers write them.
struct Place<'a> {
    file: &'a Path,
    line: Option<(usize, Option<usize>)>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        match self.line {
            None => Ok(()),
            Some((line, None)) => write!(f, ":{line}"),
            Some((line, Some(column))) => write!(f, ":{line}:{column}"),
        }
    }
}

#[cfg(test)]
mod tests;
