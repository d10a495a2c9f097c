//! Classic pcap: records one after the other behind a header of 24 octets.
//!
//! In: octets. Out: records. Taken as tcpdump and Wireshark take it: both byte orders, micro- and
//! nanoseconds, Kuznetzov's modified records, any snaplen in the header, a sub-second part of a
//! second or more, more octets than the snaplen, lengths swapped by old writers.
//!
//! **Shape** the link type is the low 16 bits of the network field; the rest tells of checksums.
//! Captures written one after the other (`cat a.pcap b.pcap`) are read as one: at each further
//! header its byte order, resolution and link type hold; the report lists each link type once.
//! **Errors** a record that is cut or claims too much ends the capture: there is nothing in the
//! format by which the next one could be found.
//! **Source** draft-ietf-opsawg-pcap; libpcap's `sf-pcap.c` for the versions.

mod header;

use std::collections::BTreeSet;

use analyzer::frame::{Direction, Frame, Offload};
use analyzer::time::{NANOS_PER_SECOND, Timestamp};

use crate::error::CaptureError;
use crate::octets::Octets;
pub(crate) use crate::pcap::header::{HEADER, Variant};
use crate::pcap::header::{Header, Lengths, RECORD_HEADER};
use crate::record::{Fields, Record, Run};
use crate::report::{CaptureReport, Interface};
use crate::sources::Numbers;
use crate::warning::Problem;

/// What a record may have at least: twice the largest segmentation-offload frame of Linux.
const SMALLEST_LIMIT: u32 = 1 << 20;
/// What it may have at most, whatever the snaplen says.
const LARGEST_LIMIT: u32 = 16 << 20;

/// How many captures were found in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Captures {
    One,
    /// More, which was said.
    Several,
}

/// The reader of a pcap capture, or of several in one file.
pub(crate) struct Pcap {
    header: Header,
    limit: u32,
    /// The link types that the report knows, of which there are no more than 16 bits can say.
    links: BTreeSet<u16>,
    captures: Captures,
    /// Nanoseconds in one unit of the sub-second part, where records have the form that most
    /// captures have.
    common: Option<u64>,
    /// Records of nothing but zeros that were passed and are still to be delivered.
    blank: u64,
    ended: bool,
}

/// What the header of a common record says.
struct RecordHead {
    time: Timestamp,
    captured: usize,
    original_len: u32,
}

impl Pcap {
    /// Reads the header.
    pub(crate) fn new(
        variant: Variant,
        header: &[u8; HEADER],
        report: &mut CaptureReport,
    ) -> Result<Self, CaptureError> {
        let header = Header::read(variant, header)?;
        let mut pcap = Self {
            header,
            limit: 0,
            links: BTreeSet::new(),
            captures: Captures::One,
            common: None,
            blank: 0,
            ended: false,
        };
        pcap.begin(header, report);
        Ok(pcap)
    }

    /// The next record.
    #[expect(
        clippy::inline_always,
        reason = "a record is as large as what it is made of"
    )]
    #[inline(always)]
    pub(crate) fn next(
        &mut self,
        octets: &mut Octets,
        report: &mut CaptureReport,
    ) -> Option<Record> {
        if let Some(record) = self.next_common(octets) {
            return Some(record);
        }
        self.next_uncommon(octets, report)
    }

    /// The next record where nothing is unusual about it and all of it is read already: most are
    /// found with a few comparisons.
    #[expect(clippy::inline_always, reason = "as above")]
    #[inline(always)]
    fn next_common(&self, octets: &mut Octets) -> Option<Record> {
        let header = octets.at_hand()?;
        let common = self.head(header)?;
        let data = octets.pass(RECORD_HEADER, common.captured)?;
        Some(self.record(common.time, common.original_len, data))
    }

    /// Gives the frames of up to `count` records from the beginning of `octets` on, as long as nothing
    /// is unusual about them and they are whole.
    #[inline]
    pub(crate) fn give_common<'o>(
        &self,
        octets: &'o [u8],
        count: usize,
        numbers: Numbers,
        take: &mut impl FnMut(&Frame<'o>),
    ) -> Run {
        let link = self.header.link;
        let origin = numbers.origin(link, 0, Direction::Unknown);
        let (mut run, mut rest) = (Run::default(), octets);
        while run.frames < count
            && let Some((header, behind)) = rest.split_first_chunk()
            && let Some(common) = self.head(header)
            && let Some((data, behind)) = behind.split_at_checked(common.captured)
        {
            rest = behind;
            run.frames += 1;
            run.latest = run.latest.max(common.time);
            take(&Frame {
                time: common.time,
                link,
                original_len: common.original_len,
                offload: Offload::Unknown,
                data,
                origin,
            });
        }
        run.octets = octets.len() - rest.len();
        run
    }

    /// What the header of a record says, unless something may be unusual about it.
    #[expect(clippy::inline_always, reason = "as above")]
    #[inline(always)]
    fn head(&self, header: &[u8; RECORD_HEADER]) -> Option<RecordHead> {
        let unit = self.common.filter(|_| !self.ended && self.blank == 0)?;
        let (words, _) = header.as_chunks();
        let [seconds, fraction, captured, original_len] =
            words.first_chunk()?.map(u32::from_le_bytes);
        if captured == 0 || captured > self.limit || header::may_begin(seconds) {
            return None;
        }
        let nanos = u64::from(seconds) * NANOS_PER_SECOND + u64::from(fraction) * unit;
        Some(RecordHead {
            time: Timestamp::from_nanos(nanos),
            captured: captured as usize,
            original_len: original_len.max(captured),
        })
    }

    /// The next record, whatever it is.
    #[inline(never)]
    fn next_uncommon(&mut self, octets: &mut Octets, report: &mut CaptureReport) -> Option<Record> {
        if self.ended || self.blank > 0 {
            return self.next_blank(octets);
        }
        let (header, before_data) = loop {
            let needed = self.header.variant.record_header;
            let ahead = octets.ahead(needed);
            let Some(header) = ahead.and_then(|ahead| ahead.first_chunk().copied()) else {
                return self.end(octets, needed, report);
            };
            let Some(variant) = header::begins(&header) else {
                break (header, needed);
            };
            if !self.read_on(variant, octets, report) {
                return self.end(octets, HEADER, report);
            }
        };
        if header == [0; RECORD_HEADER] && is_blank(octets, before_data) {
            return self.pass_zeros(octets, report);
        }
        let (time, captured, original_len) = self.decode(&header);
        if captured > self.limit {
            return self.stop(captured, octets, report);
        }
        let count = captured as usize;
        if octets.ahead(before_data + count).is_none() {
            return self.end(octets, before_data + count, report);
        }
        let data = octets.place(before_data, count);
        octets.consume(before_data + count);
        Some(self.record(time, original_len.max(captured), data))
    }

    /// Reads the header of a further capture in the file; `false` when it is cut.
    #[cold]
    fn read_on(
        &mut self,
        variant: Variant,
        octets: &mut Octets,
        report: &mut CaptureReport,
    ) -> bool {
        let ahead = octets.ahead(HEADER).and_then(|ahead| ahead.first_chunk());
        let Some(header) = ahead.and_then(|ahead| Header::read(variant, ahead).ok()) else {
            return false;
        };
        if self.captures == Captures::One {
            self.captures = Captures::Several;
            report.warn(octets.offset(), Problem::SeveralCaptures);
        }
        octets.consume(HEADER);
        self.begin(header, report);
        true
    }

    /// Takes what a header says for the records that follow it.
    fn begin(&mut self, header: Header, report: &mut CaptureReport) {
        self.header = header;
        self.limit = header.snaplen.clamp(SMALLEST_LIMIT, LARGEST_LIMIT);
        self.common = header.common_unit();
        if self.links.insert(header.link.0) {
            report.interfaces.push(Interface {
                id: 0,
                name: None,
                link: header.link,
                snaplen: header.snaplen,
                statistics_drops: None,
                packet_drops: 0,
            });
        }
    }

    #[inline]
    fn decode(&self, header: &[u8; RECORD_HEADER]) -> (Timestamp, u32, u32) {
        let fields = Fields {
            order: self.header.variant.order,
            octets: header,
        };
        let word = |at| fields.u32(at).unwrap_or_default();
        let nanos =
            u64::from(word(0)) * NANOS_PER_SECOND + u64::from(word(4)) * self.header.variant.unit;
        let (first, second) = (word(8), word(12));
        let (captured, original) = match self.header.lengths {
            Lengths::CapturedFirst => (first, second),
            Lengths::OriginalFirst => (second, first),
            Lengths::Either => (first.min(second), first.max(second)),
        };
        (Timestamp::from_nanos(nanos), captured, original)
    }

    #[inline]
    fn record(&self, time: Timestamp, original_len: u32, data: std::ops::Range<usize>) -> Record {
        Record {
            time,
            link: self.header.link,
            original_len,
            interface: 0,
            direction: Direction::Unknown,
            offload: Offload::Unknown,
            data,
        }
    }

    /// Zeros are a frame without time or octets, or the unwritten rest of a file: what follows
    /// tells. One such record at the end is a frame to tcpdump and Wireshark, and so it is here.
    #[cold]
    fn pass_zeros(&mut self, octets: &mut Octets, report: &mut CaptureReport) -> Option<Record> {
        let size = self.header.variant.record_header;
        let offset = octets.offset();
        while is_blank(octets, size) {
            octets.consume(size);
            self.blank += 1;
        }
        let rest = octets.buffered();
        let unwritten = self.blank > 1 && rest.len() < size;
        if unwritten && rest.iter().all(|octet| *octet == 0) {
            let count = self.blank * size as u64 + rest.len() as u64;
            report.warn(offset, Problem::Zeros { count });
            self.blank = 0;
            self.ended = true;
        }
        self.next_blank(octets)
    }

    #[cold]
    fn next_blank(&mut self, octets: &Octets) -> Option<Record> {
        self.blank = self.blank.checked_sub(1)?;
        Some(self.record(Timestamp::MIN, 0, octets.place(0, 0)))
    }

    /// Ends because fewer than `needed` octets are left.
    #[cold]
    fn end(
        &mut self,
        octets: &Octets,
        needed: usize,
        report: &mut CaptureReport,
    ) -> Option<Record> {
        self.ended = true;
        let had = octets.buffered().len();
        if had > 0 {
            report.truncated_records += 1;
            let (record, needed) = (Some(report.frames + 1), needed as u64);
            report.warn(
                octets.offset(),
                Problem::Cut {
                    record,
                    had: had as u64,
                    needed,
                },
            );
        }
        None
    }

    #[cold]
    fn stop(
        &mut self,
        claimed: u32,
        octets: &Octets,
        report: &mut CaptureReport,
    ) -> Option<Record> {
        self.ended = true;
        report.corrupt_blocks += 1;
        let problem = Problem::RecordLength {
            record: report.frames + 1,
            claimed,
            limit: self.limit,
        };
        report.warn(octets.offset(), problem);
        None
    }
}

/// Whether the next `count` octets are zeros.
#[cold]
fn is_blank(octets: &mut Octets, count: usize) -> bool {
    let ahead = octets.ahead(count);
    ahead.is_some_and(|ahead| ahead.iter().all(|octet| *octet == 0))
}
