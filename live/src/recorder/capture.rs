//! The captures of one source: pcapng files, each complete by itself.
//!
//! In: frames. Out: files, a new one when the last is large enough.
//! **Time** a new file begins only with a frame later than all before it, so that files can be
//! read one after the other; where the clock was set back, at twice the size.
//! **Source** see [`block`](super::block).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::frame::{Frame, LinkType};
use analyzer::time::Timestamp;

use crate::recorder::RecordError;
use crate::recorder::block;
use crate::recorder::output::Output;

/// Names of interfaces, by number.
pub(super) type Names = BTreeMap<u32, Arc<str>>;

/// The captures of one source.
pub(super) struct Captures {
    folder: PathBuf,
    source: u32,
    max_octets: u64,
    output: Output,
    /// Files so far, the one that is written included.
    files: u32,
    /// Octets of those before it.
    before: u64,
    /// The numbers that this file's section gives interfaces, by index and link type.
    described: BTreeMap<(u32, LinkType), u32>,
    /// The interface of the last frame: frames come in runs.
    last: Option<((u32, LinkType), u32)>,
    /// The latest time of all frames.
    latest: Timestamp,
    drops: Drops,
}

/// Frames lost, counted from the start of the capture.
#[derive(Clone, Copy, Default)]
struct Drops {
    now: u64,
    /// When this file began.
    before: u64,
    /// As this file says.
    told: u64,
}

impl Captures {
    /// Begins the first file.
    pub(super) fn create(folder: &Path, source: u32, max_octets: u64) -> Result<Self, RecordError> {
        Ok(Self {
            folder: folder.to_owned(),
            source,
            max_octets,
            output: begin(folder, source, 1)?,
            files: 1,
            before: 0,
            described: BTreeMap::new(),
            last: None,
            latest: Timestamp::MIN,
            drops: Drops::default(),
        })
    }

    /// The names of the files, in order.
    pub(super) fn files(&self) -> impl Iterator<Item = String> {
        let source = self.source;
        (1..=self.files).map(move |number| file_name(source, number))
    }

    /// How many files there are.
    pub(super) const fn count(&self) -> u32 {
        self.files
    }

    /// Octets of all files.
    pub(super) fn octets(&self) -> u64 {
        self.before + self.output.size()
    }

    /// Adds a frame.
    #[inline]
    pub(super) fn add(&mut self, frame: &Frame<'_>, names: &Names) -> Result<(), RecordError> {
        let is_full = self.output.size() >= self.max_octets && self.may_rotate(frame.time);
        if is_full || self.output.is_closed() {
            self.rotate()?;
        }
        self.latest = self.latest.max(frame.time);
        let key = (frame.origin.interface, frame.link);
        let interface = match self.last {
            Some((last, interface)) if last == key => interface,
            Some(_) | None => self.interface(key, names)?,
        };
        self.output.add(|out| block::packet(out, interface, frame))
    }

    /// Takes note of how many frames were lost since the capture began.
    pub(super) const fn set_dropped(&mut self, total: u64) {
        self.drops.now = total;
    }

    /// Hands everything to the system, with the losses where there are new ones.
    pub(super) fn flush(&mut self) -> Result<(), RecordError> {
        // Losses are told of an interface; they wait for the first.
        if self.drops.now > self.drops.told && !self.described.is_empty() {
            self.tell_drops()?;
        }
        self.output.flush()
    }

    /// Ends the last file.
    pub(super) fn finish(&mut self) -> Result<(), RecordError> {
        if self.drops.now > self.drops.told && self.described.is_empty() {
            self.interface((0, LinkType::ETHERNET), &Names::new())?;
        }
        self.flush()
    }

    /// Completes the last file; what comes later begins another.
    pub(super) fn close(&mut self) -> Result<(), RecordError> {
        self.flush()?;
        self.output.close()
    }

    fn may_rotate(&self, time: Timestamp) -> bool {
        time > self.latest || self.output.size() >= self.max_octets.saturating_mul(2)
    }

    fn rotate(&mut self) -> Result<(), RecordError> {
        self.flush()?;
        self.before += self.output.size();
        self.output = begin(&self.folder, self.source, self.files + 1)?;
        self.files += 1;
        self.described.clear();
        self.last = None;
        self.drops.before = self.drops.told;
        Ok(())
    }

    /// The number of an interface in this file, where it is described when it first appears.
    #[cold]
    fn interface(&mut self, key: (u32, LinkType), names: &Names) -> Result<u32, RecordError> {
        let next = u32::try_from(self.described.len()).unwrap_or(u32::MAX);
        let number = *self.described.entry(key).or_insert(next);
        self.last = Some((key, number));
        if number == next {
            let (index, link) = key;
            let name = names.get(&index).map(|name| &**name);
            self.output
                .add(|out| block::interface(out, index, link, name))?;
        }
        Ok(number)
    }

    fn tell_drops(&mut self) -> Result<(), RecordError> {
        let (time, Drops { now, before, .. }) = (self.latest, self.drops);
        self.drops.told = now;
        self.output
            .add(|out| block::statistics(out, 0, time, now - before))
    }
}

/// A file with its section header: from now on it can be read.
fn begin(folder: &Path, source: u32, number: u32) -> Result<Output, RecordError> {
    let mut output = Output::create(folder.join(file_name(source, number)))?;
    output.add(block::section)?;
    output.flush()?;
    Ok(output)
}

fn file_name(source: u32, number: u32) -> String {
    format!("capture-{source}-{number:05}.pcapng")
}
