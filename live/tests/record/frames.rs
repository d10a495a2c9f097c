//! Frames come back as they were, and files are what other tools read.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use analyzer::frame::{Offload, Origin};
use analyzer::hop::declaration::{SourceDeclaration, TakenAt};
use live::recorder::{RecordError, Recorder, RecorderOptions};
use proptest::prelude::*;
use replay::Captures;

use crate::answers;
use crate::telling::{DIRECTIONS, OwnedFrame};

/// When frames begin: a moment of 2026.
const BEGIN: u64 = 1_795_341_600_000_000_000;

fn options(folder: &Path, max_file_octets: Option<u64>) -> RecorderOptions {
    RecorderOptions {
        folder: folder.to_owned(),
        max_file_octets,
        settings: answers::settings(),
        cluster_cidrs: Vec::new(),
        names: None,
        filter: None,
    }
}

/// Any frame of a source, at some nanoseconds after the one before it.
fn frame() -> impl Strategy<Value = (u64, OwnedFrame)> {
    let offload = prop_oneof![
        Just(Offload::Unknown),
        Just(Offload::Whole),
        (1_u16..).prop_map(|size| Offload::Segments(NonZeroU16::new(size).unwrap())),
    ];
    let place = (1_u32..5, 0_usize..3, prop_oneof![Just(1_u16), Just(101)]);
    let octets = prop::collection::vec(any::<u8>(), 0..80);
    (0_u64..3_000_000_000, place, offload, octets, 0_u32..70_000).prop_map(
        |(later, (interface, direction, link), offload, data, more)| {
            let frame = OwnedFrame {
                time: 0,
                link,
                original_len: u32::try_from(data.len()).unwrap() + more,
                offload,
                data,
                origin: Origin {
                    source: 1,
                    interface,
                    direction: DIRECTIONS[direction],
                },
            };
            (later, frame)
        },
    )
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = paths
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "pcapng"))
        .collect();
    files.sort();
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn frames_come_back_in_order_as_they_were(
        frames in prop::collection::vec(frame(), 0..60),
        backwards in prop::collection::vec(0_u64..2_000_000_000, 60),
        max_octets in prop_oneof![Just(None), (300_u64..3_000).prop_map(Some)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::create(options(folder.path(), max_octets)).unwrap();
        let mut time = BEGIN;
        let mut given = Vec::new();
        for ((later, mut frame), back) in frames.into_iter().zip(backwards) {
            // The clock steps back now and then.
            time = (time + later).saturating_sub(back / 7 * u64::from(back % 7 == 0));
            frame.time = time;
            recorder.frame(&frame.lend()).unwrap();
            given.push(frame);
        }
        let recording = recorder.finish().unwrap();
        let files = files(folder.path());
        prop_assert_eq!(recording.files, files.len() as u64);
        let octets = files.iter().map(|file| file.metadata().unwrap().len()).sum::<u64>();
        prop_assert_eq!(recording.octets, octets);
        let mut back = Vec::new();
        let mut captures = Captures::open(&files).unwrap();
        while let Some(frame) = captures.next_frame() {
            let mut frame = OwnedFrame::of(&frame);
            // A file alone is of no declared source.
            frame.origin.source = 1;
            back.push(frame);
        }
        prop_assert_eq!(back, given);
        for capture in captures.report().captures {
            prop_assert_eq!(capture.warnings.kept().len(), 0, "{:?}", capture.warnings);
        }
    }
}

#[test]
fn interfaces_have_their_names_and_numbers_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(options(folder.path(), Some(400))).unwrap();
    let mut declaration = SourceDeclaration {
        at: TakenAt::Node("node-1".into()),
        ..SourceDeclaration::default()
    };
    declaration.names.insert(12, "veth1a".into());
    declaration.names.insert(2, "eth0".into());
    let declarations = [SourceDeclaration::default(), declaration];
    recorder.declare(&declarations).unwrap();
    for at in 0..40 {
        let frame = OwnedFrame {
            time: BEGIN + at,
            link: 1,
            original_len: 60,
            offload: Offload::Whole,
            data: vec![0; 60],
            origin: Origin {
                source: 1,
                interface: if at % 2 == 0 { 12 } else { 2 },
                direction: DIRECTIONS[1],
            },
        };
        recorder.frame(&frame.lend()).unwrap();
    }
    recorder.finish().unwrap();
    let files = files(folder.path());
    assert!(files.len() > 3, "{files:?}");
    let mut captures = Captures::open(&files).unwrap();
    while captures.next_frame().is_some() {}
    for capture in captures.report().captures {
        let names: Vec<_> = capture
            .interfaces
            .iter()
            .map(|interface| (interface.id, interface.name.as_deref()))
            .collect();
        let known = [(12, Some("veth1a")), (2, Some("eth0"))];
        assert!(!names.is_empty(), "{}", capture.file.display());
        assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    }
}

#[test]
fn losses_are_told_in_all_files_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(options(folder.path(), Some(400))).unwrap();
    recorder.set_dropped(2);
    let mut frame = OwnedFrame {
        time: BEGIN,
        link: 1,
        original_len: 60,
        offload: Offload::Whole,
        data: vec![0; 60],
        origin: Origin {
            source: 1,
            interface: 3,
            direction: DIRECTIONS[0],
        },
    };
    for number in 0..20 {
        frame.time += 1;
        recorder.frame(&frame.lend()).unwrap();
        recorder.set_dropped(2 + number);
        recorder.flush().unwrap();
    }
    recorder.set_dropped(50);
    recorder.finish().unwrap();
    assert_eq!(answers::replay(folder.path()).provenance.dropped, 50);
}

#[test]
fn losses_without_a_frame_are_told_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(options(folder.path(), None)).unwrap();
    recorder.set_dropped(9);
    recorder.finish().unwrap();
    assert_eq!(answers::replay(folder.path()).provenance.dropped, 9);
}

#[test]
fn a_folder_with_something_in_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let error = Recorder::create(options(folder.path(), None))
        .err()
        .unwrap();
    assert!(matches!(error, RecordError::NotEmpty(_)));
    let file = folder.path().join("notes.txt");
    for wrong in [file.as_path(), &file.join("at/all")] {
        let error = Recorder::create(options(wrong, None)).err().unwrap();
        assert!(matches!(error, RecordError::Folder { .. }), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_is_made_with_those_above_it() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b/c");
    Recorder::create(options(&below, None)).unwrap();
    assert!(below.join("scenario.yaml").exists());
}

/// A file that can not be made, as on a full disk: the error names it, and says whether what was
/// flushed is still there.
#[test]
fn a_recording_that_can_not_go_on_ends_with_what_there_is_of_it() {
    let said = |folder_is_removed| {
        let error = ended_by_next_file(folder_is_removed).to_string();
        let (_, said) = error.split_once("capture-1-00002.pcapng: ").unwrap();
        said.to_owned()
    };
    assert_eq!(
        said(true),
        "No such file or directory (os error 2); the recording ends here, and no frame of it is \
         there"
    );
    assert_eq!(
        said(false),
        "File exists (os error 17); the recording ends here, what was written before can be \
         replayed"
    );
}

fn ended_by_next_file(folder_is_removed: bool) -> RecordError {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(options(folder.path(), Some(400))).unwrap();
    let mut frame = OwnedFrame {
        time: BEGIN,
        link: 1,
        original_len: 600,
        offload: Offload::Whole,
        data: vec![0; 600],
        origin: Origin {
            source: 1,
            interface: 3,
            direction: DIRECTIONS[0],
        },
    };
    recorder.frame(&frame.lend()).unwrap();
    recorder.flush().unwrap();
    if folder_is_removed {
        std::fs::remove_dir_all(folder.path()).unwrap();
    } else {
        std::fs::write(folder.path().join("capture-1-00002.pcapng"), "").unwrap();
    }
    frame.time += 1;
    let error = recorder.frame(&frame.lend()).unwrap_err();
    recorder.end_by(error)
}
