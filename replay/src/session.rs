//! A replay: captures and what is known of the cluster, given to an engine until they end.
//!
//! In: what a person names. Out: snapshots, while it runs and at the end.
//! **Errors** whatever keeps an input from being read; damage met on the way is a warning.

mod shared;
mod threads;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use analyzer::engine::{Engine, Settings, Unrecorded};
use analyzer::hop::declaration::SourceDeclaration;
use analyzer::snapshot::{Provenance, Snapshot, Source};
use analyzer::time::Timestamp;
use ipnet::IpNet;

use crate::captures::{Captures, Progress, SourceReport};
use crate::error::ReplayError;
use crate::knowledge::{self, Knowledge};
use crate::report::CaptureReport;
use crate::sources::Taken;

pub use crate::session::shared::{Reading, Watch};

/// What a replay reads.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReplayInputs {
    /// Files, folders, scenario folders, patterns, or `-` for standard input.
    pub captures: Vec<PathBuf>,
    /// Files of Kubernetes objects, beside those of scenario folders; or `-` for standard input,
    /// when no capture is.
    pub cluster: Vec<PathBuf>,
    /// A file of names for addresses that no object explains.
    pub names: Option<PathBuf>,
    /// Ranges of the cluster's addresses, beside those of its nodes.
    pub cluster_cidrs: Vec<IpNet>,
    /// Where captures were taken, beside what scenario folders say.
    pub at: Vec<Taken>,
}

/// A replay in progress.
pub struct Replay {
    captures: Captures,
    engine: Engine,
    account: Account,
    frames: u64,
    threads: NonZeroUsize,
}

/// What the captures say about themselves, and how much of it was taken.
struct Account {
    /// How many of each capture's names the engine has.
    names_taken: Vec<usize>,
    /// What is declared of the sources.
    sources: Vec<SourceDeclaration>,
    /// From when to when recorders watched.
    watched: Vec<(Timestamp, Timestamp)>,
    /// What their clocks told last.
    told: Option<Timestamp>,
    /// What they left out, by source.
    left_out: Vec<(u32, Unrecorded)>,
    /// What is to be known of the cluster's files.
    warnings: Vec<String>,
    complete: bool,
}

impl Replay {
    /// Opens everything, reads what is known of the cluster, and no frame yet.
    ///
    /// # Errors
    /// When an input is not there, can not be read or is not what it should be.
    pub fn open(inputs: &ReplayInputs, settings: Settings) -> Result<Self, ReplayError> {
        let (engine, knowledge) = knowledge::engine(settings, inputs)?;
        let Knowledge {
            captures,
            sources,
            watched,
            told,
            warnings,
        } = knowledge;
        let left_out = sources.left_out();
        let mut captures = Captures::open(&captures)?;
        let sources = captures.number(&sources)?;
        Ok(Self {
            captures,
            engine,
            account: Account {
                names_taken: Vec::new(),
                sources,
                watched,
                told,
                left_out,
                warnings,
                complete: false,
            },
            frames: 0,
            threads: NonZeroUsize::MIN,
        })
    }

    /// Reads on up to so many threads from now on; the answer is the same.
    pub fn set_threads(&mut self, threads: NonZeroUsize) {
        self.threads = threads;
        self.captures.set_threads_ahead(threads::ahead(threads));
    }

    /// Reads up to `frames` frames; `false` when there are no more.
    pub fn step(&mut self, frames: usize) -> bool {
        let frames = if self.frames == 0 {
            frames.min(threads::FIRST)
        } else {
            frames
        };
        let kind = threads::kind(self.captures.octets_passed(), self.frames);
        self.captures.read_ahead(kind);
        let (captures, engine) = (&mut self.captures, &mut self.engine);
        let given = if threads::counts_beside(self.threads, kind, captures) {
            threads::give(captures, engine, frames)
        } else {
            captures.give(frames, |frame| engine.ingest(frame))
        };
        self.frames += given as u64;
        let is_more = given == frames;
        if !is_more {
            self.account.end(engine);
        }
        is_more
    }

    /// Frames read.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// How far the reading is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.captures.progress()
    }

    /// What is known now. It copies the engine, so ask for it now and then.
    #[must_use]
    pub fn snapshot(&mut self) -> Snapshot {
        let provenance = self.provenance();
        let engine = self.engine.clone();
        engine.into_snapshot_by(provenance, &threads::Lent(self.threads))
    }

    /// What is known at the end.
    #[must_use]
    pub fn finish(mut self) -> Snapshot {
        let provenance = self.provenance();
        let workers = threads::Lent(self.threads);
        self.engine.into_snapshot_by(provenance, &workers)
    }

    fn provenance(&mut self) -> Provenance {
        self.account.of(&self.captures.report(), &mut self.engine)
    }
}

impl Account {
    /// Everything was read; recorders saw more than their captures show.
    fn end(&mut self, engine: &mut Engine) {
        if self.complete {
            return;
        }
        self.complete = true;
        for (from, until) in &self.watched {
            engine.watch(*from, *until);
        }
        if let Some(told) = self.told {
            engine.reach(told);
        }
        for (source, frames) in &self.left_out {
            engine.exclude_unrecorded(*source, frames);
        }
    }

    /// The account of what was read so far; the names that captures gave go to the engine.
    fn of(&mut self, report: &SourceReport, engine: &mut Engine) -> Provenance {
        self.names_taken.resize(report.captures.len(), 0);
        for (capture, taken) in report.captures.iter().zip(&mut self.names_taken) {
            for named in capture.names.iter().skip(*taken) {
                engine.add_dns_name(named.ip, &named.name);
            }
            *taken = capture.names.len();
        }
        for (capture, source) in report.captures.iter().zip(&report.sources) {
            if let Some(source) = self.sources.get_mut(*source as usize) {
                name_interfaces(source, capture);
            }
        }
        let sum = |count: fn(&CaptureReport) -> u64| {
            report
                .captures
                .iter()
                .map(count)
                .fold(0, u64::saturating_add)
        };
        let of_captures = report
            .captures
            .iter()
            .flat_map(|capture| capture.warnings.lines());
        let of_none = report.warnings.iter().map(ToString::to_string);
        Provenance {
            source: Source::Replay,
            complete: self.complete,
            files: report.captures.len() as u64,
            dropped: sum(CaptureReport::dropped),
            truncated_records: sum(|capture| capture.truncated_records),
            warnings: self
                .warnings
                .iter()
                .cloned()
                .chain(of_none)
                .chain(of_captures)
                .collect(),
            sources: self.sources.clone(),
        }
    }
}

/// Takes in what a capture calls its interfaces; of two names for one number the first stands.
fn name_interfaces(source: &mut SourceDeclaration, capture: &CaptureReport) {
    for interface in &capture.interfaces {
        if let Some(name) = &interface.name {
            let names = source.names.entry(interface.id);
            names.or_insert_with(|| name.as_str().into());
        }
    }
}
