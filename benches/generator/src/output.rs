//! The file that is written: its name says its form, and whether it is compressed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use zstd::stream::write::Encoder;

use crate::capture::Form;

/// Large writes: the file system, not the system call, should set the pace.
const BUFFER: usize = 1 << 20;
/// Quick to write; reading takes as long whatever the level.
const LEVEL: i32 = 1;

/// A file, or a compressed one.
pub(crate) enum Output {
    Plain(BufWriter<File>),
    Zstd(Encoder<'static, BufWriter<File>>),
}

impl Output {
    /// Creates the file, compressed where its name ends in `.zst`.
    ///
    /// # Errors
    /// When it can not be created.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER, File::create(path)?);
        if is_compressed(path) {
            Ok(Self::Zstd(Encoder::new(file, LEVEL)?))
        } else {
            Ok(Self::Plain(file))
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// Those of the file.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Zstd(encoder) => encoder.finish()?.flush(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(octets),
            Self::Zstd(encoder) => encoder.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

impl Form {
    /// The form that a file of this name should have.
    pub(crate) fn of(path: &Path) -> Self {
        let name = if is_compressed(path) {
            path.file_stem().map_or(path, Path::new)
        } else {
            path
        };
        if ends_in(name, "pcapng") {
            Self::Pcapng
        } else {
            Self::Pcap
        }
    }
}

fn is_compressed(path: &Path) -> bool {
    ends_in(path, "zst")
}

fn ends_in(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_form() {
        let form = |name: &str| (Form::of(Path::new(name)), is_compressed(Path::new(name)));
        assert_eq!(form("a/small.pcap"), (Form::Pcap, false));
        assert_eq!(form("small.pcapng"), (Form::Pcapng, false));
        assert_eq!(form("small.pcap.zst"), (Form::Pcap, true));
        assert_eq!(form("small.pcapng.zst"), (Form::Pcapng, true));
        assert_eq!(form("pcapng.d/small"), (Form::Pcap, false));
    }
}
