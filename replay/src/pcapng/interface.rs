//! Interfaces: what they are called, how they count time, what they lost.
//!
//! In: interface description and interface statistics blocks. Out: a [`Clock`] for the frames, an
//! [`Interface`] for the report.
//! **Units** ticks of the interface to nanoseconds; what lies outside `Timestamp` saturates.

use analyzer::frame::LinkType;
use analyzer::time::{NANOS_PER_SECOND, Timestamp};

use crate::pcapng::note;
use crate::pcapng::options::{COMMENT, Options};
use crate::record::Fields;
use crate::report::Interface;
use crate::warning::Damage;

/// Option codes of an interface description.
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;
/// Option codes of interface statistics.
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;
/// Octets kept of a name; Linux has 15, Windows about 60.
const NAME_OCTETS: usize = 256;

/// What every frame of an interface needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) link: LinkType,
    pub(crate) snaplen: u32,
    /// What its frames carry: the index that a comment says, else its number in the section.
    pub(crate) number: u32,
    resolution: Resolution,
    offset_seconds: i64,
}

/// How ticks become nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Resolution {
    /// Nanoseconds in a tick.
    Multiply(u64),
    /// Ticks in a nanosecond.
    Divide(u64),
    /// Ticks in a second, as a power of two.
    Binary(u32),
}

impl Clock {
    /// The moment of a frame.
    #[inline]
    pub(crate) fn time(&self, ticks: u64) -> Timestamp {
        match self.resolution {
            Resolution::Multiply(nanos) if self.offset_seconds == 0 => {
                Timestamp::from_nanos(ticks.saturating_mul(nanos))
            }
            Resolution::Multiply(_) | Resolution::Divide(_) | Resolution::Binary(_) => {
                self.time_with_offset(ticks)
            }
        }
    }

    fn time_with_offset(&self, ticks: u64) -> Timestamp {
        let second = i128::from(NANOS_PER_SECOND);
        let ticks = i128::from(ticks);
        let nanos = match self.resolution {
            Resolution::Multiply(nanos) => ticks * i128::from(nanos),
            Resolution::Divide(by) => ticks / i128::from(by),
            Resolution::Binary(power) => (ticks * second) >> power,
        };
        let nanos = nanos + i128::from(self.offset_seconds) * second;
        let nanos = nanos.clamp(0, i128::from(u64::MAX));
        Timestamp::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl Resolution {
    const MICROSECONDS: Self = Self::Multiply(1_000);

    /// `if_tsresol`: the high bit chooses the base, the rest is the negative exponent.
    fn of(option: u8) -> Self {
        let exponent = u32::from(option & 0x7f);
        if option & 0x80 != 0 {
            return Self::Binary(exponent);
        }
        match exponent {
            0..=9 => Self::Multiply(10_u64.pow(9 - exponent)),
            _ => Self::Divide(10_u64.checked_pow(exponent - 9).unwrap_or(u64::MAX)),
        }
    }
}

/// An interface description block, the one of this number in its section.
pub(crate) fn read(body: Fields<'_>, number: u32) -> Result<(Clock, Interface), Damage> {
    let link = LinkType(body.u16(0).ok_or(Damage::Short)?);
    let snaplen = body.u32(4).ok_or(Damage::Short)?;
    let mut clock = Clock {
        link,
        snaplen,
        number,
        resolution: Resolution::MICROSECONDS,
        offset_seconds: 0,
    };
    let mut name = None;
    for (code, value) in Options::new(body.from(8)) {
        match (code, value.octets) {
            (COMMENT, octets) => {
                clock.number = note::interface_index(octets).unwrap_or(clock.number);
            }
            (IF_NAME, octets) => name = Some(text(octets)),
            (IF_TSRESOL, [option, ..]) => clock.resolution = Resolution::of(*option),
            (IF_TSOFFSET, _) => {
                clock.offset_seconds = value.u64(0).unwrap_or_default().cast_signed();
            }
            _ => {}
        }
    }
    let interface = Interface {
        id: clock.number,
        name,
        link,
        snaplen,
        statistics_drops: None,
        packet_drops: 0,
    };
    Ok((clock, interface))
}

/// The losses of an interface statistics block: counted from the start, so the last block stands.
pub(crate) fn read_statistics(body: Fields<'_>, interface: &mut Interface) {
    let mut drops = None;
    for (code, value) in Options::new(body.from(12)) {
        if code == ISB_IFDROP || code == ISB_OSDROP {
            let count = value.u64(0).unwrap_or_default();
            drops = Some(drops.unwrap_or(0_u64).saturating_add(count));
        }
    }
    interface.statistics_drops = drops.or(interface.statistics_drops);
}

/// Text of any encoding, bounded; some writers end it with a zero.
fn text(octets: &[u8]) -> String {
    let octets = octets.get(..NAME_OCTETS).unwrap_or(octets);
    String::from_utf8_lossy(octets)
        .trim_end_matches('\0')
        .to_owned()
}
