//! One capture: its format found, its frames lent one after the other.
//!
//! In: a file or any reader. Out: [`Frame`]s in the order of the file, and a [`CaptureReport`].
//! **Errors** only opening fails; damage met later ends or mends the reading and is a warning.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use analyzer::frame::Frame;
use analyzer::time::Timestamp;

use crate::ahead::Ahead;
use crate::error::{CaptureError, ReplayError};
use crate::file::{Hold, Reopened};
use crate::octets::Octets;
use crate::pcap::{self, Pcap, Variant};
use crate::pcapng::{self, PcapNg};
use crate::reader::{Counted, ReadCount};
use crate::record::{Record, RecordReader};
use crate::report::{CaptureReport, Compression, Format};
use crate::source::Source;
use crate::sources::Numbers;
use crate::warning::Problem;

/// Octets read at a time: as fast as 1 MiB, and it stays in a cache.
const REFILL: usize = 256 << 10;
/// The same when many captures are open together.
const SMALL_REFILL: usize = 64 << 10;

/// An opened capture.
pub struct Capture {
    octets: Octets,
    reader: RecordReader,
    report: CaptureReport,
    count: ReadCount,
    numbers: Numbers,
}

impl Capture {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// When it can not be read, or is no capture.
    pub fn open(path: &Path) -> Result<Self, ReplayError> {
        Self::open_with(path, Hold::Open).map_err(|reason| named(path, reason))
    }

    /// Takes anything that can be read; `name` stands for it in warnings and errors.
    ///
    /// # Errors
    /// When it can not be read, or is no capture.
    pub fn from_reader(
        name: impl Into<PathBuf>,
        reader: impl Read + Send + 'static,
    ) -> Result<Self, ReplayError> {
        let name = name.into();
        Self::with_refill(&name, Counted::stream(reader), REFILL)
            .map_err(|reason| named(&name, reason))
    }

    /// The next frame, `None` at the end. Its octets are lent until the next call.
    #[inline]
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        let record = self.next_record()?;
        Some(self.lend(&record))
    }

    /// What was read so far.
    #[must_use]
    pub fn report(&self) -> &CaptureReport {
        &self.report
    }

    pub(crate) fn open_with(path: &Path, hold: Hold) -> Result<Self, CaptureError> {
        if path == Path::new("-") {
            return Self::with_refill(path, Counted::stream(io::stdin()), REFILL);
        }
        let file = File::open(path).map_err(CaptureError::Unreadable)?;
        match hold {
            Hold::Open => {
                let file = Counted::file(file).map_err(CaptureError::Unreadable)?;
                Self::with_refill(path, file, REFILL)
            }
            Hold::Closed => {
                let file = Reopened::new(path, &file).map_err(CaptureError::Unreadable)?;
                Self::with_refill(path, Counted::stream(file), SMALL_REFILL)
            }
        }
    }

    #[expect(
        clippy::inline_always,
        reason = "a record is as large as what it is made of"
    )]
    #[inline(always)]
    pub(crate) fn next_record(&mut self) -> Option<Record> {
        let record = self.reader.next(&mut self.octets, &mut self.report);
        match &record {
            Some(_) => self.report.frames += 1,
            None => self.tell_failure(),
        }
        record
    }

    /// Gives up to `count` frames to `take`, says how many, and in `latest` the latest of their times.
    #[inline]
    pub(crate) fn give(
        &mut self,
        count: usize,
        latest: &mut Timestamp,
        mut take: impl FnMut(&Frame<'_>),
    ) -> usize {
        let mut given = 0;
        while given < count {
            if let RecordReader::Pcap(pcap) = &self.reader {
                let (octets, numbers) = (self.octets.buffered(), self.numbers);
                let run = pcap.give_common(octets, count - given, numbers, &mut take);
                self.octets.consume(run.octets);
                self.report.frames += run.frames as u64;
                *latest = run.latest.max(*latest);
                given += run.frames;
            }
            if given < count {
                let Some(record) = self.next_record() else {
                    break;
                };
                *latest = record.time.max(*latest);
                take(&self.lend(&record));
                given += 1;
            }
        }
        given
    }

    /// The frame of a record; the last one read of this capture.
    #[inline]
    pub(crate) fn lend(&self, record: &Record) -> Frame<'_> {
        Frame {
            time: record.time,
            link: record.link,
            original_len: record.original_len,
            offload: record.offload,
            data: self.octets.lend(record.data.clone()),
            origin: (self.numbers).origin(record.link, record.interface, record.direction),
        }
    }

    /// Lets other threads read it from here on.
    pub(crate) fn read_ahead(&mut self, ahead: &mut Ahead) {
        self.octets.read_ahead(ahead);
    }

    pub(crate) fn is_read_ahead(&self) -> bool {
        self.octets.are_read_ahead()
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.report.compression != Compression::Plain
    }

    /// Octets that were consumed, decompressed.
    pub(crate) fn octets_passed(&self) -> u64 {
        self.octets.offset()
    }

    pub(crate) fn number(&mut self, numbers: Numbers) {
        self.numbers = numbers;
    }

    pub(crate) fn octets_read(&self) -> u64 {
        self.count.get()
    }

    fn with_refill(path: &Path, counted: Counted, refill: usize) -> Result<Self, CaptureError> {
        let mut source = Source::new(counted, refill).map_err(CaptureError::Unreadable)?;
        let (reader, report) = recognise(path, &mut source.octets, source.compression)?;
        Ok(Self {
            octets: source.octets,
            reader,
            report,
            count: source.count,
            numbers: Numbers::default(),
        })
    }

    #[cold]
    fn tell_failure(&mut self) {
        if let Some(failure) = self.octets.take_failure() {
            let offset = self.octets.offset() + self.octets.buffered().len() as u64;
            let what = match self.report.compression {
                Compression::Plain => "",
                Compression::Gzip => "gzip: ",
                Compression::Zstd => "zstd: ",
            };
            self.report.warn(
                offset,
                Problem::Stream {
                    reason: format!("{what}{failure}"),
                },
            );
        }
    }
}

/// The error about a capture of this name.
pub(crate) fn named(path: &Path, reason: CaptureError) -> ReplayError {
    ReplayError::Capture {
        path: path.to_owned(),
        reason,
    }
}

/// Finds the format by the first octets and reads the header.
fn recognise(
    path: &Path,
    octets: &mut Octets,
    compression: Compression,
) -> Result<(RecordReader, CaptureReport), CaptureError> {
    let magic = octets.ahead(4).and_then(|start| start.first_chunk());
    let variant = magic.and_then(|magic| Variant::of(*magic));
    let is_pcapng = magic == Some(&pcapng::MAGIC);
    let new_report = |format| CaptureReport::new(path.to_owned(), format, compression);
    if let Some(variant) = variant {
        let mut report = new_report(Format::Pcap);
        let pcap = Pcap::new(variant, header(octets)?, &mut report)?;
        octets.consume(pcap::HEADER);
        return Ok((RecordReader::Pcap(pcap), report));
    }
    if is_pcapng {
        let pcapng = PcapNg::new(header(octets)?).map_err(CaptureError::SectionHeader)?;
        let report = new_report(Format::PcapNg);
        return Ok((RecordReader::PcapNg(Box::new(pcapng)), report));
    }
    Err(no_capture(octets))
}

/// The first `N` octets, which stay ahead.
fn header<const N: usize>(octets: &mut Octets) -> Result<&[u8; N], CaptureError> {
    octets.ahead(N);
    let there = octets.buffered();
    there.first_chunk().ok_or(CaptureError::HeaderCut {
        had: there.len(),
        needed: N,
    })
}

fn no_capture(octets: &mut Octets) -> CaptureError {
    if let Some(reason) = octets.take_failure() {
        return CaptureError::Unreadable(reason);
    }
    let start = octets.buffered();
    if start.is_empty() {
        return CaptureError::Empty;
    }
    let start = start.iter().take(4).map(|octet| format!("{octet:02x}"));
    CaptureError::NotACapture {
        start: start.collect::<Vec<_>>().join(" "),
    }
}
