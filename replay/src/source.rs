//! Sources of octets: a file, a pipe, any reader; gzip and zstd are undone on the way.
//!
//! In: a reader. Out: [`Octets`], decompressed, and a count of what was read.
//!
//! **Shape** compression is known by its first octets, not by a name. Any number of gzip members
//! and zstd frames follow one another; skippable zstd frames may come first.
//! **Errors** what the decompressor says ends the octets, see [`Octets::take_failure`].
//! **Source** RFC 1952 §2.3.1, RFC 8878 §3.1.

use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use crate::octets::Octets;
use crate::report::Compression;

/// Compressed octets read at a time.
const COMPRESSED_OCTETS: usize = 64 << 10;

/// An opened source.
pub(crate) struct Source {
    pub(crate) octets: Octets,
    pub(crate) compression: Compression,
    pub(crate) count: ReadCount,
}

/// Octets read so far, as they lie in the file. Clones share the count.
#[derive(Clone, Default)]
pub(crate) struct ReadCount(Arc<AtomicU64>);

impl ReadCount {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Source {
    /// Takes a reader; waits for its first four octets. `refill` octets are read at a time.
    pub(crate) fn new(reader: impl Read + Send + 'static, refill: usize) -> io::Result<Self> {
        let count = ReadCount::default();
        let counted = Counted {
            reader,
            count: count.clone(),
        };
        let (reader, compression) = unpacked(counted)?;
        Ok(Self {
            octets: Octets::new(reader, refill),
            compression,
            count,
        })
    }
}

/// What a reader reads once it is decompressed; waits for its first four octets.
pub(crate) fn unpacked(
    mut reader: impl Read + Send + 'static,
) -> io::Result<(Box<dyn Read + Send>, Compression)> {
    let start = read_start(&mut reader)?;
    let compression = compression_of(&start);
    let whole = Cursor::new(start).chain(reader);
    let packed = |reader| BufReader::with_capacity(COMPRESSED_OCTETS, reader);
    let reader: Box<dyn Read + Send> = match compression {
        Compression::Plain => Box::new(whole),
        Compression::Gzip => Box::new(MultiGzDecoder::new(packed(whole))),
        Compression::Zstd => Box::new(ZstdDecoder::with_buffer(packed(whole))?),
    };
    Ok((reader, compression))
}

fn compression_of(start: &[u8]) -> Compression {
    match start {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Compression::Zstd,
        _ => Compression::Plain,
    }
}

/// Up to four octets: fewer only at the end.
fn read_start(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(4);
    match reader.take(4).read_to_end(&mut start) {
        Ok(_) => Ok(start),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(start),
        Err(error) => Err(error),
    }
}

/// A reader that counts.
struct Counted<R> {
    reader: R,
    count: ReadCount,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count.0.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
