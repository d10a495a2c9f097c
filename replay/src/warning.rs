//! Warnings: what was wrong with a capture that was read nevertheless.
//!
//! In: what the readers met. Out: data, and one line of text each.
//! **Shape** at most [`Warnings::LIMIT`] are kept for a capture, the rest is counted.
//! **Units** offsets are octets from the start of the capture, after decompression.

use std::fmt;
use std::path::PathBuf;

/// One thing that was wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// The capture, as it was named.
    pub file: PathBuf,
    /// Where in it, once decompressed; `None` when it concerns the whole file.
    pub offset: Option<u64>,
    /// What was wrong.
    pub problem: Problem,
}

/// What can be wrong with a capture that is read nevertheless.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// The capture ends within a record or block.
    Cut {
        /// The frame's number in the capture, from 1, where it is a frame.
        record: Option<u64>,
        /// Octets that are there.
        had: u64,
        /// Octets that should be.
        needed: u64,
    },
    /// A pcap record claims more than any frame has.
    RecordLength {
        /// The record's number, from 1.
        record: u64,
        /// What it claims.
        claimed: u32,
        /// What is taken.
        limit: u32,
    },
    /// A pcapng block contradicts itself or its section.
    Block {
        /// In what way.
        damage: Damage,
        /// Where reading went on.
        resumed: Resumed,
    },
    /// A pcap file holds another capture behind the first, and perhaps more: `cat a.pcap b.pcap`.
    SeveralCaptures,
    /// Zeros after the last record: a file that was allocated and not written to its end.
    Zeros {
        /// How many octets.
        count: u64,
    },
    /// Reading, or decompression, failed on the way.
    Stream {
        /// What the system or the decompressor says.
        reason: String,
    },
    /// Frames without a time (pcapng simple packet blocks); they take the time of the one before.
    NoTime,
    /// Times after the year 2554; the frames are taken to be at its end.
    TimeRange,
    /// Interfaces beyond the limit; their frames are left out.
    TooManyInterfaces {
        /// How many are kept.
        limit: usize,
    },
    /// The file was named more than once and is read once.
    NamedTwice,
    /// A file of a folder that has no octets.
    Empty,
    /// A file of a folder that is no sound capture, or one that could not be opened again.
    LeftOut {
        /// Why.
        reason: String,
    },
}

/// In what way a pcapng block is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Damage {
    /// Its length is none a block can have.
    Length(u32),
    /// The length at its end is not the one at its start.
    Trailer,
    /// A section header with neither byte order.
    ByteOrder,
    /// A section of a version nobody has defined.
    Version(u16),
    /// Too short for what its type holds.
    Short,
    /// Its frame is longer than the block.
    FrameLength(u32),
    /// It names an interface that its section does not describe.
    Interface(u32),
}

/// Where reading went on after a damaged block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resumed {
    /// At the block after it: this one alone is left out.
    NextBlock,
    /// At the first sound block found by searching.
    At(u64),
    /// Nowhere: no sound block follows.
    Nowhere,
}

/// The warnings of one capture, bounded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Warnings {
    kept: Vec<Warning>,
    left_out: u64,
}

impl Warnings {
    /// How many are kept for one capture.
    pub const LIMIT: usize = 20;

    /// The first ones, in the order they were met.
    #[must_use]
    pub fn kept(&self) -> &[Warning] {
        &self.kept
    }

    /// How many more there were.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// One line for each warning kept, and one for those left out.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let rest = self.kept.last().filter(|_| self.left_out > 0);
        let rest = rest.map(|w| format!("{}: {} more warnings", w.file.display(), self.left_out));
        self.kept.iter().map(Warning::to_string).chain(rest)
    }

    /// Keeps a warning, which is made only when there is room for it.
    pub(crate) fn push(&mut self, warning: impl FnOnce() -> Warning) {
        if self.kept.len() < Self::LIMIT {
            self.kept.push(warning());
        } else {
            self.left_out += 1;
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        let offset = self.offset.unwrap_or_default();
        match &self.problem {
            Problem::Cut {
                record,
                had,
                needed,
            } => {
                match record {
                    Some(number) => write!(f, "record {number}")?,
                    None => f.write_str("block")?,
                }
                write!(f, " at byte {offset} is cut: {had} of {needed} octets")?;
                f.write_str("; the frames before it are kept")
            }
            Problem::RecordLength {
                record,
                claimed,
                limit,
            } => write!(
                f,
                "record {record} at byte {offset} is damaged: it claims {claimed} octets, more \
                 than the {limit} a frame may have; reading stops there, the frames before it are \
                 kept"
            ),
            Problem::Block { damage, resumed } => {
                write!(f, "block at byte {offset} is damaged: {damage}; {resumed}")
            }
            Problem::SeveralCaptures => write!(
                f,
                "holds several captures one after the other, the second from byte {offset} on: \
                 all are read, as one"
            ),
            Problem::Zeros { count } => write!(
                f,
                "{count} zero octets from byte {offset} to the end are no records and left out"
            ),
            Problem::Stream { reason } => write!(
                f,
                "can not be read beyond byte {offset}: {reason}; the frames before it are kept"
            ),
            Problem::NoTime => write!(
                f,
                "frames from byte {offset} on have no time (simple packet blocks): each takes the \
                 time of the frame before it"
            ),
            Problem::TimeRange => write!(
                f,
                "frames from byte {offset} on have times after the year 2554, which are taken as \
                 the last moment there is"
            ),
            Problem::TooManyInterfaces { limit } => write!(
                f,
                "more than {limit} interfaces at byte {offset}: frames of later ones are left out"
            ),
            Problem::NamedTwice => f.write_str("named more than once, read once"),
            Problem::Empty => f.write_str("empty file, left out"),
            Problem::LeftOut { reason } => write!(f, "left out: {reason}"),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "its length is {length}"),
            Self::Trailer => f.write_str("the lengths at its start and end differ"),
            Self::ByteOrder => f.write_str("a section header without a byte order mark"),
            Self::Version(major) => write!(f, "a section of version {major}, expected 1"),
            Self::Short => f.write_str("it is too short for its type"),
            Self::FrameLength(length) => write!(f, "its frame of {length} octets does not fit"),
            Self::Interface(id) => write!(f, "its section describes no interface {id}"),
        }
    }
}

impl fmt::Display for Resumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NextBlock => f.write_str("it is left out"),
            Self::At(offset) => write!(f, "reading goes on at byte {offset}"),
            Self::Nowhere => f.write_str("no sound block follows, the frames before it are kept"),
        }
    }
}
