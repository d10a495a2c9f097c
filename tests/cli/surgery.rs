//! A scenario in a folder of its own, whose capture and objects are changed a little.
//!
//! **Shape** the capture is `captures/shop`: classic pcap, little-endian, Ethernet, IPv4.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

/// A frame with the header of its record.
#[derive(Clone)]
pub(crate) struct Record {
    time: [u8; 8],
    pub(crate) frame: Vec<u8>,
}

/// The folder `name` in a new one, with a copy of the capture and the objects of the shop.
pub(crate) fn shop(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join(name);
    fs::create_dir(&scenario).unwrap();
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/shop");
    for file in ["shop.pcap", "cluster.yaml"] {
        fs::copy(shop.join(file), scenario.join(file)).unwrap();
    }
    folder
}

/// Changes the records of a capture.
pub(crate) fn cut(capture: &Path, change: impl FnOnce(&mut Vec<Record>)) {
    let octets = fs::read(capture).unwrap();
    let (header, mut left) = octets.split_at(FILE_HEADER);
    let mut records = Vec::new();
    while !left.is_empty() {
        let length = u32::from_le_bytes(left[8..12].try_into().unwrap()) as usize;
        records.push(Record {
            time: left[..8].try_into().unwrap(),
            frame: left[RECORD_HEADER..RECORD_HEADER + length].to_vec(),
        });
        left = &left[RECORD_HEADER + length..];
    }
    change(&mut records);
    let mut octets = header.to_vec();
    for record in records {
        let length = u32::try_from(record.frame.len()).unwrap().to_le_bytes();
        octets.extend(record.time);
        octets.extend([length, length].concat());
        octets.extend(record.frame);
    }
    fs::write(capture, octets).unwrap();
}

/// Changes a text file.
pub(crate) fn rewrite(file: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(file).unwrap();
    fs::write(file, change(text)).unwrap();
}

impl Record {
    /// Whether it is a TCP segment from one address to another and its port.
    pub(crate) fn is_tcp(&self, from: [u8; 4], to: [u8; 4], port: u16) -> bool {
        self.frame.len() > 54
            && self.frame[12..14] == [8, 0]
            && self.frame[23] == 6
            && self.frame[26..30] == from
            && self.frame[30..34] == to
            && self.frame[36..38] == port.to_be_bytes()
    }

    /// The same, or the other way round.
    pub(crate) fn is_between(&self, client: [u8; 4], server: [u8; 4], port: u16) -> bool {
        let answer = Record {
            time: self.time,
            frame: self.swapped(),
        };
        self.is_tcp(client, server, port) || answer.is_tcp(client, server, port)
    }

    fn swapped(&self) -> Vec<u8> {
        let mut frame = self.frame.clone();
        if frame.len() > 54 {
            let (one, other) = (self.frame[26..30].to_vec(), self.frame[30..34].to_vec());
            frame[26..30].copy_from_slice(&other);
            frame[30..34].copy_from_slice(&one);
            let (one, other) = (self.frame[34..36].to_vec(), self.frame[36..38].to_vec());
            frame[34..36].copy_from_slice(&other);
            frame[36..38].copy_from_slice(&one);
        }
        frame
    }

    /// Makes it one octet longer, in IP as well.
    pub(crate) fn lengthen(&mut self) {
        let length = u16::from_be_bytes([self.frame[16], self.frame[17]]) + 1;
        self.frame[16..18].copy_from_slice(&length.to_be_bytes());
        self.frame.push(0);
    }

    /// Makes the server's port another one.
    pub(crate) fn to_port(&self, port: u16) -> Self {
        let mut record = self.clone();
        record.frame[36..38].copy_from_slice(&port.to_be_bytes());
        record
    }

    /// Makes an address another one, wherever it is.
    pub(crate) fn readdress(&mut self, from: [u8; 4], to: [u8; 4]) {
        for at in 14..self.frame.len().saturating_sub(3) {
            if self.frame[at..at + 4] == from {
                self.frame[at..at + 4].copy_from_slice(&to);
            }
        }
    }
}
