//! Captures as octets, and a reading of them as data to compare.

use std::io::{Cursor, Read};

use analyzer::frame::{Direction, Frame};
use replay::Capture;
use replay::report::CaptureReport;

/// The order of octets in a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    Little,
    Big,
}
pub(crate) use Order::{Big, Little};

impl Order {
    pub(crate) fn u16(self, value: u16) -> Vec<u8> {
        match self {
            Little => value.to_le_bytes().to_vec(),
            Big => value.to_be_bytes().to_vec(),
        }
    }

    pub(crate) fn u32(self, value: u32) -> Vec<u8> {
        match self {
            Little => value.to_le_bytes().to_vec(),
            Big => value.to_be_bytes().to_vec(),
        }
    }

    pub(crate) fn u64(self, value: u64) -> Vec<u8> {
        match self {
            Little => value.to_le_bytes().to_vec(),
            Big => value.to_be_bytes().to_vec(),
        }
    }
}

pub(crate) const MICROS: u32 = 0xa1b2_c3d4;
pub(crate) const NANOS: u32 = 0xa1b2_3c4d;
pub(crate) const MODIFIED: u32 = 0xa1b2_cd34;
pub(crate) const SECOND: u64 = 1_000_000_000;

/// A frame of the tests: its first octet is its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TestFrame {
    pub(crate) time: u64,
    pub(crate) original_len: u32,
    pub(crate) data: Vec<u8>,
}

/// A frame of `len` octets called `name`, at so many microseconds after a round second.
pub(crate) fn frame(name: u8, micros: u64, len: usize) -> TestFrame {
    let data = (0..len)
        .map(|at| name.wrapping_add(u8::try_from(at % 7).unwrap()))
        .collect();
    let original_len = u32::try_from(len).unwrap();
    TestFrame {
        time: 1_700_000_000 * SECOND + micros * 1_000,
        original_len,
        data,
    }
}

/// Some frames: short, odd, empty, cut by the snaplen, a time that steps back.
pub(crate) fn frames() -> Vec<TestFrame> {
    let mut cut = frame(b'c', 30, 96);
    cut.original_len = 1_500;
    vec![
        frame(b'a', 10, 60),
        frame(b'b', 20, 61),
        cut,
        frame(b'd', 25, 0),
        frame(b'e', 40, 1_514),
    ]
}

/// A pcap header.
pub(crate) fn pcap_header(order: Order, magic: u32, snaplen: u32, network: u32) -> Vec<u8> {
    let mut octets = order.u32(magic);
    octets.extend(order.u16(2));
    octets.extend(order.u16(4));
    octets.extend([0; 8]);
    octets.extend(order.u32(snaplen));
    octets.extend(order.u32(network));
    octets
}

/// The four numbers before a record's data.
pub(crate) fn pcap_record_header(order: Order, numbers: [u32; 4]) -> Vec<u8> {
    numbers
        .into_iter()
        .flat_map(|number| order.u32(number))
        .collect()
}

/// A whole record.
pub(crate) fn pcap_record(order: Order, magic: u32, frame: &TestFrame) -> Vec<u8> {
    let unit = if magic == NANOS { 1 } else { 1_000 };
    let seconds = u32::try_from(frame.time / SECOND).unwrap();
    let fraction = u32::try_from(frame.time % SECOND / unit).unwrap();
    let captured = u32::try_from(frame.data.len()).unwrap();
    let mut octets = pcap_record_header(order, [seconds, fraction, captured, frame.original_len]);
    if magic == MODIFIED {
        octets.extend([0, 0, 0, 2, 8, 0, 4, 0]);
    }
    octets.extend(&frame.data);
    octets
}

/// A capture of Ethernet frames.
pub(crate) fn pcap(order: Order, magic: u32, frames: &[TestFrame]) -> Vec<u8> {
    let mut octets = pcap_header(order, magic, 262_144, 1);
    octets.extend(
        frames
            .iter()
            .flat_map(|frame| pcap_record(order, magic, frame)),
    );
    octets
}

/// A pcapng block around a body.
pub(crate) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = body.len().next_multiple_of(4) - body.len();
    let length = order.u32(u32::try_from(12 + body.len() + padding).unwrap());
    let mut octets = order.u32(kind);
    octets.extend(&length);
    octets.extend(body);
    octets.extend(vec![0; padding]);
    octets.extend(&length);
    octets
}

/// Options with their codes.
pub(crate) fn options(order: Order, list: &[(u16, &[u8])]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (code, value) in list {
        octets.extend(order.u16(*code));
        octets.extend(order.u16(u16::try_from(value.len()).unwrap()));
        octets.extend(*value);
        octets.resize(octets.len().next_multiple_of(4), 0);
    }
    octets.extend([0; 4]);
    octets
}

/// A section header block.
pub(crate) fn section(order: Order) -> Vec<u8> {
    let mut body = order.u32(0x1a2b_3c4d);
    body.extend(order.u16(1));
    body.extend(order.u16(0));
    body.extend(order.u64(u64::MAX));
    block(order, 0x0a0d_0d0a, &body)
}

/// An interface description block.
pub(crate) fn interface(order: Order, link: u16, snaplen: u32, list: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = order.u16(link);
    body.extend([0; 2]);
    body.extend(order.u32(snaplen));
    body.extend(options(order, list));
    block(order, 1, &body)
}

/// An enhanced packet block whose time is `ticks`.
pub(crate) fn enhanced(
    order: Order,
    id: u32,
    ticks: u64,
    frame: &TestFrame,
    list: &[(u16, &[u8])],
) -> Vec<u8> {
    let mut body = order.u32(id);
    body.extend(order.u32(u32::try_from(ticks >> 32).unwrap()));
    body.extend(order.u32(u32::try_from(ticks & 0xffff_ffff).unwrap()));
    body.extend(order.u32(u32::try_from(frame.data.len()).unwrap()));
    body.extend(order.u32(frame.original_len));
    body.extend(&frame.data);
    body.resize(body.len().next_multiple_of(4), 0);
    if !list.is_empty() {
        body.extend(options(order, list));
    }
    block(order, 6, &body)
}

/// A simple packet block.
pub(crate) fn simple(order: Order, frame: &TestFrame) -> Vec<u8> {
    let mut body = order.u32(frame.original_len);
    body.extend(&frame.data);
    block(order, 3, &body)
}

/// A capture of one section, microseconds, one Ethernet interface.
pub(crate) fn pcapng(order: Order, frames: &[TestFrame]) -> Vec<u8> {
    let mut octets = section(order);
    octets.extend(interface(order, 1, 262_144, &[(2, b"eth0")]));
    for frame in frames {
        octets.extend(enhanced(order, 0, frame.time / 1_000, frame, &[]));
    }
    octets
}

/// A frame as it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    pub(crate) frame: TestFrame,
    pub(crate) link: u16,
    pub(crate) source: u32,
    pub(crate) interface: u32,
    pub(crate) direction: Direction,
}

impl From<Frame<'_>> for Seen {
    fn from(frame: Frame<'_>) -> Self {
        Self {
            frame: TestFrame {
                time: frame.time.as_nanos(),
                original_len: frame.original_len,
                data: frame.data.to_vec(),
            },
            link: frame.link.0,
            source: frame.origin.source,
            interface: frame.origin.interface,
            direction: frame.origin.direction,
        }
    }
}

/// All that was read of a capture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reading {
    pub(crate) seen: Vec<Seen>,
    pub(crate) report: CaptureReport,
}

impl Reading {
    pub(crate) fn frames(&self) -> Vec<TestFrame> {
        self.seen.iter().map(|seen| seen.frame.clone()).collect()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.report.warnings.lines().collect()
    }
}

/// Reads a capture that lies in memory.
pub(crate) fn read(octets: &[u8]) -> Reading {
    read_from(Cursor::new(octets.to_vec()))
}

/// Reads whatever the reader gives.
pub(crate) fn read_from(reader: impl Read + Send + 'static) -> Reading {
    try_read(reader).unwrap()
}

/// The same, or the text of the error.
pub(crate) fn try_read(reader: impl Read + Send + 'static) -> Result<Reading, String> {
    let mut capture = Capture::from_reader("t", reader).map_err(|error| error.to_string())?;
    let mut seen = Vec::new();
    while let Some(frame) = capture.next_frame() {
        seen.push(Seen::from(frame));
    }
    assert!(capture.next_frame().is_none(), "the end stays the end");
    Ok(Reading {
        seen,
        report: capture.report().clone(),
    })
}
