//! Lanes: one capture among several, from before it is opened until after it is closed.

use std::cmp::Ordering;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use analyzer::frame::Frame;
use analyzer::time::Timestamp;

use crate::ahead::Ahead;
use crate::arguments::{Input, Named};
use crate::capture::{Capture, named};
use crate::captures::FrameKind;
use crate::error::{CaptureError, ReplayError};
use crate::file::Hold;
use crate::record::Record;
use crate::report::CaptureReport;
use crate::sources::{Chain, Numbers};
use crate::warning::{Problem, Warning};

/// Octets of a file below which it is read before a thread would have begun.
const LARGE: u64 = 1 << 20;

/// One capture's place among several.
pub(crate) struct Lane {
    size: Option<u64>,
    /// The time of its first frame, the end of time when there is none.
    first_time: Timestamp,
    /// The latest time it has shown.
    latest: Timestamp,
    hold: Hold,
    numbers: Numbers,
    chain: Chain,
    state: State,
}

enum State {
    /// Looked into and closed again: a file can be opened twice.
    Closed(CaptureReport),
    /// Opened; what can be read only once stays so. The record is the one that waits.
    Open(Box<Capture>, Option<Record>),
    /// Read to its end.
    Done(CaptureReport, Passed),
}

/// How far a capture was read.
#[derive(Clone, Copy, Default)]
struct Passed {
    /// Octets of the file.
    read: u64,
    /// Octets of the capture, decompressed.
    octets: u64,
}

/// What a look into a file showed.
pub(crate) enum Probed {
    Lane(Lane),
    /// Not a capture, and nobody said so.
    Skipped,
    Warned(Warning),
}

/// Looks into an input. A capture alone needs no first time: its first frame is not waited for.
pub(crate) fn probe(input: &Input, alone: bool, hold: Hold) -> Result<Probed, ReplayError> {
    let hold = match input.size {
        Some(_) => hold,
        None => Hold::Open,
    };
    let capture = match (Capture::open_with(&input.path, hold), &input.named) {
        (Ok(capture), _) => capture,
        (Err(reason), Named::Itself) => return Err(named(&input.path, reason)),
        (Err(reason), Named::InFolder) => return left_out(input, reason),
    };
    let mut lane = Lane::opened(capture, alone);
    lane.size = input.size;
    lane.hold = hold;
    if !alone && input.size.is_some() {
        lane.close();
    }
    Ok(Probed::Lane(lane))
}

/// A file of a folder that can not be opened as a capture. One that may not be read might be one:
/// an answer without it would be wrong. What is called a capture and is none was meant to be one.
fn left_out(input: &Input, reason: CaptureError) -> Result<Probed, ReplayError> {
    let problem = match &reason {
        CaptureError::NotACapture { .. } if !input.is_named_as_capture() => {
            return Ok(Probed::Skipped);
        }
        CaptureError::Unreadable(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(named(&input.path, reason));
        }
        CaptureError::Empty => Problem::Empty,
        CaptureError::Unreadable(_)
        | CaptureError::NotACapture { .. }
        | CaptureError::HeaderCut { .. }
        | CaptureError::Version { .. }
        | CaptureError::SectionHeader(_) => Problem::LeftOut {
            reason: reason.to_string(),
        },
    };
    Ok(Probed::Warned(Warning {
        file: input.path.clone(),
        offset: None,
        problem,
    }))
}

/// The order in which captures are numbered: by first frame, then by name.
pub(crate) fn order(a: &Lane, b: &Lane) -> Ordering {
    let key = |lane: &'_ Lane| lane.file().file_name().map(PathBuf::from);
    a.first_time
        .cmp(&b.first_time)
        .then_with(|| key(a).cmp(&key(b)))
        .then_with(|| a.file().cmp(b.file()))
}

impl Lane {
    /// The lane of an opened capture.
    pub(crate) fn opened(mut capture: Capture, alone: bool) -> Self {
        let record = if alone { None } else { capture.next_record() };
        let first_time = match &record {
            Some(record) => record.time,
            None if alone => Timestamp::MIN,
            None => Timestamp::MAX,
        };
        Self {
            size: None,
            first_time,
            latest: Timestamp::MIN,
            hold: Hold::Open,
            numbers: Numbers::default(),
            chain: Chain::Source(0),
            state: State::Open(Box::new(capture), record),
        }
    }

    pub(crate) fn first_time(&self) -> Timestamp {
        self.first_time
    }

    pub(crate) fn number(&mut self, numbers: Numbers, chain: Chain) {
        self.chain = chain;
        self.renumber(numbers);
    }

    pub(crate) fn renumber(&mut self, numbers: Numbers) {
        self.numbers = numbers;
        if let State::Open(capture, _) = &mut self.state {
            capture.number(numbers);
        }
    }

    /// What tells that another capture goes on in it.
    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    pub(crate) fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// The latest time it has shown, once it was read to its end.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        matches!(self.state, State::Done(..)).then_some(self.latest)
    }

    /// Its turn has come: the time of its first frame, if it has one.
    pub(crate) fn begin(&mut self) -> Option<Timestamp> {
        if let State::Closed(report) = &self.state {
            match Capture::open_with(&report.file, self.hold) {
                Ok(mut capture) => {
                    capture.number(self.numbers);
                    self.state = State::Open(Box::new(capture), None);
                }
                Err(error) => {
                    let mut report = report.clone();
                    report.warn_at(
                        None,
                        Problem::LeftOut {
                            reason: error.to_string(),
                        },
                    );
                    self.state = State::Done(report, Passed::default());
                }
            }
        }
        match &self.state {
            State::Open(_, Some(record)) => {
                self.latest = record.time;
                Some(self.latest)
            }
            State::Open(_, None) => self.advance(),
            State::Closed(_) | State::Done(..) => None,
        }
    }

    /// Lets other threads read it from here on, where it is worth that.
    pub(crate) fn read_ahead(&mut self, kind: FrameKind, ahead: &mut Ahead) {
        let is_large = self.size.is_some_and(|size| size >= LARGE);
        let State::Open(capture, _) = &mut self.state else {
            return;
        };
        let pays = match kind {
            FrameKind::Long => true,
            FrameKind::Short | FrameKind::Unknown => capture.is_compressed(),
        };
        if pays && is_large && self.hold == Hold::Open {
            capture.read_ahead(ahead);
        }
    }

    pub(crate) fn is_read_ahead(&self) -> bool {
        match &self.state {
            State::Open(capture, _) => capture.is_read_ahead(),
            State::Closed(_) | State::Done(..) => false,
        }
    }

    /// Reads the next frame and gives the time it takes among other captures.
    #[inline]
    pub(crate) fn advance(&mut self) -> Option<Timestamp> {
        let State::Open(capture, waiting) = &mut self.state else {
            return None;
        };
        *waiting = capture.next_record();
        if let Some(record) = waiting {
            self.latest = self.latest.max(record.time);
            return Some(self.latest);
        }
        self.finish();
        None
    }

    /// The next frame, when no other capture's has to be looked at: none waits.
    #[inline]
    pub(crate) fn next_frame(&mut self) -> Option<Frame<'_>> {
        let record = self.next_alone()?;
        match &self.state {
            State::Open(capture, _) => Some(capture.lend(&record)),
            State::Closed(_) | State::Done(..) => None,
        }
    }

    /// Gives up to `count` frames to `take`, when no other capture's have to be looked at, and says
    /// how many.
    #[inline]
    pub(crate) fn give(&mut self, count: usize, take: impl FnMut(&Frame<'_>)) -> usize {
        let State::Open(capture, _) = &mut self.state else {
            return 0;
        };
        let given = capture.give(count, &mut self.latest, take);
        if given < count {
            self.finish();
        }
        given
    }

    /// The next record, when none waits.
    fn next_alone(&mut self) -> Option<Record> {
        let record = match &mut self.state {
            State::Open(capture, _) => capture.next_record(),
            State::Closed(_) | State::Done(..) => return None,
        };
        let Some(record) = record else {
            self.finish();
            return None;
        };
        self.latest = self.latest.max(record.time);
        Some(record)
    }

    /// The frame that waits.
    #[inline]
    pub(crate) fn frame(&self) -> Option<Frame<'_>> {
        match &self.state {
            State::Open(capture, Some(record)) => Some(capture.lend(record)),
            State::Open(_, None) | State::Closed(_) | State::Done(..) => None,
        }
    }

    pub(crate) fn report(&self) -> &CaptureReport {
        match &self.state {
            State::Open(capture, _) => capture.report(),
            State::Closed(report) | State::Done(report, _) => report,
        }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.report().file
    }

    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }

    pub(crate) fn octets_read(&self) -> u64 {
        self.passed().read
    }

    pub(crate) fn octets_passed(&self) -> u64 {
        self.passed().octets
    }

    fn passed(&self) -> Passed {
        match &self.state {
            State::Open(capture, _) => Passed {
                read: capture.octets_read(),
                octets: capture.octets_passed(),
            },
            State::Closed(_) => Passed::default(),
            State::Done(_, passed) => *passed,
        }
    }

    /// Closes it until its turn comes; it is then read from its start.
    fn close(&mut self) {
        if let State::Open(capture, _) = &self.state {
            let report = capture.report();
            let (format, compression) = (report.format, report.compression);
            let report = CaptureReport::new(report.file.clone(), format, compression);
            self.state = State::Closed(report);
        }
    }

    #[cold]
    fn finish(&mut self) {
        let passed = self.passed();
        if let State::Open(capture, _) = &self.state {
            // Its buffer and its file are given back.
            self.state = State::Done(capture.report().clone(), passed);
        }
    }
}
