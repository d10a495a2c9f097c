//! Sources of octets: a file, a pipe, any reader; gzip and zstd are undone on the way.
//!
//! In: a reader. Out: [`Octets`], decompressed, and a count of what was read.
//!
//! **Shape** compression is known by its first octets, not by a name. Any number of gzip members
//! and zstd frames follow one another; skippable zstd frames may come first.
//! **Errors** what the decompressor says ends the octets, see [`Octets::take_failure`].
//! **Source** RFC 1952 §2.3.1, RFC 8878 §3.1.

use std::io::{self, BufReader, Chain, Cursor, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use crate::octets::Octets;
use crate::portions::Portions;
use crate::reader::{Counted, ReadCount, Reader};
use crate::report::Compression;

/// Compressed octets read at a time.
const COMPRESSED_OCTETS: usize = 64 << 10;

/// An opened source.
pub(crate) struct Source {
    pub(crate) octets: Octets,
    pub(crate) compression: Compression,
    pub(crate) count: ReadCount,
}

/// What was read before it was known what it is, and what reads on, decompressed.
pub(crate) struct Unpacked {
    pub(crate) start: Vec<u8>,
    pub(crate) reader: Reader,
    pub(crate) compression: Compression,
}

impl Source {
    /// Takes a reader; waits for its first four octets. `refill` octets are read at a time.
    pub(crate) fn new(counted: Counted, refill: usize) -> io::Result<Self> {
        let Unpacked {
            start,
            reader,
            compression,
        } = unpacked(counted.reader)?;
        Ok(Self {
            octets: Octets::new(&start, reader, refill),
            compression,
            count: counted.count,
        })
    }
}

/// What a reader reads once it is decompressed; waits for its first four octets.
pub(crate) fn unpacked(mut reader: Reader) -> io::Result<Unpacked> {
    let start = read_start(&mut reader)?;
    let compression = compression_of(&start);
    let (start, reader) = match compression {
        Compression::Plain => (start, reader),
        Compression::Gzip => stream(MultiGzDecoder::new(packed(start, reader))),
        Compression::Zstd => stream(ZstdDecoder::with_buffer(packed(start, reader))?),
    };
    Ok(Unpacked {
        start,
        reader,
        compression,
    })
}

fn packed(start: Vec<u8>, reader: Reader) -> BufReader<Chain<Cursor<Vec<u8>>, Reader>> {
    BufReader::with_capacity(COMPRESSED_OCTETS, Cursor::new(start).chain(reader))
}

fn stream(decoder: impl Read + Send + 'static) -> (Vec<u8>, Reader) {
    (Vec::new(), Reader::Stream(Box::new(Portions::new(decoder))))
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
