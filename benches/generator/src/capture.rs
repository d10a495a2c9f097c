//! A capture file: records behind a header, in one of two forms.

use std::io::{self, Write};

use crate::link::Link;
use crate::pcap;
use crate::pcapng;

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Pcap,
    Pcapng,
}

/// What a reader is told of all frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) link: Link,
    /// Octets kept of a frame.
    pub(crate) snaplen: u32,
}

/// A frame, as much of it as is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) time_ns: u64,
    pub(crate) original_len: u32,
    pub(crate) kept: &'a [u8],
}

/// Writes records behind a file header.
pub(crate) struct Writer<'a, W> {
    out: &'a mut W,
    form: Form,
    snaplen: u32,
    frame: Vec<u8>,
    record: Vec<u8>,
    /// Octets written so far, before any compression.
    pub(crate) bytes: u64,
    /// The time of the last record.
    pub(crate) last_ns: u64,
}

impl<'a, W: Write> Writer<'a, W> {
    /// A file without records.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn new(out: &'a mut W, form: Form, header: Header) -> io::Result<Self> {
        let mut writer = Self {
            out,
            form,
            snaplen: header.snaplen,
            frame: Vec::new(),
            record: Vec::new(),
            bytes: 0,
            last_ns: 0,
        };
        match form {
            Form::Pcap => pcap::header(&mut writer.record, header),
            Form::Pcapng => pcapng::header(&mut writer.record, header)?,
        }
        writer.put()?;
        Ok(writer)
    }

    /// Appends a frame, which consists of `parts`; not before the last one: what comes too late is
    /// written as of that one's time.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn frame(&mut self, time_ns: u64, parts: &[&[u8]]) -> io::Result<()> {
        self.frame.clear();
        for part in parts {
            self.frame.extend_from_slice(part);
        }
        self.last_ns = self.last_ns.max(time_ns);
        let original_len = u32::try_from(self.frame.len()).map_err(io::Error::other)?;
        let kept = usize::try_from(original_len.min(self.snaplen)).map_err(io::Error::other)?;
        let record = Record {
            time_ns: self.last_ns,
            original_len,
            kept: self.frame.get(..kept).unwrap_or_default(),
        };
        match self.form {
            Form::Pcap => pcap::record(&mut self.record, record)?,
            Form::Pcapng => pcapng::record(&mut self.record, record)?,
        }
        self.put()
    }

    fn put(&mut self) -> io::Result<()> {
        self.out.write_all(&self.record)?;
        self.bytes += u64::try_from(self.record.len()).map_err(io::Error::other)?;
        self.record.clear();
        Ok(())
    }
}
