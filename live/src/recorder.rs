//! The recorder: what the engine is given, as a scenario folder that replay reads.
//!
//! ```text
//! frames ────────► capture ──► capture-1-00001.pcapng, …
//! changes ───────► timeline ──► cluster.jsonl, …
//! declarations ──► description ► scenario.yaml
//! ```
//!
//! In: exactly what the engine is given, in the same order; of what it leaves out only how much. Out: a folder whose replay gives the
//! same flows.
//! **Shape** it is used by the thread that reads frames and buffers at most some hundred
//! kilobytes. Files end behind a whole record whenever they are flushed, and the description is
//! replaced as a whole: a killed recording can be replayed up to its last flush.
//! **Errors** [`RecordError`]; after one the recording has ended, and the capture goes on.

mod block;
mod capture;
mod description;
mod object;
mod output;
mod timeline;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use analyzer::cluster::Change;
use analyzer::engine::{Settings, Unrecorded};
use analyzer::frame::Frame;
use analyzer::hop::declaration::SourceDeclaration;
use analyzer::time::Timestamp;
use ipnet::IpNet;

use crate::recorder::capture::Captures;
use crate::recorder::description::{DescribedEngine, DescribedSource};
use crate::recorder::timeline::Timeline;

/// Names for addresses that no object explains.
const NAMES: &str = "names.txt";
/// What is told beside frames and objects.
const DESCRIPTION: &str = "scenario.yaml";

/// What is recorded, and where.
#[derive(Clone, Debug)]
pub struct RecorderOptions {
    /// The folder: a new one, or an empty one.
    pub folder: PathBuf,
    /// The size at which another file is begun; `None` for one file.
    pub max_file_octets: Option<u64>,
    /// How the engine works that is given the same.
    pub settings: Settings,
    /// Ranges that it was told to be the cluster's.
    pub cluster_cidrs: Vec<IpNet>,
    /// The file of names that it was told.
    pub names: Option<PathBuf>,
    /// What is kept of the frames, as whoever reads the recording is told.
    pub filter: Option<String>,
}

/// A recording in progress.
pub struct Recorder {
    options: RecorderOptions,
    sources: BTreeMap<u32, Captures>,
    /// By the number of the source.
    declarations: Vec<SourceDeclaration>,
    /// By source.
    left_out: BTreeMap<u32, Unrecorded>,
    /// From when to when, though no frame may say so.
    watched: Option<(Timestamp, Timestamp)>,
    cluster: Timeline,
    description: Description,
    recording: Recording,
    /// As of the last flush.
    shown: Arc<Mutex<Recording>>,
}

/// The description as it lies in the folder.
#[derive(Default)]
struct Description {
    text: String,
    /// Files that it should name, or declarations, have changed since.
    stale: bool,
}

/// Looks at a recording while another thread has its recorder.
#[derive(Clone, Debug)]
pub struct RecordingWatch(Weak<Mutex<Recording>>);

impl RecordingWatch {
    /// What was recorded, as of about a second ago; `None` when the recording has ended, for
    /// whatever reason.
    #[must_use]
    pub fn look(&self) -> Option<Recording> {
        let shown = self.0.upgrade()?;
        // It is replaced as a whole: what a thread that panicked left is sound.
        let recording = *shown.lock().unwrap_or_else(PoisonError::into_inner);
        Some(recording)
    }
}

/// What was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Recording {
    /// Frames.
    pub frames: u64,
    /// Changes of the cluster.
    pub changes: u64,
    /// Files of frames.
    pub files: u64,
    /// Octets of frames.
    pub octets: u64,
}

/// A recording that can not begin, or has ended before it should.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Something is in the folder.
    #[error("{}: not empty, expected a folder that is new or empty", .0.display())]
    NotEmpty(PathBuf),
    /// The folder can not be made or looked into.
    #[error("{}: {error}, expected a folder that can be written to", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file can not be written.
    #[error(
        "{}: {error}; the recording ends here, {left}",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
        /// What there is of it.
        left: Left,
    },
}

/// Octets of a capture that may be its headers alone.
const HEADERS: u64 = 4 << 10;

/// What there is of a recording that ended before it should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// No frame that could be replayed.
    Nothing,
    /// Frames up to its last flush.
    Frames,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "and no frame of it is there",
            Self::Frames => "what was written before can be replayed",
        })
    }
}

impl RecordError {
    fn write(path: &Path, error: io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            error,
            left: Left::Nothing,
        }
    }
}

impl Recorder {
    /// Begins a recording: from now on the folder can be replayed.
    ///
    /// # Errors
    /// When the folder has something in it, or can not be written to.
    pub fn create(options: RecorderOptions) -> Result<Self, RecordError> {
        make_empty(&options.folder)?;
        if let Some(names) = &options.names {
            fs::copy(names, options.folder.join(NAMES))
                .map_err(|error| RecordError::write(names, error))?;
        }
        let mut recorder = Self {
            options,
            sources: BTreeMap::new(),
            declarations: Vec::new(),
            left_out: BTreeMap::new(),
            watched: None,
            cluster: Timeline::default(),
            description: Description::default(),
            recording: Recording::default(),
            shown: Arc::default(),
        };
        recorder.source(FIRST_SOURCE)?;
        recorder.flush()?;
        Ok(recorder)
    }

    /// Records a frame.
    ///
    /// # Errors
    /// When a file can not be written.
    #[inline]
    pub fn frame(&mut self, frame: &Frame<'_>) -> Result<(), RecordError> {
        let source = frame.origin.source;
        if !self.sources.contains_key(&source) {
            self.source(source)?;
        }
        let declaration = self.declarations.get(source as usize);
        if let Some(captures) = self.sources.get_mut(&source) {
            let (files, none) = (captures.count(), capture::Names::new());
            captures.add(frame, declaration.map_or(&none, |known| &known.names))?;
            if captures.count() != files {
                self.describe()?;
            }
        }
        self.recording.frames += 1;
        Ok(())
    }

    /// Takes note of a frame that was seen and is left out.
    ///
    /// # Errors
    /// When a file can not be written.
    pub fn leave_out(&mut self, frame: &Frame<'_>) -> Result<(), RecordError> {
        let source = frame.origin.source;
        if !self.sources.contains_key(&source) {
            self.source(source)?;
        }
        let time = frame.time;
        let left_out = self.left_out.entry(source).or_insert(Unrecorded {
            frames: 0,
            first: time,
            last: time,
        });
        left_out.frames += 1;
        left_out.first = left_out.first.min(time);
        left_out.last = left_out.last.max(time);
        self.description.stale = true;
        Ok(())
    }

    /// Takes note that it is `now`, though no frame says so.
    pub fn reach(&mut self, now: Timestamp) {
        let (from, _) = self.watched.unwrap_or((now, now));
        // A clock that was set back is right now, and was not before.
        self.watched = Some((from.min(now), now));
        self.description.stale = true;
    }

    /// Records a change of the cluster.
    ///
    /// # Errors
    /// When a file can not be written.
    pub fn change(&mut self, change: &Change) -> Result<(), RecordError> {
        let RecorderOptions {
            folder,
            max_file_octets,
            ..
        } = &self.options;
        let files = self.cluster.files();
        self.cluster.add(folder, *max_file_octets, change)?;
        if self.cluster.files() != files {
            self.describe()?;
        }
        self.recording.changes += 1;
        Ok(())
    }

    /// Takes note of where the sources are, what their interfaces are called and whose they are,
    /// by the number of the source: what a snapshot is told. Each has captures from then on,
    /// though they may stay empty, so that the numbers of a replay are the same.
    ///
    /// # Errors
    /// When a file can not be written.
    pub fn declare(&mut self, declarations: &[SourceDeclaration]) -> Result<(), RecordError> {
        if self.declarations == declarations {
            return Ok(());
        }
        self.declarations = declarations.to_vec();
        self.description.stale = true;
        for (number, _) in (0..).zip(declarations).skip(1) {
            if !self.sources.contains_key(&number) {
                self.source(number)?;
            }
        }
        Ok(())
    }

    /// Takes note that a source shows nothing for now: its file is complete, and no descriptor is
    /// kept for it.
    ///
    /// # Errors
    /// When a file can not be written.
    pub fn rest(&mut self, source: u32) -> Result<(), RecordError> {
        self.sources
            .get_mut(&source)
            .map_or(Ok(()), Captures::close)
    }

    /// Takes note of how many frames were lost since the capture began.
    pub fn set_dropped(&mut self, total: u64) {
        if let Some(captures) = self.sources.get_mut(&FIRST_SOURCE) {
            captures.set_dropped(total);
        }
    }

    /// Hands everything to the system: it can be replayed, whatever becomes of this process. To be
    /// called about once a second.
    ///
    /// # Errors
    /// When a file can not be written.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        // First what names the ends of the frames.
        self.cluster.flush()?;
        for captures in self.sources.values_mut() {
            captures.flush()?;
        }
        if self.description.stale {
            self.describe()?;
        }
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = self.recording();
        Ok(())
    }

    /// What looks at it from another thread.
    #[must_use]
    pub fn watch(&self) -> RecordingWatch {
        RecordingWatch(Arc::downgrade(&self.shown))
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// When a file can not be written.
    pub fn finish(mut self) -> Result<Recording, RecordError> {
        match self.finish_files() {
            Ok(()) => Ok(self.recording()),
            Err(error) => Err(self.end_by(error)),
        }
    }

    /// Ends the recording by an error, which from then on says what there is of it.
    #[must_use]
    pub fn end_by(self, error: RecordError) -> RecordError {
        let flushed = *self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files = self.sources.values().flat_map(Captures::files);
        // Who removes the folder leaves nothing of what was handed to the system; a disk that is
        // full may have taken frames since anybody looked.
        let has_frames = |file: String| {
            let file = fs::metadata(self.options.folder.join(file));
            file.is_ok_and(|file| flushed.frames > 0 || file.len() > HEADERS)
        };
        match error {
            RecordError::Write { path, error, .. } if files.any(has_frames) => {
                let left = Left::Frames;
                RecordError::Write { path, error, left }
            }
            error @ (RecordError::Write { .. }
            | RecordError::Folder { .. }
            | RecordError::NotEmpty(_)) => error,
        }
    }

    fn finish_files(&mut self) -> Result<(), RecordError> {
        for captures in self.sources.values_mut() {
            captures.finish()?;
        }
        self.flush()
    }

    /// What was recorded so far.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let captures = self.sources.values();
        Recording {
            files: captures.clone().map(|own| u64::from(own.count())).sum(),
            octets: captures.map(Captures::octets).sum(),
            ..self.recording
        }
    }

    /// Begins the captures of another source.
    #[cold]
    fn source(&mut self, source: u32) -> Result<(), RecordError> {
        let RecorderOptions {
            folder,
            max_file_octets,
            ..
        } = &self.options;
        let most = max_file_octets.unwrap_or(u64::MAX);
        let captures = Captures::create(folder, source, most)?;
        self.sources.insert(source, captures);
        self.description.stale = true;
        Ok(())
    }

    /// Writes the description, where it says something new.
    #[cold]
    fn describe(&mut self) -> Result<(), RecordError> {
        let nothing = SourceDeclaration::default();
        let sources: Vec<DescribedSource<'_>> = self
            .sources
            .iter()
            .map(|(number, captures)| DescribedSource {
                files: captures.files().collect(),
                declaration: self.declarations.get(*number as usize).unwrap_or(&nothing),
                left_out: self.left_out.get(number).copied(),
            })
            .collect();
        let RecorderOptions {
            settings,
            cluster_cidrs,
            filter,
            folder,
            ..
        } = &self.options;
        let engine = DescribedEngine {
            settings: *settings,
            cluster_cidrs,
            filter: filter.as_deref(),
        };
        let timelines: Vec<String> = self.cluster.names().collect();
        let text = description::text(&sources, &timelines, &engine, self.watched);
        if text != self.description.text {
            output::replace(&folder.join(DESCRIPTION), &text)?;
        }
        self.description = Description { text, stale: false };
        Ok(())
    }
}

/// The ring of the machine itself.
const FIRST_SOURCE: u32 = 1;

/// Makes a folder, or takes one that is empty.
fn make_empty(folder: &Path) -> Result<(), RecordError> {
    let wrong = |error| RecordError::Folder {
        path: folder.to_owned(),
        error,
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(wrong)?;
    }
    match fs::create_dir(folder) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(wrong(error)),
    }
    match fs::read_dir(folder).map_err(wrong)?.next() {
        None => Ok(()),
        Some(_) => Err(RecordError::NotEmpty(folder.to_owned())),
    }
}
