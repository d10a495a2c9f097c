//! Every capture of the corpus: read to its end, with the frames that others count.
//!
//! `PILOTFISH_CORPUS` names the folder; its `MANIFEST.tsv` has the number of frames.

use std::fs;
use std::path::PathBuf;

use replay::Captures;

#[test]
fn every_capture_gives_the_frames_that_others_count() {
    let Some(corpus) = std::env::var_os("PILOTFISH_CORPUS").map(PathBuf::from) else {
        println!("SKIPPED: PILOTFISH_CORPUS is not set, no capture of the corpus was read");
        return;
    };
    let manifest = fs::read_to_string(corpus.join("MANIFEST.tsv")).unwrap();
    let mut differences = Vec::new();
    let mut read = 0;
    for line in manifest.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (file, expected) = (columns[0], columns[6].parse::<u64>().unwrap());
        let mut captures = Captures::open(&[corpus.join(file)]).unwrap();
        let mut frames = 0;
        while let Some(frame) = captures.next_frame() {
            assert!(frame.data.len() <= frame.original_len as usize, "{file}");
            frames += 1;
        }
        let report = captures.report();
        assert_eq!(report.captures[0].frames, frames, "{file}");
        let warnings: Vec<String> = report.captures[0].warnings.lines().collect();
        if frames != expected {
            differences.push(format!(
                "{file}: {frames} frames, expected {expected} {warnings:?}"
            ));
        }
        read += 1;
    }
    assert!(read > 0, "the manifest names no capture");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
