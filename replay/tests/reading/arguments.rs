//! What may be named: files, folders, patterns; and what is said about anything else.

use std::fs;
use std::path::{Path, PathBuf};

use replay::Captures;
use tempfile::TempDir;

use crate::builder::*;

/// A folder with captures under odd names, other files, and a folder within.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| fs::write(folder.path().join(name), octets).unwrap();
    write("b.bin", &pcap(Little, MICROS, &[frame(b'b', 2, 60)]));
    write("a.pcapng", &pcapng(Big, &[frame(b'a', 1, 60)]));
    write("README.md", b"# What happened\n");
    write("c.pcap", b"");
    write("d.pcap", &pcap(Little, MICROS, &[])[..20]);
    fs::create_dir(folder.path().join("within")).unwrap();
    write(
        "within/z.pcap",
        &pcap(Little, MICROS, &[frame(b'z', 9, 60)]),
    );
    folder
}

/// The names of the frames read, with files and warnings less the folder's path.
fn read_named(folder: &Path, arguments: &[PathBuf]) -> Result<(String, Vec<String>), String> {
    let here = format!("{}/", folder.display());
    let without = |text: String| text.replace(&here, "");
    let mut captures = Captures::open(arguments).map_err(|e| without(e.to_string()))?;
    let mut names = String::new();
    while let Some(frame) = captures.next_frame() {
        names.push(char::from(frame.data[0]));
    }
    let report = captures.report();
    let warnings = report.warnings.iter().map(|w| without(w.to_string()));
    let skipped = report
        .skipped
        .iter()
        .map(|p| without(format!("skipped {}", p.display())));
    Ok((names, warnings.chain(skipped).collect()))
}

#[test]
fn a_folder_is_the_captures_in_it_whatever_they_are_called() {
    let folder = folder();
    let (names, said) = read_named(folder.path(), &[folder.path().to_owned()]).unwrap();
    assert_eq!(names, "ab");
    assert_eq!(
        said,
        [
            "c.pcap: empty file, left out",
            "d.pcap: left out: the capture's header is cut: 20 of 24 octets are there; copy or \
             record it again",
            "skipped README.md",
        ]
    );
}

#[test]
fn what_is_called_a_capture_and_is_none_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| fs::write(folder.path().join(name), octets).unwrap();
    write("real", &pcap(Little, MICROS, &[frame(b'a', 1, 60)]));
    let called = [
        "A.PCAP",
        "b.pcap.gz",
        "c.pcap.zst",
        "d.pcap0",
        "e.pcap12",
        "f.pcap12.gz",
        "g.pcap.1",
        "h.pcapng",
        "i.cap",
        "j.ntar",
        "k.pcapng3.zst",
    ];
    let silent = [
        "._l.pcap",
        "m.pcaps",
        "n.md",
        "o.gz",
        "p.1",
        "pcap",
        "q.handicap",
        "r.pcap.txt",
        "s.pcap.md5",
        "t.recap.gz",
    ];
    for name in called.iter().chain(&silent) {
        write(name, b"none");
    }
    let (names, said) = read_named(folder.path(), &[folder.path().to_owned()]).unwrap();
    assert_eq!(names, "a");
    let warning = |name: &&str| {
        format!(
            "{name}: left out: not a capture: starts with `6e 6f 6e 65`, expected pcap or pcapng, \
             plain or compressed with gzip or zstd; other formats become pcapng with `editcap -F \
             pcapng IN OUT`"
        )
    };
    let skipped = |name: &&str| format!("skipped {name}");
    let expected = called.iter().map(warning).chain(silent.iter().map(skipped));
    assert_eq!(said, expected.collect::<Vec<_>>());
}

#[test]
fn a_pattern_is_the_files_that_match() {
    let folder = folder();
    let pattern = folder.path().join("[ab].*");
    assert_eq!(
        read_named(folder.path(), &[pattern]).unwrap(),
        ("ab".into(), vec![])
    );
}

#[test]
fn a_file_named_like_a_pattern_is_that_file() {
    let folder = folder();
    let path = folder.path().join("a[1].pcap");
    fs::write(&path, pcap(Little, MICROS, &[frame(b'q', 2, 60)])).unwrap();
    assert_eq!(
        read_named(folder.path(), &[path]).unwrap(),
        ("q".into(), vec![])
    );
}

#[test]
fn a_capture_named_twice_is_read_once() {
    let folder = folder();
    let arguments = [
        folder.path().join("a.pcapng"),
        folder.path().join("within/../a.pcapng"),
    ];
    let (names, said) = read_named(folder.path(), &arguments).unwrap();
    assert_eq!(names, "a");
    assert_eq!(
        said,
        ["within/../a.pcapng: named more than once, read once"]
    );
}

#[test]
fn what_can_not_be_meant_is_one_error() {
    let folder = folder();
    let bare = folder.path().join("bare");
    fs::create_dir(&bare).unwrap();
    let error = |name: &str| read_named(folder.path(), &[folder.path().join(name)]).unwrap_err();
    assert!(error("nowhere.pcap").starts_with("nowhere.pcap: can not be read: No such file"));
    assert_eq!(
        error("*.erf"),
        "*.erf: no file matches this pattern: expected a file, a folder, a pattern such as \
         `node-*.pcap` or `-`"
    );
    assert!(error("a***").starts_with("a***: "), "{}", error("a***"));
    assert!(error("README.md").starts_with("README.md: not a capture: starts with `23 20 57 68`"));
    assert!(error("c.pcap").starts_with("c.pcap: empty: "));
    assert_eq!(
        error("bare"),
        "bare: no capture in this folder: expected pcap or pcapng files in it; folders within it \
         are not searched, name them"
    );
    assert_eq!(
        read_named(folder.path(), &[]).unwrap_err(),
        "no capture was named: expected a file, a folder, a pattern or `-`"
    );
}
