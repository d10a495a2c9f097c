//! Sections: a byte order, and interfaces numbered from 0.
//!
//! In: the bodies of blocks. Out: records with the number that the section gives their interface:
//! captures that were put one behind the other are of the same interfaces. What a recorder wrote
//! down in comments (see [`note`]) counts for more.

use analyzer::frame::{LinkType, Offload};
use analyzer::time::Timestamp;

use crate::pcapng::interface::{self, Clock};
use crate::pcapng::note;
use crate::pcapng::options::{COMMENT, Options};
use crate::pcapng::packet::{self, PacketFields};
use crate::record::{ByteOrder, Fields, Record};
use crate::report::CaptureReport;
use crate::warning::{Damage, Problem};

/// Where the options of a section header start in its body: after byte order, version and length.
const OPTIONS_AT: usize = 16;

/// The section that is being read.
pub(crate) struct Section {
    order: ByteOrder,
    clocks: Vec<Clock>,
    /// The capture's number of this section's interface 0.
    first_interface: usize,
    /// What a frame of which nothing is said is.
    offload: Offload,
    /// The time of the latest frame, of any section.
    last_time: Timestamp,
    warned: Warned,
}

/// What is warned of once in a capture.
#[derive(Clone, Copy, Default)]
struct Warned {
    no_time: bool,
    range: bool,
    interfaces: bool,
}

impl Section {
    pub(crate) fn new(order: ByteOrder) -> Self {
        Self {
            order,
            clocks: Vec::new(),
            first_interface: 0,
            offload: Offload::Unknown,
            last_time: Timestamp::MIN,
            warned: Warned::default(),
        }
    }

    #[inline]
    pub(crate) fn order(&self) -> ByteOrder {
        self.order
    }

    /// Begins the next section. Whatever its version, it ends the interfaces of the one before.
    pub(crate) fn begin(&mut self, body: Fields<'_>, report: &CaptureReport) -> Result<(), Damage> {
        self.order = body.order;
        self.clocks.clear();
        self.first_interface = report.interfaces.len();
        let mut options = Options::new(body.from(OPTIONS_AT));
        let knows =
            options.any(|(code, value)| code == COMMENT && note::knows_offload(value.octets));
        self.offload = if knows {
            Offload::Whole
        } else {
            Offload::Unknown
        };
        match body.u16(4).ok_or(Damage::Short)? {
            1 => Ok(()),
            major => Err(Damage::Version(major)),
        }
    }

    /// Adds the interface of a description block.
    pub(crate) fn describe(
        &mut self,
        body: Fields<'_>,
        offset: u64,
        report: &mut CaptureReport,
    ) -> Result<(), Damage> {
        let number = u32::try_from(self.clocks.len()).unwrap_or(u32::MAX);
        let (clock, interface) = interface::read(body, number)?;
        if report.interfaces.len() < CaptureReport::INTERFACE_LIMIT {
            self.clocks.push(clock);
            report.interfaces.push(interface);
        } else if !self.warned.interfaces {
            self.warned.interfaces = true;
            let limit = CaptureReport::INTERFACE_LIMIT;
            report.warn(offset, Problem::TooManyInterfaces { limit });
        }
        Ok(())
    }

    /// Notes the losses of a statistics block.
    pub(crate) fn statistics(
        &self,
        body: Fields<'_>,
        report: &mut CaptureReport,
    ) -> Result<(), Damage> {
        let id = body.u32(0).ok_or(Damage::Short)?;
        let described = report.interfaces.get_mut(self.first_interface..);
        let interface = described.and_then(|interfaces| interfaces.get_mut(id as usize));
        let interface = interface.ok_or(Damage::Interface(id))?;
        interface::read_statistics(body, interface);
        Ok(())
    }

    /// The frame of a block that names its interface and has a time.
    #[inline]
    pub(crate) fn frame(
        &mut self,
        fields: &PacketFields,
        body_at: usize,
        offset: u64,
        report: &mut CaptureReport,
    ) -> Result<Record, Damage> {
        let Some(clock) = self.clocks.get(fields.interface as usize) else {
            return Err(Damage::Interface(fields.interface));
        };
        let (link, number) = (clock.link, clock.number);
        self.last_time = clock.time(fields.ticks);
        if self.last_time > Timestamp::LAST {
            self.last_time = Timestamp::LAST;
            if !self.warned.range {
                self.warned.range = true;
                report.warn(offset, Problem::TimeRange);
            }
        }
        if fields.drops > 0 {
            let place = self.first_interface + fields.interface as usize;
            add_drops(place, fields.drops, report);
        }
        Ok(self.record(fields, (link, number), body_at))
    }

    /// The frame of a simple packet block: of interface 0, at the time of the one before it.
    pub(crate) fn untimed_frame(
        &mut self,
        body: Fields<'_>,
        body_at: usize,
        offset: u64,
        report: &mut CaptureReport,
    ) -> Result<Record, Damage> {
        let clock = self.clocks.first().ok_or(Damage::Interface(0))?;
        let fields = packet::simple(body, clock.snaplen)?;
        if !self.warned.no_time {
            self.warned.no_time = true;
            report.warn(offset, Problem::NoTime);
        }
        Ok(self.record(&fields, (clock.link, clock.number), body_at))
    }

    #[inline]
    fn record(
        &self,
        fields: &PacketFields,
        (link, interface): (LinkType, u32),
        body_at: usize,
    ) -> Record {
        let first = body_at + fields.data_at;
        Record {
            time: self.last_time,
            link,
            original_len: fields.original_len.max(fields.captured_len),
            interface,
            direction: fields.direction,
            offload: fields.offload.unwrap_or(self.offload),
            data: first..first + fields.captured_len as usize,
        }
    }
}

#[cold]
fn add_drops(place: usize, drops: u64, report: &mut CaptureReport) {
    if let Some(interface) = report.interfaces.get_mut(place) {
        interface.packet_drops = interface.packet_drops.saturating_add(drops);
    }
}
