//! Every scenario says what happened in it, and all of them together stay small.

use std::collections::BTreeSet;

use crate::tree;

/// What a clone should cost at most.
const BYTES: u64 = 8 * 1024 * 1024;

/// Holds the scripts that record scenarios, and is none.
const SCRIPTS: &str = "record";

/// The folders below `captures/` that have no README.
fn untold<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut folders = BTreeSet::new();
    let mut told = BTreeSet::new();
    for path in paths {
        let below = path
            .strip_prefix("captures/")
            .and_then(|below| below.split_once('/'));
        let Some((folder, file)) = below.filter(|(folder, _)| *folder != SCRIPTS) else {
            continue;
        };
        folders.insert(folder);
        if file == "README.md" {
            told.insert(folder);
        }
    }
    folders
        .difference(&told)
        .map(|&folder| folder.to_owned())
        .collect()
}

#[test]
fn a_scenario_without_readme_is_found() {
    let paths = [
        "captures/README.md",
        "captures/dns/README.md",
        "captures/dns/dns.pcap",
        "captures/record/shop.sh",
        "captures/shop/deep/README.md",
        "captures/shop/shop.pcap",
        "replay/src/lib.rs",
    ];
    assert_eq!(untold(paths.into_iter()), ["shop"]);
}

#[test]
fn every_scenario_has_a_readme() {
    let files = tree::files();
    assert_eq!(untold(files.iter().map(|file| file.path.as_str())), [""; 0]);
}

#[test]
fn the_scenarios_stay_small() {
    let files = tree::files();
    let captures = files
        .iter()
        .filter(|file| file.path.starts_with("captures/"));
    let bytes: u64 = captures.map(|file| file.bytes).sum();
    assert!(
        bytes < BYTES,
        "captures/ holds {bytes} bytes, expected fewer than {BYTES}"
    );
}
