//! Files that are whole whenever they are looked at.
//!
//! In: records, put into a buffer. Out: a file that ends behind a record, whatever ends the
//! process: the buffer is handed to the system as one.
//! **Errors** [`RecordError::Write`], with the file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::recorder::RecordError;

/// Octets that wait before they are written.
const BUFFER: usize = 256 << 10;

/// A file that records are added to.
pub(super) struct Output {
    path: PathBuf,
    /// `None` when it is complete.
    file: Option<File>,
    buffer: Vec<u8>,
    written: u64,
}

impl Output {
    /// A new file.
    pub(super) fn create(path: PathBuf) -> Result<Self, RecordError> {
        match File::create_new(&path) {
            Ok(file) => Ok(Self {
                path,
                file: Some(file),
                buffer: Vec::new(),
                written: 0,
            }),
            Err(error) => Err(RecordError::write(&path, error)),
        }
    }

    /// Octets of the file, those that wait included.
    pub(super) fn size(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Adds one record, or several: whatever `put` does.
    #[inline]
    pub(super) fn add(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> Result<(), RecordError> {
        put(&mut self.buffer);
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands what waits to the system, which keeps it when this process ends.
    pub(super) fn flush(&mut self) -> Result<(), RecordError> {
        let outcome = match &mut self.file {
            Some(file) => file.write_all(&self.buffer),
            None => Ok(()),
        };
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        outcome.map_err(|error| RecordError::write(&self.path, error))
    }

    /// Completes the file: nothing is added any more.
    pub(super) fn close(&mut self) -> Result<(), RecordError> {
        self.flush()?;
        self.file = None;
        Ok(())
    }

    /// Whether it is complete.
    pub(super) const fn is_closed(&self) -> bool {
        self.file.is_none()
    }
}

/// Puts a text in the place of a file: a reader finds the old one or the new one, whole.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), RecordError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A name that no reader of scenarios takes for a capture.
    let beside = path.with_file_name(format!(".{name}.new"));
    let write = || -> io::Result<()> {
        fs::write(&beside, text)?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| RecordError::write(path, error))
}
