//! Accepted answers as files, in the form of insta's snapshots.
//!
//! **Shape** a header between lines of three dashes, then the text. What is proposed has the same
//! form and `.new` behind its name, which is what `cargo insta review` looks for.
//! **Errors** a file that cannot be read or written; a header that is none.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::VerifyError;
use crate::expect::queries::{self, ExpectedQuery};

const ENDING: &str = ".snap";
const MARK: &str = "---\n";

/// How many files were begun.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// The accepted answer of a query.
pub struct Accepted {
    file: PathBuf,
    new: PathBuf,
}

impl Accepted {
    /// Where it is, or would be.
    #[must_use]
    pub fn of(expect: &Path, query: &str) -> Self {
        Self {
            file: expect.join(format!("{query}{ENDING}")),
            new: expect.join(format!("{query}{ENDING}.new")),
        }
    }

    /// Its file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Its text; `None` when nothing was accepted.
    pub(crate) fn read(&self) -> Result<Option<String>, VerifyError> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text.replace("\r\n", "\n"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(VerifyError::file(&self.file, error)),
        };
        match body(&text) {
            Some(body) => Ok(Some(body.trim_end().to_owned())),
            None => Err(self.wrong_line(1, "no snapshot, expected a header between lines of ---")),
        }
    }

    /// Accepts a text.
    pub(crate) fn accept(&self, query: &ExpectedQuery, text: &str) -> Result<(), VerifyError> {
        write(&self.file, snapshot(query, text).as_bytes())?;
        self.forget_new();
        Ok(())
    }

    /// Writes a text beside the accepted one; says why where that is not possible.
    pub(crate) fn propose(&self, query: &ExpectedQuery, text: &str) -> Result<(), String> {
        write(&self.new, snapshot(query, text).as_bytes()).map_err(|error| error.to_string())
    }

    /// Nothing is proposed any more.
    pub(crate) fn forget_new(&self) {
        // It is rarely there, and where it cannot be removed it says nothing false.
        let _ = fs::remove_file(&self.new);
    }

    /// No answer is accepted any more.
    pub(crate) fn remove(&self) -> Result<(), VerifyError> {
        self.forget_new();
        fs::remove_file(&self.file).map_err(|error| VerifyError::file(&self.file, error))
    }

    /// What is wrong with a line of its text.
    pub(crate) fn wrong(&self, line: usize, problem: &str) -> VerifyError {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let header = body(&text).map_or(0, |body| text.len() - body.len());
        let above = text.get(..header).unwrap_or_default().lines().count();
        self.wrong_line(above + line, problem)
    }

    fn wrong_line(&self, line: usize, problem: &str) -> VerifyError {
        VerifyError::Place {
            file: self.file.clone(),
            line,
            column: 0,
            problem: format!("{problem}; `pilotfish verify --update` writes it anew"),
        }
    }
}

/// The queries of which an answer was accepted, in order of name.
pub(crate) fn names(expect: &Path) -> Result<Vec<String>, VerifyError> {
    let wrong = |error| VerifyError::file(expect, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(expect).map_err(wrong)? {
        let name = entry.map_err(wrong)?.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(ENDING));
        names.extend(name.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Writes a file whole or not at all, with the folders it is in.
pub(crate) fn write(file: &Path, octets: &[u8]) -> Result<(), VerifyError> {
    let wrong = |error| VerifyError::file(file, error);
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(wrong)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    // Nothing else that is written has this name: no other process, no other thread.
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let part = folder.join(format!(".{name}.{}.{number}", process::id()));
    let written = fs::File::create(&part).and_then(|mut part| {
        part.write_all(octets)?;
        part.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&part, file));
    moved.map_err(|error| {
        let _ = fs::remove_file(&part);
        wrong(error)
    })
}

fn snapshot(query: &ExpectedQuery, text: &str) -> String {
    let (source, asked) = (queries::FILE, &query.name);
    format!("{MARK}source: {source}\nexpression: {asked}\n{MARK}{text}\n")
}

fn body(text: &str) -> Option<&str> {
    let header = text.strip_prefix(MARK)?;
    if let Some(body) = header.strip_prefix(MARK) {
        return Some(body);
    }
    header.split_once("\n---\n").map(|(_, body)| body)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_file_that_is_written_twice_at_once_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flows.snap");
        let (one, other) = (vec![b'1'; 1 << 16], vec![b'2'; 1 << 16]);
        for _ in 0..8 {
            thread::scope(|scope| {
                for octets in [&one, &other] {
                    scope.spawn(|| write(&file, octets).unwrap());
                }
            });
            let written = fs::read(&file).unwrap();
            assert!(written == one || written == other);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
