//! Recorded scenarios told as a live run would tell them: frame by frame, each change of the
//! cluster when it happens, to an engine and to a recorder.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use analyzer::cluster::Change;
use analyzer::engine::{Engine, Settings};
use analyzer::frame::{Direction, Frame, LinkType, Offload, Origin};
use analyzer::hop::declaration::SourceDeclaration;
use analyzer::snapshot::{Provenance, Snapshot, Source};
use analyzer::time::Timestamp;
use live::recorder::{Recorder, RecorderOptions};
use replay::scenario::Scenario;
use replay::{Capture, cluster_file};

use crate::answers;

/// A frame with its octets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct OwnedFrame {
    pub(crate) time: u64,
    pub(crate) link: u16,
    pub(crate) original_len: u32,
    pub(crate) offload: Offload,
    pub(crate) data: Vec<u8>,
    pub(crate) origin: Origin,
}

impl OwnedFrame {
    pub(crate) fn of(frame: &Frame<'_>) -> Self {
        Self {
            time: frame.time.as_nanos(),
            link: frame.link.0,
            original_len: frame.original_len,
            offload: frame.offload,
            data: frame.data.to_vec(),
            origin: frame.origin,
        }
    }

    pub(crate) fn lend(&self) -> Frame<'_> {
        Frame {
            time: Timestamp::from_nanos(self.time),
            link: LinkType(self.link),
            original_len: self.original_len,
            offload: self.offload,
            data: &self.data,
            origin: self.origin,
        }
    }
}

/// What a live run is given.
pub(crate) struct Story {
    pub(crate) frames: Vec<OwnedFrame>,
    /// In the order in which they are told.
    pub(crate) changes: Vec<Change>,
    pub(crate) declarations: Vec<SourceDeclaration>,
}

impl Story {
    /// A folder under `captures/`, as if its captures were rings: one source each, interfaces by
    /// number, offload known.
    pub(crate) fn of(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../captures")
            .join(name);
        let scenario = Scenario::open(&folder).unwrap();
        let mut story = Self {
            frames: Vec::new(),
            changes: Vec::new(),
            declarations: vec![SourceDeclaration::default()],
        };
        for (source, number) in scenario.captures.iter().zip(1..) {
            let mut declaration = SourceDeclaration {
                at: source.at.clone(),
                owners: source.interfaces.clone(),
                ..SourceDeclaration::default()
            };
            for file in &source.files {
                story.read(file, number, &mut declaration);
            }
            story.declarations.push(declaration);
        }
        // Within a source the order of the file stands; sources are merged by time.
        story.frames.sort_by_key(|frame| frame.time);
        for file in &scenario.cluster {
            story
                .changes
                .extend(cluster_file::read(file).unwrap().changes);
        }
        // A watch tells what is there first, and then each change at its time.
        story.changes.sort_by_key(|change| change.time);
        story
    }

    fn read(&mut self, file: &Path, source: u32, declaration: &mut SourceDeclaration) {
        let mut capture = Capture::open(file).unwrap();
        while let Some(frame) = capture.next_frame() {
            let mut frame = OwnedFrame::of(&frame);
            frame.origin.source = source;
            if frame.origin.interface == 0 {
                frame.origin.interface = 7;
            }
            frame.offload = match frame.original_len {
                0..=1_514 => Offload::Whole,
                _ => Offload::Segments(NonZeroU16::new(1_448).unwrap()),
            };
            self.frames.push(frame);
        }
        for interface in &capture.report().interfaces {
            if let Some(name) = &interface.name {
                let number = if interface.id == 0 { 7 } else { interface.id };
                let names = &mut declaration.names;
                names.insert(number, name.as_str().into());
            }
        }
    }

    /// Tells it up to some number of frames.
    pub(crate) fn tell(&self, frames: usize, to: &mut Live) {
        let mut changes = self.changes.iter().peekable();
        for frame in self.frames.iter().take(frames) {
            let now = Some(Timestamp::from_nanos(frame.time));
            while let Some(change) = changes.next_if(|change| change.time <= now) {
                to.change(change);
            }
            to.frame(&frame.lend());
        }
        if frames >= self.frames.len() {
            changes.for_each(|change| to.change(change));
        }
    }
}

/// An engine and a recorder that are given the same.
pub(crate) struct Live {
    engine: Engine,
    pub(crate) recorder: Recorder,
    declarations: Vec<SourceDeclaration>,
    dropped: u64,
}

impl Live {
    pub(crate) fn start(story: &Story, folder: PathBuf, max_file_octets: Option<u64>) -> Self {
        Self::start_with(story, folder, max_file_octets, answers::settings())
    }

    /// The same with settings that are not those of the replay.
    pub(crate) fn start_with(
        story: &Story,
        folder: PathBuf,
        max_file_octets: Option<u64>,
        settings: Settings,
    ) -> Self {
        let mut recorder = Recorder::create(RecorderOptions {
            folder,
            max_file_octets,
            settings,
            cluster_cidrs: Vec::new(),
            names: None,
            filter: None,
        })
        .unwrap();
        recorder.declare(&story.declarations).unwrap();
        Self {
            engine: Engine::new(settings),
            recorder,
            declarations: story.declarations.clone(),
            dropped: 0,
        }
    }

    fn change(&mut self, change: &Change) {
        self.engine.apply(change.clone());
        self.recorder.change(change).unwrap();
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        self.engine.ingest(frame);
        self.recorder.frame(frame).unwrap();
    }

    /// A frame that a filter keeps out.
    pub(crate) fn leave_out(&mut self, frame: &Frame<'_>) {
        self.engine.exclude(frame);
        self.recorder.leave_out(frame).unwrap();
    }

    /// Nothing comes for a while.
    pub(crate) fn reach(&mut self, now: u64) {
        let now = Timestamp::from_nanos(now);
        self.engine.reach(now);
        self.recorder.reach(now);
    }

    pub(crate) fn drop_frames(&mut self, total: u64) {
        self.dropped = total;
        self.recorder.set_dropped(total);
    }

    /// What it answers now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.engine.snapshot(Provenance {
            complete: true,
            dropped: self.dropped,
            sources: self.declarations.clone(),
            // A live run is asked for its last minutes where nobody says when; here for all.
            ..Provenance::new(Source::Replay)
        })
    }
}

/// A frame of a direction that no capture here tells.
pub(crate) const DIRECTIONS: [Direction; 3] =
    [Direction::Unknown, Direction::Incoming, Direction::Outgoing];
