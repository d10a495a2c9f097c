//! One capture in many forms gives the same flows, byte for byte.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test that meets the unexpected fails"
)]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use analyzer::engine::Settings;
use analyzer::hop::declaration::TakenAt;
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Answer, Operation, Query};
use analyzer::snapshot::Snapshot;
use replay::{Replay, ReplayInputs, Taken};

/// A plain microsecond pcap, taken apart.
struct Records {
    header: Vec<u8>,
    records: Vec<Record>,
}

struct Record {
    seconds: u32,
    micros: u32,
    original_len: u32,
    data: Vec<u8>,
}

#[test]
fn split_compressed_converted_or_shuffled_it_gives_the_same_flows() {
    for name in ["shop", "fragments", "port-reuse", "midstream", "dns-names"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("captures")
            .join(name)
            .join(format!("{name}.pcap"));
        let folder = tempfile::tempdir().unwrap();
        let whole = answers(std::slice::from_ref(&path));
        for (form, files) in forms(&std::fs::read(&path).unwrap(), folder.path()) {
            assert_eq!(answers(&files), whole, "{name} {form}");
            let reversed: Vec<PathBuf> = files.into_iter().rev().collect();
            assert_eq!(answers(&reversed), whole, "{name} {form}, named in reverse");
        }
    }
}

/// Captures of all interfaces of two nodes, whole and cut in time where nobody would choose to.
#[test]
fn rotated_captures_of_nodes_are_one_source_each() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/any-sll2");
    let cluster = scenario.join("cluster.yaml");
    let folder = tempfile::tempdir().unwrap();
    let place = |node: &str, files: &str| Taken {
        files: folder.path().join(files),
        at: TakenAt::Node(node.into()),
    };
    let mut whole = Vec::new();
    let mut parts = Vec::new();
    for node in ["node-1", "node-2"] {
        let path = scenario.join(format!("{node}.pcap"));
        let records = Records::of(&std::fs::read(&path).unwrap());
        let count = records.records.len();
        let cuts = [0, count / 5, count / 2, count - 3, count];
        for (number, cut) in cuts.windows(2).enumerate() {
            let ending = if number == 0 {
                String::new()
            } else {
                number.to_string()
            };
            let part = folder.path().join(format!("{node}.pcap{ending}"));
            std::fs::write(&part, records.pcap(&records.records[cut[0]..cut[1]])).unwrap();
            parts.push(part);
        }
        whole.push(path);
    }
    let read = |captures: &[PathBuf], at: Vec<Taken>| {
        answers_of(&ReplayInputs {
            captures: captures.to_vec(),
            cluster: vec![cluster.clone()],
            at,
            ..ReplayInputs::default()
        })
    };
    assert_eq!(read(&parts, vec![]), read(&whole, vec![]), "nothing said");
    let said = vec![
        place("node-1", "node-1.pcap*"),
        place("node-2", "node-2.pcap*"),
    ];
    let declared = answers(&[scenario]);
    assert_eq!(read(&parts, said.clone()), declared, "said where");
    parts.reverse();
    assert_eq!(read(&parts, said), declared, "named in reverse");
}

fn forms(capture: &[u8], folder: &Path) -> Vec<(&'static str, Vec<PathBuf>)> {
    let records = Records::of(capture);
    let write = |name: &str, octets: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, octets).unwrap();
        path
    };
    let third = records.records.len() / 3;
    let parts = [0..third, third..2 * third, 2 * third..records.records.len()];
    let split = parts.into_iter().zip(["c", "a", "b"]).map(|(range, name)| {
        write(
            &format!("{name}.pcap"),
            &records.pcap(&records.records[range]),
        )
    });
    vec![
        ("split in three", split.collect()),
        ("gzip", vec![write("whole.pcap.gz", &gzip(capture))]),
        (
            "zstd",
            vec![write("whole.zst", &zstd::encode_all(capture, 1).unwrap())],
        ),
        (
            "big-endian",
            vec![write("big.pcap", &records.big_endian_nanoseconds())],
        ),
        ("pcapng", vec![write("whole.pcapng", &records.pcapng())]),
    ]
}

impl Records {
    fn of(mut capture: &[u8]) -> Self {
        let mut header = vec![0; 24];
        capture.read_exact(&mut header).unwrap();
        assert_eq!(
            header[..4],
            [0xd4, 0xc3, 0xb2, 0xa1],
            "a little-endian microsecond pcap"
        );
        let mut records = Vec::new();
        while !capture.is_empty() {
            let [seconds, micros, len, original_len] = [(); 4].map(|()| {
                let mut word = [0; 4];
                capture.read_exact(&mut word).unwrap();
                u32::from_le_bytes(word)
            });
            let mut data = vec![0; usize::try_from(len).unwrap()];
            capture.read_exact(&mut data).unwrap();
            records.push(Record {
                seconds,
                micros,
                original_len,
                data,
            });
        }
        Self { header, records }
    }

    fn link(&self) -> u32 {
        u32::from_le_bytes(self.header[20..24].try_into().unwrap())
    }

    fn pcap(&self, records: &[Record]) -> Vec<u8> {
        let mut octets = self.header.clone();
        for record in records {
            let len = u32::try_from(record.data.len()).unwrap();
            for word in [record.seconds, record.micros, len, record.original_len] {
                octets.write_all(&word.to_le_bytes()).unwrap();
            }
            octets.write_all(&record.data).unwrap();
        }
        octets
    }

    fn big_endian_nanoseconds(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for word in [0xa1b2_3c4d, 0x0002_0004, 0, 0, 262_144, self.link()] {
            octets.write_all(&u32::to_be_bytes(word)).unwrap();
        }
        for record in &self.records {
            let len = u32::try_from(record.data.len()).unwrap();
            for word in [
                record.seconds,
                record.micros * 1_000,
                len,
                record.original_len,
            ] {
                octets.write_all(&word.to_be_bytes()).unwrap();
            }
            octets.write_all(&record.data).unwrap();
        }
        octets
    }

    fn pcapng(&self) -> Vec<u8> {
        let mut octets = block(
            0x0a0d_0d0a,
            &[
                0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
            ],
        );
        let mut interface = self.link().to_le_bytes().to_vec();
        interface.extend([0; 4]);
        octets.extend(block(1, &interface));
        for record in &self.records {
            let micros = u64::from(record.seconds) * 1_000_000 + u64::from(record.micros);
            let len = u32::try_from(record.data.len()).unwrap();
            let mut body = Vec::new();
            let (high, low) = ((micros >> 32) as u32, (micros & 0xffff_ffff) as u32);
            for word in [0, high, low, len, record.original_len] {
                body.extend(word.to_le_bytes());
            }
            body.extend(&record.data);
            octets.extend(block(6, &body));
        }
        octets
    }
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let len = u32::try_from(padded + 12).unwrap().to_le_bytes();
    let mut octets = [&kind.to_le_bytes(), &len, body].concat();
    octets.resize(8 + padded, 0);
    octets.extend(len);
    octets
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// Every row of the answers, without what names the files.
fn answers(files: &[PathBuf]) -> String {
    answers_of(&ReplayInputs {
        captures: files.to_vec(),
        ..ReplayInputs::default()
    })
}

fn answers_of(inputs: &ReplayInputs) -> String {
    let mut settings = Settings::default();
    settings.limits.connection_records = 100_000;
    let mut replay = Replay::open(inputs, settings).unwrap();
    while replay.step(100) {}
    let snapshot = replay.finish();
    let Answer::Flows(flows) = ask(&snapshot, Operation::Flows, "format=full&limit=10000") else {
        panic!("flows were asked for");
    };
    let Answer::Connections(connections) = ask(&snapshot, Operation::Connections, "limit=10000")
    else {
        panic!("connections were asked for");
    };
    assert!(!flows.flows.is_empty() && !connections.connections.is_empty());
    serde_json::to_string(&(flows.flows, connections.connections)).unwrap()
}

fn ask(snapshot: &Snapshot, operation: Operation, parameters: &str) -> Answer {
    let pairs = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let query = Query::parse(operation, pairs, RowLimit::Bounded).unwrap();
    query::run(snapshot, operation, &query).unwrap()
}
