//! Errors: why a scenario could not be checked at all.

use std::io;
use std::path::{Path, PathBuf};

use analyzer::query::parse::QueryError;
use objects::document::field::{Field, FieldError};
use objects::document::{Content, DocumentError, Keep, Value, documents};
use replay::ReplayError;
use replay::scenario::ScenarioError;
use replay::text::{TextError, read_text};

/// Why a scenario could not be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Its captures or its cluster cannot be read.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// It describes itself wrongly.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// It is no folder.
    #[error("{}: no scenario folder, expected a folder with captures", .0.display())]
    NoFolder(PathBuf),
    /// A file is wrong at a place.
    #[error("{}{}: {problem}", file.display(), place(*line, *column))]
    Place {
        /// The file.
        file: PathBuf,
        /// The line, from 1; 0 where it is not known.
        line: usize,
        /// The column, from 1; 0 where it is not known.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// Several rules are wrong, in the order in which they stand.
    #[error("{} rules are wrong: {}", .0.len(), in_a_row(.0))]
    Rules(Vec<Self>),
    /// A file cannot be read or written.
    #[error("{}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A query names what the scenario does not know.
    #[error("{}: query {query}: {error}", file.display())]
    Query {
        /// The file with the queries.
        file: PathBuf,
        /// Which of them.
        query: String,
        /// What is wrong.
        error: QueryError,
    },
    /// Nothing was accepted yet.
    #[error(
        "{}: no expect/queries.yaml in this scenario, expected accepted answers: \
         `pilotfish verify --new {}` writes a first set",
        .0.display(), .0.display()
    )]
    NothingAccepted(PathBuf),
    /// There is something to lose.
    #[error(
        "{}: is there already, and --new would replace it: \
         `pilotfish verify --update` accepts what changed",
        .0.display()
    )]
    AlreadyThere(PathBuf),
}

/// Of many errors as many are told.
const TOLD: usize = 20;

/// Errors in a row: what is shown of them is one line.
fn in_a_row(errors: &[VerifyError]) -> String {
    let told = errors.iter().take(TOLD).map(ToString::to_string);
    let rest = match errors.len().saturating_sub(TOLD) {
        0 => None,
        rest => Some(format!("and {rest} more")),
    };
    told.chain(rest).collect::<Vec<_>>().join("; ")
}

fn place(line: usize, column: usize) -> String {
    match (line, column) {
        (0, _) => String::new(),
        (line, 0) => format!(":{line}"),
        (line, column) => format!(":{line}:{column}"),
    }
}

impl VerifyError {
    /// What is wrong with rules, if anything is.
    pub(crate) fn of_rules(mut errors: Vec<Self>) -> Option<Self> {
        match errors.len() {
            0 | 1 => errors.pop(),
            _ => Some(Self::Rules(errors)),
        }
    }

    /// What is wrong with a field of a file.
    pub(crate) fn field(file: &Path, error: FieldError) -> Self {
        let FieldError {
            line,
            path,
            problem,
        } = error;
        let problem = if path.is_empty() {
            problem
        } else {
            format!("{path}: {problem}")
        };
        Self::Place {
            file: file.to_owned(),
            line,
            column: 0,
            problem,
        }
    }

    /// The file that cannot be read or written.
    pub(crate) fn file(file: &Path, error: io::Error) -> Self {
        Self::File {
            file: file.to_owned(),
            error,
        }
    }

    fn text(file: &Path, error: TextError) -> Self {
        match error {
            TextError::Unreadable(error) => Self::file(file, error),
            TextError::TooLarge | TextError::NotUtf8(_) => Self::Place {
                file: file.to_owned(),
                line: 0,
                column: 0,
                problem: error.to_string(),
            },
        }
    }

    fn document(file: &Path, error: DocumentError) -> Self {
        Self::Place {
            file: file.to_owned(),
            line: error.line,
            column: error.column,
            problem: error.problem,
        }
    }
}

/// Reads the one document of a file, and makes of it what `read` does; `read` has the text too.
pub(crate) fn read_document<T>(
    file: &Path,
    read: impl FnOnce(&Field<'_>, &str) -> Result<T, VerifyError>,
) -> Result<T, VerifyError> {
    let text = read_text(file).map_err(|error| VerifyError::text(file, error))?;
    parse_document(file, &text, read)
}

/// The same of a text that is, or will be, that of a file.
pub(crate) fn parse_document<T>(
    file: &Path,
    text: &str,
    read: impl FnOnce(&Field<'_>, &str) -> Result<T, VerifyError>,
) -> Result<T, VerifyError> {
    let all = documents(text, Keep::All).map_err(|error| VerifyError::document(file, error))?;
    if let Some(second) = all.get(1) {
        let error = Field::root(second).wrong("a second document, expected one");
        return Err(VerifyError::field(file, error));
    }
    let nothing = Value {
        line: 0,
        content: Content::Null,
    };
    read(&Field::root(all.first().unwrap_or(&nothing)), text)
}
