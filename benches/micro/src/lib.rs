//! Frames of a capture, all in memory: what is measured reads no file.

use std::path::Path;

use analyzer::connection::{ConnectionKey, Sighting};
use analyzer::endpoint::Endpoint;
use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::hop::HopId;
use analyzer::packet::{self, Packet, Parsed, Transport};
use analyzer::protocol::Protocol;
use analyzer::time::Timestamp;
use replay::{Captures, ReplayError};

/// The frames of a capture.
pub struct Recorded {
    octets: Vec<u8>,
    records: Vec<Record>,
}

struct Record {
    time: Timestamp,
    link: LinkType,
    original_len: u32,
    offload: Offload,
    origin: Origin,
    /// Where its octets end; they begin where those of the one before end.
    end: usize,
}

impl Recorded {
    /// Reads a capture.
    ///
    /// # Errors
    /// When it can not be read.
    pub fn read(path: &Path) -> Result<Self, ReplayError> {
        let mut captures = Captures::open(&[path])?;
        let (mut octets, mut records) = (Vec::new(), Vec::new());
        captures.give(usize::MAX, |frame| {
            octets.extend_from_slice(frame.data);
            records.push(Record {
                time: frame.time,
                link: frame.link,
                original_len: frame.original_len,
                offload: frame.offload,
                origin: frame.origin,
                end: octets.len(),
            });
        });
        Ok(Self { octets, records })
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Each of them, in order.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut rest = self.octets.as_slice();
        let mut begin = 0;
        self.records.iter().map(move |record| {
            let (data, after) = rest.split_at(record.end - begin);
            (rest, begin) = (after, record.end);
            Frame {
                time: record.time,
                link: record.link,
                original_len: record.original_len,
                offload: record.offload,
                data,
                origin: record.origin,
            }
        })
    }

    /// What each TCP and UDP packet adds to which connection.
    #[must_use]
    pub fn sightings(&self) -> Vec<(ConnectionKey, Sighting)> {
        let packets = self
            .frames()
            .filter_map(|frame| match packet::parse(&frame) {
                Parsed::Packet(packet) => Some(sighting(frame.time, &packet)),
                Parsed::Fragment(_) | Parsed::Skip(_) => None,
            });
        packets.collect()
    }
}

fn sighting(time: Timestamp, packet: &Packet) -> (ConnectionKey, Sighting) {
    let source = Endpoint {
        address: packet.source,
        port: packet.source_port,
    };
    let destination = Endpoint {
        address: packet.destination,
        port: packet.destination_port,
    };
    let (protocol, segment) = match packet.transport {
        Transport::Tcp(segment) => (Protocol::Tcp, segment),
        Transport::Udp => (Protocol::Udp, None),
    };
    let (key, from) = ConnectionKey::of(HopId::BETWEEN, protocol, source, destination);
    let sighting = Sighting {
        time,
        from,
        packets: 1,
        ip_bytes: packet.ip_bytes,
        segment,
        duplicate: false,
    };
    (key, sighting)
}
