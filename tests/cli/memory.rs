//! `--memory-limit`: what does not fit goes and is counted, and what fits is as without it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::files::{PCAP_HEADER, folder};
use crate::run::{Outcome, command, outcome, transcript};

/// Questions to a name server, each from an address of its own, fifty a second.
const QUESTIONS: u32 = 30_000;

/// A capture of them, of raw IP packets.
fn questions() -> Vec<u8> {
    let mut octets = PCAP_HEADER.to_vec();
    octets[20] = 101;
    for number in 0..QUESTIONS {
        let [_, high, middle, low] = number.to_be_bytes();
        let packet = [
            [0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0],
            [10, high, middle, low, 10, 96, 0, 10, 0x9c, 0x40, 0, 53],
        ];
        let (seconds, micros) = (number / 50, number % 50 * 20_000);
        for word in [1_000_000_000 + seconds, micros, 28, 28] {
            octets.extend(word.to_le_bytes());
        }
        octets.extend(packet.as_flattened());
        octets.extend([0, 8, 0, 0]);
    }
    octets
}

fn flows(file: &Path, limit: &str) -> Value {
    let mut command = command("flows -o json --limit 1 --memory-limit");
    command.arg(limit).arg(file);
    let Outcome { status, stdout, .. } = outcome(command);
    assert_eq!(status.code(), Some(0));
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn what_does_not_fit_goes_and_is_counted() {
    let file = folder("memory").join("questions.pcap");
    fs::write(&file, questions()).unwrap();
    let number = |answer: &Value, field: &str| answer["coverage"][field].as_u64().unwrap_or(0);
    let (small, large) = (flows(&file, "48Mi"), flows(&file, "64Mi"));
    for answer in [&small, &large] {
        assert_eq!(number(answer, "frames"), u64::from(QUESTIONS));
        assert_eq!(number(answer, "counted"), u64::from(QUESTIONS));
    }
    assert_eq!(number(&large, "evicted"), 0);
    assert_eq!(large["total"], QUESTIONS);
    let gone = number(&small, "evicted");
    assert!(gone > 0 && small["total"].as_u64() < Some(QUESTIONS.into()));
    let warnings = small["coverage"]["warnings"].to_string();
    assert!(warnings.contains(&gone.to_string()), "{warnings}");
}

#[test]
fn what_fits_is_as_without_a_limit() {
    for question in ["flows", "summary", "connections", "workloads"] {
        let asked = format!("{question} captures/shop -o json");
        let (free, limited) = (
            outcome(command(&asked)),
            outcome(command(&format!("{asked} --memory-limit 48Mi"))),
        );
        assert_eq!(limited.stdout, free.stdout, "{question}");
    }
    assert!(transcript("flows captures/shop --memory-limit 47Mi").contains("at least 48Mi"));
}
