//! Files stay short, and none names a place that exists on one machine only.

use crate::tree;

/// Above this a file holds two ideas.
const LINES: usize = 500;

/// Folders at the root of somebody's machine; written without slashes, so that this file is clean.
const PLACES: [&str; 5] = ["Users", "builds", "home", "root", "work"];

fn too_long(text: &str) -> bool {
    text.lines().count() > LINES
}

/// The absolute paths in a text that lead into one of [`PLACES`].
fn places(text: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || "\"'`()[]{}<>=,;|".contains(c);
    let words = text
        .split(ends)
        .map(|word| word.trim_start_matches("file://"));
    let inside = |word: &&str| {
        let mut names = word.strip_prefix('/').unwrap_or_default().split('/');
        PLACES.contains(&names.next().unwrap_or_default()) && names.next().is_some()
    };
    words.filter(inside).map(str::to_owned).collect()
}

#[test]
fn a_long_file_is_found() {
    assert!(too_long(&"x\n".repeat(LINES + 1)));
    assert!(!too_long(&"x\n".repeat(LINES)));
}

#[test]
fn a_path_of_one_machine_is_found() {
    for place in PLACES {
        for around in [
            ("see ", " there"),
            ("path = \"", "\""),
            ("[it](", ")"),
            ("X=", ""),
        ] {
            let text = format!("{}/{place}/me/x.pcap{}", around.0, around.1);
            assert_eq!(places(&text), [format!("/{place}/me/x.pcap")]);
        }
    }
    let right = "analyzer/src/home/x.rs and /mcp/flows and /usr/bin/env and /working/x";
    assert!(places(right).is_empty());
}

#[test]
fn files_are_short() {
    let files = tree::files();
    let long = files
        .iter()
        .filter(|file| file.is_rust() && too_long(&file.text().unwrap()));
    let long: Vec<_> = long.map(|file| &file.path).collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let mut wrong = Vec::new();
    for file in tree::files() {
        let found = file.text().map(|text| places(&text)).unwrap_or_default();
        wrong.extend(found.iter().map(|path| format!("{}: {path}", file.path)));
    }
    assert_eq!(wrong, [""; 0]);
}
