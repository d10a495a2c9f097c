//! Readers: what the octets of a capture are read with.
//!
//! In: an opened file, or anything that can be read. Out: `read`s of it.
//!
//! **Shape** a file that is not compressed has places, which can be read side by side; everything
//! else is a stream.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What octets are read with.
pub(crate) enum Reader {
    /// A place in a file.
    File(Place),
    /// A pipe, or what is decompressed on the way.
    Stream(Box<dyn Read + Send>),
}

/// A reader, and how much was read with it.
pub(crate) struct Counted {
    pub(crate) reader: Reader,
    pub(crate) count: ReadCount,
}

/// Octets read so far, as they lie in the file. Clones share the count.
#[derive(Clone, Default)]
pub(crate) struct ReadCount(Arc<AtomicU64>);

impl Counted {
    /// A file from its beginning, or a pipe that lies where files do.
    pub(crate) fn file(file: File) -> io::Result<Self> {
        if !file.metadata()?.is_file() {
            return Ok(Self::stream(file));
        }
        let count = ReadCount::default();
        let reader = Reader::File(Place {
            file: Arc::new(file),
            offset: 0,
            count: count.clone(),
        });
        Ok(Self { reader, count })
    }

    /// Anything that can be read.
    pub(crate) fn stream(stream: impl Read + Send + 'static) -> Self {
        let count = ReadCount::default();
        let reader = Reader::Stream(Box::new(Counting {
            stream,
            count: count.clone(),
        }));
        Self { reader, count }
    }
}

impl ReadCount {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// A place in a file, from which it is read on. Clones move on by themselves.
#[derive(Clone)]
pub(crate) struct Place {
    file: Arc<File>,
    offset: u64,
    count: ReadCount,
}

impl Place {
    /// Moves past octets that are not read from here.
    pub(crate) fn pass(&mut self, octets: u64) {
        self.offset = self.offset.saturating_add(octets);
    }
}

impl Read for Place {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.file, buffer, self.offset)?;
        self.offset += count as u64;
        self.count.add(count);
        Ok(count)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(place) => place.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// A stream that is counted.
struct Counting<R> {
    stream: R,
    count: ReadCount,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.count.add(count);
        Ok(count)
    }
}
