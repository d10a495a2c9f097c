//! Record = replay, over every recorded scenario.

use std::fs;
use std::path::Path;

use analyzer::connection::record::Surplus;

use crate::answers;
use crate::telling::{Live, Story};

/// The folders under `captures/` that hold a scenario.
fn names() -> Vec<String> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures");
    let mut names: Vec<String> = fs::read_dir(captures)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("truth.json").is_file())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_recording_replays_to_the_answers_of_the_live_run() {
    let names = names();
    assert!(names.len() > 10, "found only {names:?}");
    for name in names {
        let story = Story::of(&name);
        for max_octets in [None, Some(4_000)] {
            let folder = tempfile::tempdir().unwrap();
            let mut live = Live::start(&story, folder.path().to_owned(), max_octets);
            live.drop_frames(3);
            story.tell(story.frames.len(), &mut live);
            live.drop_frames(5);
            let answers = answers::of(&live.snapshot());
            let recording = live.recorder.finish().unwrap();
            assert_eq!(recording.frames, story.frames.len() as u64, "{name}");
            let replayed = answers::of_replay(folder.path());
            assert_same(&answers, &replayed, &format!("{name}, {max_octets:?}"));
        }
    }
}

/// A live run keeps the records of connections that began last, a replay those that began first.
#[test]
fn the_connections_that_went_for_want_of_room_go_again() {
    let story = Story::of("any-sll2");
    let connections = |surplus| {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = answers::settings();
        settings.limits.connection_records = 2;
        settings.surplus = surplus;
        let mut live = Live::start_with(&story, folder.path().to_owned(), None, settings);
        story.tell(story.frames.len(), &mut live);
        let answers = answers::of(&live.snapshot());
        live.recorder.finish().unwrap();
        assert_same(&answers, &answers::of_replay(folder.path()), surplus.name());
        answers
    };
    let [latest, earliest] = Surplus::ALL.map(connections);
    assert_ne!(latest, earliest);
}

/// What is seen and not kept, before, among and after what is, and time that passes in silence.
#[test]
fn what_is_left_out_and_silence_are_replayed_too() {
    let story = Story::of("any-sll2");
    let second = 1_000_000_000;
    let folder = tempfile::tempdir().unwrap();
    let mut live = Live::start(&story, folder.path().to_owned(), None);
    let (first, last) = (&story.frames[0], story.frames.last().unwrap());
    live.reach(first.time - 30 * second);
    let mut own = first.clone();
    for time in [first.time - 20 * second, last.time + 7 * second] {
        own.time = time;
        live.leave_out(&own.lend());
    }
    story.tell(story.frames.len(), &mut live);
    // Longer than a connection of UDP may be silent, and not one of TCP.
    live.reach(last.time + 90 * second);
    let answers = answers::of(&live.snapshot());
    assert!(answers.contains(r#""excluded":2"#), "{answers}");
    live.recorder.finish().unwrap();
    assert_same(&answers, &answers::of_replay(folder.path()), "any-sll2");
}

/// Some frames come from a day ahead, and then the clock is right again.
#[test]
fn a_clock_that_was_ahead_and_is_set_back_is_replayed_too() {
    let mut story = Story::of("any-sll2");
    let (second, frames) = (1_000_000_000, story.frames.len());
    let last = story.frames.last().unwrap().time;
    for frame in &mut story.frames[frames / 3..frames / 2] {
        frame.time += 86_400 * second;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut live = Live::start(&story, folder.path().to_owned(), None);
    story.tell(frames, &mut live);
    live.reach(last + 86_400 * second);
    live.reach(last + second);
    let snapshot = live.snapshot();
    assert!(snapshot.coverage.ahead > snapshot.coverage.to, "a day");
    let answers = answers::of(&snapshot);
    live.recorder.finish().unwrap();
    assert_same(&answers, &answers::of_replay(folder.path()), "any-sll2");
}

/// The first line that differs says more than two texts of many pages.
pub(crate) fn assert_same(live: &str, replayed: &str, what: &str) {
    for (live, replayed) in live.lines().zip(replayed.lines()) {
        assert_eq!(live, replayed, "{what}");
    }
    assert_eq!(live.lines().count(), replayed.lines().count(), "{what}");
}
