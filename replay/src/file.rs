//! Files: kept open, or opened again for every read when there are too many to keep.
//!
//! In: a path. Out: its octets in order.
//! **Errors** a file that was replaced between two reads is another file.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How a file is held while it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hold {
    /// Open, with a large buffer.
    Open,
    /// Closed between reads, with a small buffer: thousands of captures that overlap in time
    /// would need more open files than a process has.
    Closed,
}

/// A file that is opened for every read.
pub(crate) struct Reopened {
    path: PathBuf,
    offset: u64,
    identity: (u64, u64),
}

impl Reopened {
    /// Remembers which file it is.
    pub(crate) fn new(path: &Path, file: &File) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            offset: 0,
            identity: identity(&file.metadata()?),
        })
    }
}

impl Read for Reopened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = File::open(&self.path)?;
        if identity(&file.metadata()?) != self.identity {
            return Err(io::Error::other("it was replaced while it was read"));
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let count = file.read(buffer)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// Device and inode, where the system has them: what tells files apart that have one name.
#[cfg(unix)]
fn identity(about: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (about.dev(), about.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
