//! The corpus: every capture that others publish, five-tuple by five-tuple against tshark.
//!
//! `PILOTFISH_CORPUS` names the folder. There, `X.inner.json` has the TCP and UDP flows that tshark
//! finds in capture `X`, tunnels unwrapped. Every five-tuple on which we differ is a row of
//! `docs/corpus.md` that says who is right; a row that no longer differs has to go.
//!
//! **Units** a direction is `packets/IP bytes`, that of the smaller endpoint first. Nothing is set
//! aside: fragments without ports count under ports 0, as they do in the expected files.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use analyzer::engine::{Engine, Settings};
use analyzer::packet::{self, Fragment, Parsed, Transport};
use analyzer::snapshot::{Provenance, Snapshot, Source};
use replay::Capture;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/corpus.md");

#[test]
fn five_tuples_are_those_of_tshark() {
    let Some(corpus) = corpus() else { return };
    let mut differences = BTreeMap::new();
    for Listed { name, .. } in listed(&corpus) {
        let expected = corpus.join(format!("{name}.inner.json"));
        if expected.exists() {
            let ours = our_tuples(&corpus.join(&name));
            differences.extend(compare(&name, &ours, &tshark_tuples(&expected)));
        }
    }
    let explained = explained(&fs::read_to_string(TABLE).unwrap());
    let complaints = complaints(&differences, &explained);
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn every_frame_is_accounted_for() {
    let Some(corpus) = corpus() else { return };
    for Listed { name, frames } in listed(&corpus) {
        let coverage = snapshot(&corpus.join(&name)).coverage;
        assert_eq!(coverage.frames, frames, "frames of {name}");
        assert!(coverage.closes(), "{name}: {coverage:?}");
    }
}

/// The engine neither loses nor doubles what the parser found, however connections begin and end.
#[test]
fn connections_count_what_was_parsed() {
    let Some(corpus) = corpus() else { return };
    for Listed { name, .. } in listed(&corpus) {
        let parsed = our_tuples(&corpus.join(&name));
        let (counted, copies) = counted_tuples(&corpus.join(&name));
        for (tuple, sums) in &counted.0 {
            // Later fragments, under ports 0 here, were added to the five-tuple of their first one.
            let fragmented = parsed.0.keys().any(|other| other.is_of_fragments_of(tuple));
            let found = parsed.0.get(tuple);
            // What several interfaces showed is counted at one of them.
            let at_one = copies > 0 && found.is_some_and(|found| sums.is_within(found));
            assert!(
                fragmented || at_one || found == Some(sums),
                "{name}: {tuple}: {sums}"
            );
        }
        let missing = parsed.packets().saturating_sub(counted.packets());
        assert!(
            missing <= copies,
            "{name}: {missing} missing, {copies} copies"
        );
        let with_ports = parsed.0.keys().filter(|tuple| !tuple.is_of_fragments());
        for tuple in with_ports {
            assert!(
                counted.0.contains_key(tuple),
                "{name}: {tuple} was not counted"
            );
        }
    }
}

fn snapshot(path: &Path) -> Snapshot {
    let mut settings = Settings::default();
    settings.limits.connection_records = 1_000_000;
    let mut engine = Engine::new(settings);
    let mut capture = Capture::open(path).unwrap();
    while let Some(frame) = capture.next_frame() {
        engine.ingest(&frame);
    }
    engine.into_snapshot(Provenance::new(Source::Replay))
}

/// What connections counted in a capture, and how many frames were copies.
fn counted_tuples(path: &Path) -> (Tuples, u64) {
    let mut tuples = Tuples::default();
    let snapshot = snapshot(path);
    let copies = snapshot.coverage.copies;
    for connection in snapshot.connections {
        let (key, total) = (connection.record.key, connection.record.total);
        let (low, high) = (
            (key.low.address, key.low.port),
            (key.high.address, key.high.port),
        );
        tuples.add(
            key.protocol.name(),
            low,
            high,
            (total.low.packets, total.low.ip_bytes),
        );
        tuples.add(
            key.protocol.name(),
            high,
            low,
            (total.high.packets, total.high.ip_bytes),
        );
    }
    (tuples, copies)
}

/// The corpus, or a loud word that there is none: written past the capture of test output.
fn corpus() -> Option<PathBuf> {
    const SKIPPED: &[u8] = b"SKIPPED: PILOTFISH_CORPUS is not set, no capture was compared\n";
    let corpus = std::env::var_os("PILOTFISH_CORPUS").map(PathBuf::from);
    if corpus.is_none() {
        std::io::stderr().write_all(SKIPPED).unwrap();
    }
    corpus
}

/// A capture in the corpus's list, with its frames: tshark's own count has pcapng's custom blocks
/// among them.
struct Listed {
    name: String,
    frames: u64,
}

fn listed(corpus: &Path) -> Vec<Listed> {
    let manifest = fs::read_to_string(corpus.join("MANIFEST.tsv")).unwrap();
    let listed: Vec<Listed> = manifest
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            Listed {
                name: columns[0].to_owned(),
                frames: columns[6].parse().unwrap(),
            }
        })
        .collect();
    assert!(!listed.is_empty(), "the manifest names no capture");
    listed
}

/// Protocol and both endpoints, the smaller one first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FiveTuple {
    protocol: &'static str,
    ends: [(IpAddr, u16); 2],
}

impl FiveTuple {
    /// Whether it stands for fragments without ports.
    fn is_of_fragments(&self) -> bool {
        self.ends.iter().all(|(_, port)| *port == 0)
    }

    /// Whether it stands for fragments that may belong to `other`.
    fn is_of_fragments_of(&self, other: &Self) -> bool {
        let addresses = |tuple: &Self| tuple.ends.map(|(address, _)| address);
        self.is_of_fragments()
            && self.protocol == other.protocol
            && addresses(self) == addresses(other)
    }
}

impl fmt::Display for FiveTuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(a, a_port), (b, b_port)] = self.ends;
        write!(f, "{} {a} {a_port} {b} {b_port}", self.protocol)
    }
}

/// Packets and IP bytes of both directions.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Sums([(u64, u64); 2]);

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(to, to_bytes), (back, back_bytes)] = self.0;
        write!(f, "{to}/{to_bytes} {back}/{back_bytes}")
    }
}

#[derive(Default)]
struct Tuples(BTreeMap<FiveTuple, Sums>);

impl Tuples {
    fn add(
        &mut self,
        protocol: &'static str,
        from: (IpAddr, u16),
        to: (IpAddr, u16),
        (packets, ip_bytes): (u64, u64),
    ) {
        let ends = if from <= to { [from, to] } else { [to, from] };
        let sums = self.0.entry(FiveTuple { protocol, ends }).or_default();
        let direction = &mut sums.0[usize::from(from > to)];
        direction.0 += packets;
        direction.1 += ip_bytes;
    }

    /// Packets of all five-tuples with ports.
    fn packets(&self) -> u64 {
        let with_ports = self.0.iter().filter(|(tuple, _)| !tuple.is_of_fragments());
        with_ports
            .map(|(_, Sums([out, back]))| out.0 + back.0)
            .sum()
    }
}

impl Sums {
    /// Whether neither direction has more than the other's.
    fn is_within(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        pairs
            .into_iter()
            .all(|(own, most)| own.0 <= most.0 && own.1 <= most.1)
    }
}

/// What we find in a capture.
fn our_tuples(path: &Path) -> Tuples {
    let mut tuples = Tuples::default();
    let mut capture = Capture::open(path).unwrap();
    while let Some(frame) = capture.next_frame() {
        match packet::parse(&frame) {
            Parsed::Packet(packet) => {
                let protocol = match packet.transport {
                    Transport::Tcp(_) => "tcp",
                    Transport::Udp => "udp",
                };
                let from = (packet.source, packet.source_port);
                let to = (packet.destination, packet.destination_port);
                tuples.add(protocol, from, to, (1, packet.ip_bytes.into()));
            }
            Parsed::Fragment(Fragment { key, ip_bytes, .. }) => {
                if let Some(protocol) = name_of(key.protocol.into()) {
                    let (from, to) = ((key.source, 0), (key.destination, 0));
                    tuples.add(protocol, from, to, (1, ip_bytes.into()));
                }
            }
            Parsed::Skip(_) => {}
        }
    }
    tuples
}

/// What tshark finds in it.
fn tshark_tuples(path: &Path) -> Tuples {
    let text = fs::read_to_string(path).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut tuples = Tuples::default();
    for flow in json["flows"].as_array().unwrap() {
        let number = |field: &str| flow[field].as_u64().unwrap();
        if let Some(protocol) = name_of(number("proto")) {
            let (a, b) = (endpoint(&flow["a"]), endpoint(&flow["b"]));
            let there = (number("a_packets"), number("a_ip_bytes"));
            let back = (number("b_packets"), number("b_ip_bytes"));
            tuples.add(protocol, a, b, there);
            tuples.add(protocol, b, a, back);
        }
    }
    tuples
}

fn name_of(protocol: u64) -> Option<&'static str> {
    match protocol {
        6 => Some("tcp"),
        17 => Some("udp"),
        _ => None,
    }
}

/// Reads `address port`, where port 0 is left out.
fn endpoint(value: &serde_json::Value) -> (IpAddr, u16) {
    let text = value.as_str().unwrap();
    let (address, port) = text.split_once(' ').unwrap_or((text, "0"));
    (address.parse().unwrap(), port.parse().unwrap())
}

/// Capture and five-tuple, as a row of the table names them.
type Place = (String, String);
/// Our sums and tshark's.
type Answers = (String, String);

fn compare(name: &str, ours: &Tuples, expected: &Tuples) -> BTreeMap<Place, Answers> {
    let text = |sums: Option<&Sums>| sums.map_or("none".to_owned(), Sums::to_string);
    ours.0
        .keys()
        .chain(expected.0.keys())
        .filter(|tuple| ours.0.get(tuple) != expected.0.get(tuple))
        .map(|tuple| {
            let answers = (text(ours.0.get(tuple)), text(expected.0.get(tuple)));
            ((name.to_owned(), tuple.to_string()), answers)
        })
        .collect()
}

/// The rows of the table: capture, five-tuple, ours, tshark, who is right, why.
fn explained(table: &str) -> BTreeMap<Place, Answers> {
    let mut rows = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let line = line.trim_matches('|');
        let cells: Vec<&str> = line
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        let [capture, tuple, ours, tshark, right, why] = cells[..] else {
            panic!("{TABLE}: six cells expected: {line}");
        };
        assert!(
            matches!(right, "ours" | "tshark" | "both"),
            "{TABLE}: {line}"
        );
        assert!(!why.is_empty(), "{TABLE}: no reason: {line}");
        let place = (capture.to_owned(), tuple.to_owned());
        let earlier = rows.insert(place, (ours.to_owned(), tshark.to_owned()));
        assert!(earlier.is_none(), "{TABLE}: twice: {line}");
    }
    rows
}

/// Differences without a row, and rows without a difference.
fn complaints(found: &BTreeMap<Place, Answers>, explained: &BTreeMap<Place, Answers>) -> String {
    let mut text = String::new();
    for (place @ (capture, tuple), answers @ (ours, tshark)) in found {
        if explained.get(place) != Some(answers) {
            writeln!(
                text,
                "no row: | `{capture}` | {tuple} | {ours} | {tshark} |"
            )
            .unwrap();
        }
    }
    for (place @ (capture, tuple), answers @ (ours, tshark)) in explained {
        if found.get(place) != Some(answers) {
            writeln!(
                text,
                "stale row: | `{capture}` | {tuple} | {ours} | {tshark} |"
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn a_table_that_does_not_fit_is_found_out() {
    let found = |answers: &[(&str, &str, &str)]| -> BTreeMap<Place, Answers> {
        let row = |&(tuple, ours, tshark): &(&str, &str, &str)| {
            let place = ("f/x.pcap".to_owned(), tuple.to_owned());
            (place, (ours.to_owned(), tshark.to_owned()))
        };
        answers.iter().map(row).collect()
    };
    let table = explained("| `f/x.pcap` | tcp a b | 1/40 0/0 | none | ours | it is there |");
    let same = found(&[("tcp a b", "1/40 0/0", "none")]);
    assert_eq!(complaints(&same, &table), "");
    assert!(complaints(&found(&[]), &table).starts_with("stale row"));
    let changed = found(&[("tcp a b", "2/80 0/0", "none")]);
    assert_eq!(complaints(&changed, &table).lines().count(), 2);
    assert!(complaints(&same, &BTreeMap::new()).starts_with("no row"));
}
