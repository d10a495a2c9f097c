//! What the program writes is read by the engine as what it says is true of it.
//!
//! **Shape** every profile, small, and every form of a file; the real program.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;

use analyzer::engine::Settings;
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Answer, Operation, Query};
use analyzer::snapshot::Snapshot;
use replay::{Replay, ReplayInputs};
use serde_json::{Value, json};

/// Each profile, and packets enough for all it does.
const PROFILES: [(&str, u64); 10] = [
    ("small", 30_000),
    ("headers", 30_000),
    ("elephant", 30_000),
    ("long", 30_000),
    ("any", 10_000),
    ("wide", 30_000),
    ("hostile-keys", 30_000),
    ("hostile-flood", 30_000),
    ("hostile-fragments", 30_000),
    ("hostile-chains", 400),
];

/// Writes a capture, and the objects of its cluster beside it; answers with what is true of it.
fn write(profile: &str, packets: u64, capture: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_pilotfish-generator"))
        .args(["--profile", profile, "--pods", "300"])
        .args(["--packets", &packets.to_string()])
        .arg("--cluster")
        .arg(objects(capture))
        .arg("--output")
        .arg(capture)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn objects(capture: &Path) -> PathBuf {
    capture.with_file_name("pods.yaml")
}

/// No parameters.
const NOTHING: [(&str, &str); 0] = [];

/// Captures beside one another, read to their end.
fn read(captures: &[PathBuf], settings: Settings, threads: usize) -> Snapshot {
    let inputs = ReplayInputs {
        captures: captures.to_vec(),
        cluster: vec![objects(&captures[0])],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, settings).unwrap();
    replay.set_threads(NonZeroUsize::new(threads).unwrap());
    while replay.step(10_000) {}
    replay.finish()
}

fn ask(snapshot: &Snapshot, operation: Operation) -> Value {
    let query = Query::parse(operation, NOTHING, RowLimit::Bounded).unwrap();
    match query::run(snapshot, operation, &query) {
        Ok(Answer::Summary(summary)) => serde_json::to_value(summary).unwrap(),
        Ok(Answer::Flows(flows)) => serde_json::to_value(flows).unwrap(),
        other => panic!("{operation:?}: {other:?}"),
    }
}

/// The summary of a capture.
fn summary(capture: &Path) -> Value {
    let snapshot = read(&[capture.to_owned()], Settings::default(), 1);
    ask(&snapshot, Operation::Summary)
}

/// What the engine should say, of the truth.
fn expected(truth: &Value) -> Value {
    let number = |value: &Value| value.as_u64().unwrap();
    let both = |name: &str| number(&truth["tcp"][name]) + number(&truth["udp"][name]);
    let skipped = [("icmp", "icmp_frames"), ("fragment", "fragments_alone")];
    let skipped = skipped.map(|(reason, name)| (reason, number(&truth[name])));
    let skips: u64 = skipped.iter().map(|(_, frames)| frames).sum();
    let skipped: BTreeMap<_, _> = skipped.into_iter().filter(|(_, n)| *n > 0).collect();
    let (frames, copies) = (number(&truth["frames"]), number(&truth["copies"]));
    json!({
        "frames": frames,
        "copies": copies,
        "skipped": skipped,
        "counted": frames - copies - skips,
        "evicted": 0,
        "tcp_flows": truth["tcp"]["flows"],
        "udp_flows": truth["udp"]["flows"],
        "wire_pkts": both("packets"),
        "wire_bytes": both("ip_bytes"),
    })
}

fn answered(summary: &Value) -> Value {
    let coverage = &summary["coverage"];
    json!({
        "frames": coverage["frames"],
        "copies": coverage["copies"],
        "skipped": coverage["skipped"],
        "counted": coverage["counted"],
        "evicted": coverage["evicted"],
        "tcp_flows": summary["tcp_flows"],
        "udp_flows": summary["udp_flows"],
        "wire_pkts": summary["wire_pkts"],
        "wire_bytes": summary["wire_bytes"],
    })
}

#[test]
fn every_profile_is_counted_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for (profile, packets) in PROFILES {
        let capture = folder.path().join(profile);
        let truth = write(profile, packets, &capture);
        assert_eq!(answered(&summary(&capture)), expected(&truth), "{profile}");
    }
}

#[test]
fn a_profile_says_something_of_what_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    let truth = |profile: &str, packets| write(profile, packets, &folder.path().join("x.pcap"));
    let number = |truth: &Value, pointer: &str| truth.pointer(pointer).unwrap().as_u64().unwrap();
    let any = truth("any", 10_000);
    assert!(number(&any, "/copies") > number(&any, "/frames") / 2);
    let wide = truth("wide", 30_000);
    assert!(number(&wide, "/tcp/flows") * 10 > number(&wide, "/conversations") * 9);
    let flood = truth("hostile-flood", 30_000);
    assert_eq!(number(&flood, "/tcp/flows"), 10_000);
    let long = truth("long", 30_000);
    assert!(number(&long, "/most_live") * 10 > number(&long, "/conversations"));
    let fragments = truth("hostile-fragments", 30_000);
    assert!(number(&fragments, "/fragments_alone") * 4 >= number(&fragments, "/frames"));
}

#[test]
fn every_form_of_a_file_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a.pcap", "a.pcapng", "a.pcap.zst", "a.pcapng.zst"];
    for profile in ["small", "any"] {
        let captures = names.map(|name| folder.path().join(name));
        let truths = captures.each_ref().map(|path| write(profile, 10_000, path));
        let wholes = captures.each_ref().map(|path| answered(&summary(path)));
        for (name, whole) in names.iter().zip(&wholes) {
            assert_eq!(whole, &expected(&truths[0]), "{profile} as {name}");
        }
        let octets = captures.each_ref().map(|path| std::fs::read(path).unwrap());
        assert_eq!(truths[0]["file_bytes"], octets[0].len());
        assert_eq!(truths[1]["file_bytes"], octets[1].len());
        assert_eq!(octets[0][..4], [0x4d, 0x3c, 0xb2, 0xa1]);
        assert_eq!(octets[1][..4], [0x0a, 0x0d, 0x0d, 0x0a]);
        assert!(octets[2].len() * 2 < octets[0].len());
    }
}

/// However many threads read captures, the answers are those of one.
fn assert_same_by_any_number_of_threads(captures: &[PathBuf], settings: Settings) {
    let answers = |threads| {
        let snapshot = read(captures, settings, threads);
        [Operation::Summary, Operation::Flows].map(|operation| ask(&snapshot, operation))
    };
    let expected = answers(1);
    for threads in [2, 5] {
        assert_eq!(answers(threads), expected, "{captures:?}, {threads}");
    }
}

#[test]
fn any_number_of_threads_comes_to_the_answers_of_one() {
    let folder = tempfile::tempdir().unwrap();
    // So many live connections that some are over before the end, and that not all have room.
    let mut little = Settings::default();
    little.limits.connections = 17_000;
    for profile in ["small", "long", "any", "hostile-flood"] {
        let capture = folder.path().join(profile);
        write(profile, 100_000, &capture);
        for settings in [Settings::default(), little] {
            assert_same_by_any_number_of_threads(std::slice::from_ref(&capture), settings);
        }
    }
}

#[test]
fn what_is_read_ahead_is_counted_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let captures = ["a.pcap", "b.pcapng", "c.pcap.zst"].map(|name| {
        let capture = folder.path().join(name);
        write("elephant", 20_000, &capture);
        capture
    });
    let packed = folder.path().join("d.pcapng.zst");
    write("any", 100_000, &packed);
    let captures: Vec<_> = captures.into_iter().chain([packed]).collect();
    for capture in &captures {
        assert_same_by_any_number_of_threads(std::slice::from_ref(capture), Settings::default());
    }
    assert_same_by_any_number_of_threads(&captures, Settings::default());
}
