//! A recording that nobody ended: what was flushed can be replayed.

use std::fs::{self, OpenOptions};
use std::path::Path;

use analyzer::snapshot::Snapshot;

use crate::answers;
use crate::scenarios::assert_same;
use crate::telling::{Live, Story};

/// A live run that was told some frames, flushed, told some more and was killed; its folder, and
/// what it knew when it flushed.
fn killed_after(story: &Story, frames: usize, folder: &Path) -> Snapshot {
    let mut live = Live::start(story, folder.to_owned(), Some(6_000));
    story.tell(frames, &mut live);
    live.recorder.flush().unwrap();
    let snapshot = live.snapshot();
    // Few enough to wait in the recorder's memory, which is lost.
    for frame in story.frames.iter().skip(frames).take(3) {
        live.recorder.frame(&frame.lend()).unwrap();
    }
    snapshot
}

/// The last capture of a folder.
fn last_capture(folder: &Path) -> std::path::PathBuf {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "pcapng"))
        .max()
        .unwrap()
}

#[test]
fn what_was_flushed_is_replayed() {
    let story = Story::of("ip-reuse");
    for frames in [0, 1, 10, 40] {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = killed_after(&story, frames, folder.path());
        let replayed = answers::of_replay(folder.path());
        let what = format!("{frames} frames");
        assert_same(&answers::of(&snapshot), &replayed, &what);
    }
}

/// Not even a system that wrote half a block, or half a line, costs what is before it.
#[test]
fn what_is_cut_costs_no_more_than_itself() {
    let story = Story::of("ip-reuse");
    let folder = tempfile::tempdir().unwrap();
    let frames = story.frames.len();
    drop(killed_after(&story, frames, folder.path()));
    let whole = answers::replay(folder.path()).coverage.frames;
    for file in [
        last_capture(folder.path()),
        folder.path().join("cluster.jsonl"),
    ] {
        let octets = fs::metadata(&file).unwrap().len();
        let file = OpenOptions::new().write(true).open(file).unwrap();
        file.set_len(octets - 10).unwrap();
    }
    let snapshot = answers::replay(folder.path());
    assert_eq!(snapshot.coverage.frames, whole - 1);
    assert_eq!(snapshot.provenance.truncated_records, 1);
    let warnings = snapshot.provenance.warnings.join("\n");
    for expected in ["is cut", "the last line is cut off"] {
        assert!(warnings.contains(expected), "{warnings}");
    }
}
