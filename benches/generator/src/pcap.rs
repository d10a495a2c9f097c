//! A classic capture file: little endian, nanoseconds, Ethernet.
//!
//! **Source** draft-ietf-opsawg-pcap.

use std::io::{self, Write};

/// Octets of a file before the first record, and of a record before its frame.
pub(crate) const HEADERS: [u64; 2] = [24, 16];

const NANOSECOND_MAGIC: u32 = 0xa1b2_3c4d;
const ETHERNET: u32 = 1;

/// Writes records behind a file header.
pub(crate) struct Writer<'a, W> {
    out: &'a mut W,
    snaplen: u32,
    /// Octets written so far.
    pub(crate) bytes: u64,
}

impl<'a, W: Write> Writer<'a, W> {
    /// A file whose frames are cut after `snaplen` octets.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn new(out: &'a mut W, snaplen: u32) -> io::Result<Self> {
        let version_2_4 = 2 | (4 << 16);
        for word in [NANOSECOND_MAGIC, version_2_4, 0, 0, snaplen, ETHERNET] {
            out.write_all(&word.to_le_bytes())?;
        }
        Ok(Self {
            out,
            snaplen,
            bytes: HEADERS[0],
        })
    }

    /// Appends a frame seen at `time_ns` after the epoch.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn frame(&mut self, time_ns: u64, frame: &[u8]) -> io::Result<()> {
        let original = u32::try_from(frame.len()).map_err(io::Error::other)?;
        let kept = original.min(self.snaplen);
        let seconds = u32::try_from(time_ns / 1_000_000_000).map_err(io::Error::other)?;
        let nanos = u32::try_from(time_ns % 1_000_000_000).map_err(io::Error::other)?;
        let mut header = [0; 16];
        let words = [seconds, nanos, kept, original].map(u32::to_le_bytes);
        header.copy_from_slice(words.as_flattened());
        self.out.write_all(&header)?;
        let data = frame.get(..usize::try_from(kept).map_err(io::Error::other)?);
        self.out.write_all(data.unwrap_or(frame))?;
        self.bytes += HEADERS[1] + u64::from(kept);
        Ok(())
    }
}
