//! Captures: the frames of any number of captures, in order of time.
//!
//! In: what a person names. Out: [`Frame`]s, whose origin says which source they are from.
//!
//! **Shape** captures are put in order by the time of their first frame, then by name, so that the
//! order in which they are named means nothing. A capture is opened when its first frame's turn
//! comes: rotated files are read one after the other, a thousand of them in the memory of one.
//! **Time** within a capture the order of the file stands, times that step back included; between
//! captures each is taken to be at the latest time it has shown. Captures that do not overlap
//! come out as if they were one file.

mod lane;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::path::{Path, PathBuf};

use analyzer::frame::Frame;
use analyzer::hop::declaration::SourceDeclaration;
use analyzer::time::Timestamp;

use crate::ahead::Ahead;
use crate::arguments::Inputs;
use crate::captures::lane::{Lane, order};
use crate::error::ReplayError;
use crate::file::Hold;
use crate::report::CaptureReport;
use crate::sources::{Chain, Numbers, Sources, alike};
use crate::warning::Warning;

/// How many captures are too many to keep their files open, should they overlap: a quarter of
/// what a process usually may.
const MANY: usize = 256;

/// Captures that are read together.
pub struct Captures {
    /// In order of their numbers.
    lanes: Vec<Lane>,
    /// The capture whose frame was lent last.
    current: Option<usize>,
    /// The other opened ones, by the time of the frame that waits.
    others: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The first one that is not opened yet; all later ones are not either.
    unopened: usize,
    /// By what the files of one source have in common, the captures that may go on.
    latest: BTreeMap<Chain, Vec<usize>>,
    /// The threads that read ahead, where there are any.
    ahead: Option<Ahead>,
    kind: FrameKind,
    skipped: Vec<PathBuf>,
    warnings: Vec<Warning>,
}

/// How long the frames of captures are, as far as is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameKind {
    /// None was read yet.
    Unknown,
    /// Most of the work is to count them.
    Short,
    /// Most of the work is to read them.
    Long,
}

/// How far the reading is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Octets read of the files as they lie on disk.
    pub bytes_read: u64,
    /// Octets of all files; `None` when one is a pipe.
    pub bytes_total: Option<u64>,
}

/// What was read of all captures.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SourceReport {
    /// In the order of their first frames. A capture whose turn has not come shows no frames yet.
    pub captures: Vec<CaptureReport>,
    /// What their frames carry as their source.
    pub sources: Vec<u32>,
    /// Files of named folders that are no captures, nor called as captures are.
    pub skipped: Vec<PathBuf>,
    /// What concerns no single capture.
    pub warnings: Vec<Warning>,
}

impl Captures {
    /// Opens files, folders (the captures in them), patterns and `-` for standard input.
    ///
    /// # Errors
    /// When something named is not there, can not be read or is no capture.
    pub fn open<P: AsRef<Path>>(arguments: &[P]) -> Result<Self, ReplayError> {
        let arguments: Vec<PathBuf> = arguments.iter().map(|p| p.as_ref().to_owned()).collect();
        let Inputs {
            files,
            mut warnings,
            folders,
            ..
        } = Inputs::of(&arguments)?;
        let hold = if files.len() > MANY {
            Hold::Closed
        } else {
            Hold::Open
        };
        let alone = files.len() == 1;
        let (mut lanes, mut skipped) = (Vec::new(), Vec::new());
        for input in files {
            match lane::probe(&input, alone, hold)? {
                lane::Probed::Lane(lane) => lanes.push(lane),
                lane::Probed::Skipped => skipped.push(input.path.clone()),
                lane::Probed::Warned(warning) => warnings.push(warning),
            }
        }
        if lanes.is_empty() {
            // Only the files of folders are left out; anything else was an error.
            let folder = folders.into_iter().next();
            return Err(folder.map_or(ReplayError::NothingNamed, |path| {
                ReplayError::NoCaptureInFolder { path }
            }));
        }
        lanes.sort_by(order);
        Ok(Self::of(lanes, skipped, warnings))
    }

    /// Reads opened captures together: pipes, sockets, buffers.
    #[must_use]
    pub fn from_captures(captures: Vec<crate::capture::Capture>) -> Self {
        let alone = captures.len() == 1;
        let mut lanes: Vec<Lane> = captures
            .into_iter()
            .map(|capture| Lane::opened(capture, alone))
            .collect();
        lanes.sort_by(order);
        Self::of(lanes, Vec::new(), Vec::new())
    }

    /// The next frame, `None` at the end of all captures. Its octets are lent until the next call.
    #[inline]
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        match self.current {
            Some(number) if self.is_alone() => self.lanes.get_mut(number)?.next_frame(),
            current => self.next_of_several(current),
        }
    }

    /// Gives up to `count` frames to `take`, and says how many: fewer only at the end of all captures.
    ///
    /// A frame that is handed out is written in pieces and copied whole, which the processor waits
    /// for: here it is read where it was made.
    #[inline]
    pub fn give(&mut self, count: usize, mut take: impl FnMut(&Frame<'_>)) -> usize {
        for given in 0..count {
            if let Some(lane) = self.alone() {
                return given + lane.give(count - given, take);
            }
            match self.next_of_several(self.current) {
                Some(frame) => take(&frame),
                None => return given,
            }
        }
        count
    }

    /// Lets up to so many threads read large files ahead, beside the one that asks for frames.
    pub fn set_threads_ahead(&mut self, threads: usize) {
        self.ahead = (threads > 0).then(|| Ahead::new(threads));
    }

    /// Reads those captures ahead from here on where that is quicker when frames are of this kind:
    /// long ones, and those that are compressed. The frames are the same.
    pub fn read_ahead(&mut self, kind: FrameKind) {
        self.kind = kind;
        if let Some(ahead) = &mut self.ahead {
            for lane in &mut self.lanes {
                lane.read_ahead(kind, ahead);
            }
        }
    }

    /// Whether other threads read a capture that is open.
    pub(crate) fn are_read_ahead(&self) -> bool {
        self.lanes.iter().any(Lane::is_read_ahead)
    }

    /// Octets of the captures whose frames were given, decompressed.
    pub(crate) fn octets_passed(&self) -> u64 {
        let octets = self.lanes.iter().map(Lane::octets_passed);
        octets.fold(0, u64::saturating_add)
    }

    /// The captures' files, in the order of their first frames.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.lanes.iter().map(Lane::file)
    }

    /// Numbers the sources, and says what is declared of each.
    pub(crate) fn number(
        &mut self,
        sources: &Sources,
    ) -> Result<Vec<SourceDeclaration>, ReplayError> {
        let files: Vec<&Path> = self.lanes.iter().map(Lane::file).collect();
        let (numbers, declarations) = sources.number(&files)?;
        for (lane, numbers) in self.lanes.iter_mut().zip(numbers) {
            lane.number(numbers, sources.chain(numbers, lane.file()));
        }
        Ok(declarations)
    }

    /// How far the reading is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            bytes_read: self
                .lanes
                .iter()
                .map(Lane::octets_read)
                .fold(0, u64::saturating_add),
            bytes_total: self.lanes.iter().map(Lane::size).sum(),
        }
    }

    /// What was read so far.
    #[must_use]
    pub fn report(&self) -> SourceReport {
        SourceReport {
            captures: self.lanes.iter().map(Lane::report).cloned().collect(),
            sources: self
                .lanes
                .iter()
                .map(|lane| lane.numbers().cooked)
                .collect(),
            skipped: self.skipped.clone(),
            warnings: self.warnings.clone(),
        }
    }

    fn of(lanes: Vec<Lane>, skipped: Vec<PathBuf>, warnings: Vec<Warning>) -> Self {
        let others = BinaryHeap::new();
        Self {
            lanes,
            current: None,
            others,
            unopened: 0,
            latest: BTreeMap::new(),
            ahead: None,
            kind: FrameKind::Unknown,
            skipped,
            warnings,
        }
    }

    /// The next frame, where the current capture's may not be the earliest.
    #[inline(never)]
    fn next_of_several(&mut self, current: Option<usize>) -> Option<Frame<'_>> {
        let advanced = current.and_then(|n| Some((self.lanes.get_mut(n)?.advance()?, n)));
        let next = self.first_of(advanced)?;
        self.current = Some(next);
        self.lanes.get(next)?.frame()
    }

    /// The current capture, when no other one has frames.
    fn alone(&mut self) -> Option<&mut Lane> {
        let current = self.current.filter(|_| self.is_alone())?;
        self.lanes.get_mut(current)
    }

    /// Whether no capture but the current one has frames.
    #[inline]
    fn is_alone(&self) -> bool {
        self.others.is_empty() && self.unopened == self.lanes.len()
    }

    /// The capture whose frame is the earliest, opening those whose turn has come.
    fn first_of(&mut self, current: Option<(Timestamp, usize)>) -> Option<usize> {
        loop {
            let other = self.others.peek().map(|Reverse(other)| *other);
            let first = match (current, other) {
                (Some(current), Some(other)) => Some(current.min(other)),
                (current, other) => current.or(other),
            };
            if self.opens_before(first) {
                continue;
            }
            if first != current {
                self.others.pop();
                self.others.extend(current.map(Reverse));
            }
            return first.map(|(_, number)| number);
        }
    }

    /// Opens the next capture when it starts before `first`, and says whether it was its turn.
    fn opens_before(&mut self, first: Option<(Timestamp, usize)>) -> bool {
        let Some(lane) = self.lanes.get_mut(self.unopened) else {
            return false;
        };
        if first.is_some_and(|(time, _)| lane.first_time() >= time) {
            return false;
        }
        let number = self.unopened;
        self.unopened += 1;
        let begun = lane.begin().map(|time| Reverse((time, number)));
        if let Some(ahead) = &mut self.ahead {
            lane.read_ahead(self.kind, ahead);
        }
        if let Some(Reverse((time, _))) = begun {
            self.go_on(number, time);
        }
        self.others.extend(begun);
        true
    }

    /// A capture that was rotated goes on in the next file, as the same source.
    fn go_on(&mut self, number: usize, begins: Timestamp) {
        let Some(lane) = self.lanes.get(number) else {
            return;
        };
        let own = lane.numbers();
        let latest = self.latest.entry(lane.chain().clone()).or_default();
        let lanes = &self.lanes;
        let end = |at: &usize| lanes.get(*at).and_then(Lane::end);
        let alike = |at: &usize| {
            let other = lanes.get(*at).map(Lane::file);
            other.map_or(0, |other| alike(other, lane.file()))
        };
        let before = latest
            .iter()
            .enumerate()
            .filter(|(_, at)| end(at).is_some_and(|end| end <= begins))
            .max_by_key(|(_, at)| (alike(at), end(at)));
        let Some((place, at)) = before.map(|(place, at)| (place, *at)) else {
            latest.push(number);
            return;
        };
        if let Some(goes_on) = latest.get_mut(place) {
            *goes_on = number;
        }
        let Some(before) = self.lanes.get(at).map(Lane::numbers) else {
            return;
        };
        if let Some(lane) = self.lanes.get_mut(number) {
            lane.renumber(match own.plain {
                0 => Numbers {
                    cooked: before.cooked,
                    ..own
                },
                _ => before,
            });
        }
    }
}
