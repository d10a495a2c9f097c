//! pcapng: blocks, in sections, each frame of an interface that its section describes.
//!
//! In: octets. Out: records; interfaces, losses and names go to the report.
//!
//! **Shape** the framing is pcap-file's `RawBlock`, which is sound and copies nothing. The blocks
//! are decoded here: its typed ones are wrong about times and refuse what other tools read.
//! **Errors** a damaged block is left out with a warning. When its length can not be trusted the
//! next sound block is searched for.
//! **Source** draft-ietf-opsawg-pcapng.

mod block;
mod interface;
mod names;
mod note;
mod options;
mod packet;
mod search;
mod section;

use crate::octets::Octets;
use crate::pcapng::block::{BlockKind, Head};
use crate::pcapng::section::Section;
use crate::record::{Fields, Record};
use crate::report::CaptureReport;
use crate::warning::{Damage, Problem, Resumed};

/// The first four octets, the same in both byte orders.
pub(crate) const MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// Octets of the smallest section header.
pub(crate) const SECTION_HEADER: usize = 28;

/// The reader of one pcapng capture.
pub(crate) struct PcapNg {
    section: Section,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Reading,
    Ended,
}

/// What a block turned out to be.
enum Step {
    Frame(Record),
    Other,
    End,
}

impl PcapNg {
    /// Checks the section header, which the first `next` reads.
    pub(crate) fn new(start: &[u8; SECTION_HEADER]) -> Result<Self, Damage> {
        let order = block::section_order(start).ok_or(Damage::ByteOrder)?;
        let fields = Fields {
            order,
            octets: start,
        };
        let length = fields.u32(4).unwrap_or_default();
        if !block::is_length(length) || (length as usize) < SECTION_HEADER {
            return Err(Damage::Length(length));
        }
        match fields.u16(12) {
            Some(1) => Ok(Self {
                section: Section::new(order),
                state: State::Reading,
            }),
            major => Err(Damage::Version(major.unwrap_or_default())),
        }
    }

    /// The next frame.
    #[inline]
    pub(crate) fn next(
        &mut self,
        octets: &mut Octets,
        report: &mut CaptureReport,
    ) -> Option<Record> {
        while self.state == State::Reading {
            match self.step(octets, report) {
                Step::Frame(record) => return Some(record),
                Step::Other => {}
                Step::End => self.state = State::Ended,
            }
        }
        None
    }

    /// Reads one block.
    #[inline]
    fn step(&mut self, octets: &mut Octets, report: &mut CaptureReport) -> Step {
        let length = match block::head(octets, self.section.order()) {
            Head::Whole { length } => length,
            Head::Cut { needed } => return self.cut(octets, needed, report),
            Head::Zeros => return pass_zeros(octets, report),
            Head::Damaged(damage) => return self.search(octets, damage, report),
        };
        let whole = octets.buffered().get(..length).unwrap_or_default();
        let Some(block) = block::frame(whole, self.section.order()) else {
            return self.search(octets, Damage::Trailer, report);
        };
        let (offset, body_at) = (octets.offset(), octets.place(block::BODY, 0).start);
        let section = &mut self.section;
        let outcome = match block.kind {
            BlockKind::Enhanced => packet::enhanced(block.body)
                .and_then(|fields| section.frame(&fields, body_at, offset, report))
                .map(Step::Frame),
            BlockKind::Obsolete => packet::obsolete(block.body)
                .and_then(|fields| section.frame(&fields, body_at, offset, report))
                .map(Step::Frame),
            BlockKind::Simple => section
                .untimed_frame(block.body, body_at, offset, report)
                .map(Step::Frame),
            BlockKind::SectionHeader => section.begin(block.body, report).map(other),
            BlockKind::Interface => section.describe(block.body, offset, report).map(other),
            BlockKind::Statistics => section.statistics(block.body, report).map(other),
            BlockKind::Names => names::read(block.body, report).map(other),
            BlockKind::Unknown => Ok(Step::Other),
        };
        octets.consume(length);
        outcome.unwrap_or_else(|damage| leave_out(offset, damage, report))
    }

    /// The stream ends within this block, unless its length lies and a sound block follows.
    #[cold]
    fn cut(&self, octets: &mut Octets, needed: usize, report: &mut CaptureReport) -> Step {
        let (offset, had) = (octets.offset(), octets.buffered().len());
        if had == 0 {
            return Step::End;
        }
        if let Some(at) = search::next_block(octets, self.section.order()) {
            let damage = Damage::Length(u32::try_from(needed).unwrap_or(u32::MAX));
            return resume(offset, damage, Resumed::At(at), report);
        }
        report.truncated_records += 1;
        report.warn(
            offset,
            Problem::Cut {
                record: None,
                had: had as u64,
                needed: needed as u64,
            },
        );
        Step::End
    }

    /// Leaves out everything up to the next sound block.
    #[cold]
    fn search(&self, octets: &mut Octets, damage: Damage, report: &mut CaptureReport) -> Step {
        let offset = octets.offset();
        let found = search::next_block(octets, self.section.order());
        resume(
            offset,
            damage,
            found.map_or(Resumed::Nowhere, Resumed::At),
            report,
        )
    }
}

fn other((): ()) -> Step {
    Step::Other
}

/// A sound frame around nonsense: this block alone is left out.
#[cold]
fn leave_out(offset: u64, damage: Damage, report: &mut CaptureReport) -> Step {
    resume(offset, damage, Resumed::NextBlock, report)
}

fn resume(offset: u64, damage: Damage, resumed: Resumed, report: &mut CaptureReport) -> Step {
    report.corrupt_blocks += 1;
    report.warn(offset, Problem::Block { damage, resumed });
    match resumed {
        Resumed::NextBlock | Resumed::At(_) => Step::Other,
        Resumed::Nowhere => Step::End,
    }
}

/// Zeros to the end are the unwritten rest of a file; followed by anything they are damage.
#[cold]
fn pass_zeros(octets: &mut Octets, report: &mut CaptureReport) -> Step {
    let offset = octets.offset();
    while octets.ahead(4).is_some_and(|word| word == [0; 4]) {
        octets.consume(4);
    }
    let rest = octets.buffered();
    if rest.len() < 4 && rest.iter().all(|octet| *octet == 0) {
        let count = octets.offset() - offset + rest.len() as u64;
        report.warn(offset, Problem::Zeros { count });
        return Step::End;
    }
    let resumed = Resumed::At(octets.offset());
    resume(offset, Damage::Length(0), resumed, report)
}
