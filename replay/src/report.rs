//! The report of a capture: what was read of it and what it says about itself.

use std::net::IpAddr;
use std::path::PathBuf;

use analyzer::frame::LinkType;

use crate::warning::{Problem, Warning, Warnings};

/// What was read of one capture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaptureReport {
    /// The file, as it was named; `-` for standard input.
    pub file: PathBuf,
    /// Its format.
    pub format: Format,
    /// How it is packed.
    pub compression: Compression,
    /// Frames delivered.
    pub frames: u64,
    /// Records or blocks that the end of the capture cut, 0 or 1.
    pub truncated_records: u64,
    /// Damaged records or blocks.
    pub corrupt_blocks: u64,
    /// The interfaces, in the order in which they were described; one a link type for pcap.
    pub interfaces: Vec<Interface>,
    /// Addresses with names, from pcapng name resolution blocks.
    pub names: Vec<NamedAddress>,
    /// Names beyond [`CaptureReport::NAME_LIMIT`].
    pub names_left_out: u64,
    /// What was wrong.
    pub warnings: Warnings,
}

/// The format of a capture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// The classic format of tcpdump.
    Pcap,
    /// The next generation, of Wireshark.
    PcapNg,
}

/// How a capture is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
}

/// An interface of a capture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// The number that frames carry: the index that its description says in a comment, else its
    /// number within the section; 0 for pcap.
    pub id: u32,
    /// Its name, where the capture has it.
    pub name: Option<String>,
    /// What its frames start with.
    pub link: LinkType,
    /// The most octets kept of a frame; 0 says no limit.
    pub snaplen: u32,
    /// Frames it lost by its own statistics (`isb_ifdrop`, `isb_osdrop`); the last one counts.
    pub statistics_drops: Option<u64>,
    /// Frames lost by the counts of single packets (`epb_dropcount`).
    pub packet_drops: u64,
}

impl Interface {
    /// Frames lost. The two counts are of the same losses: the larger one.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.statistics_drops.unwrap_or(0).max(self.packet_drops)
    }
}

/// An address and a name that the capture gives it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedAddress {
    /// The address.
    pub ip: IpAddr,
    /// Its name.
    pub name: String,
}

impl CaptureReport {
    /// Names kept of one capture.
    pub const NAME_LIMIT: usize = 65_536;
    /// Interfaces kept of one capture.
    pub const INTERFACE_LIMIT: usize = 65_536;

    pub(crate) fn new(file: PathBuf, format: Format, compression: Compression) -> Self {
        Self {
            file,
            format,
            compression,
            frames: 0,
            truncated_records: 0,
            corrupt_blocks: 0,
            interfaces: Vec::new(),
            names: Vec::new(),
            names_left_out: 0,
            warnings: Warnings::default(),
        }
    }

    /// Frames lost before they were written, on all interfaces.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.interfaces
            .iter()
            .map(Interface::dropped)
            .fold(0, u64::saturating_add)
    }

    pub(crate) fn warn(&mut self, offset: u64, problem: Problem) {
        self.warn_at(Some(offset), problem);
    }

    pub(crate) fn warn_at(&mut self, offset: Option<u64>, problem: Problem) {
        let file = &self.file;
        self.warnings.push(|| Warning {
            file: file.clone(),
            offset,
            problem,
        });
    }
}
