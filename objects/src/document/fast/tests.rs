//! Texts that both readers read, and texts that only the general one does.

use std::path::Path;

use proptest::prelude::*;

use crate::document::{Keep, Kept, fast, yaml};
use crate::kept::kept;

/// What `kubectl get -o yaml` prints, with all that it is known to print.
const PRINTED: &str = include_str!("tests/printed.yaml");
/// What people write.
const WRITTEN: &str = include_str!("tests/written.yaml");

fn kept_few(key: &str) -> Kept {
    match key {
        "b" | "skipped" => Kept::No,
        "whole" => Kept::Whole,
        _ => Kept::Yes,
    }
}

/// Whether the fast reader answers, which it must do as the general one does.
#[track_caller]
fn is_taken(text: &str) -> bool {
    let mut answers = 0;
    for keep in [Keep::All, Keep::Some(kept), Keep::Some(kept_few)] {
        if let Some(documents) = fast::documents(text, keep) {
            assert_eq!(Ok(documents), yaml::documents(text, keep), "{text:?}");
            answers += 1;
        }
    }
    answers > 0
}

#[test]
fn what_kubectl_prints_and_people_write_is_taken() {
    assert!(is_taken(PRINTED) && is_taken(WRITTEN));
    // Every line of it, for what is not taken may hide behind another one.
    for text in [PRINTED, WRITTEN] {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        for head in ends.filter_map(|end| text.get(..end)) {
            is_taken(head);
        }
    }
}

#[test]
fn cluster_files_of_the_scenarios_are_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures");
    let mut files = 0;
    for scenario in std::fs::read_dir(folder).unwrap() {
        let path = scenario.unwrap().path().join("cluster.yaml");
        if let Ok(text) = std::fs::read_to_string(&path) {
            assert!(is_taken(&text), "{}", path.display());
            files += 1;
        }
    }
    assert!(files > 30, "{files}");
}

#[test]
fn what_is_usual_is_taken() {
    for text in [
        "",
        "# nothing\n\n",
        "a: 1",
        "---\n---\n# c\n---\na: 1\n...\n...\n",
        "--- # c\n- a\n... # c\nb:\n--- \n{a: [1, {}], b: []}\n",
        "  a:   b   # c\n\n   # d\n  c: ~\n",
        "a:\n- b\n-\n- - c\n  - d: e\n    f:\n    - g\n-   h: i\n    j:\nk:\n  - l\n",
        "a:\n\n  # c\n  b:\n    c\n  d: # e\n\n    - f # g\n",
        "a: b c:d e#f ::g -h\n-i: '?' \n:j: k\n",
        "a b: c\n\"d\\te\": f\n'g''h': i\nj.k/l: {}\n.: {}\nk:{\"m\":\"n\"}: {}\n",
        "a: b\n  c\n\n  - d\n\n\n  'e' # f\ng: h\n",
        "- a\n b\n- c\n\n\n  d\n",
        "a: 'b\n  c ''d\n\n  e '\nf: \"g \\\n   \\ h\n i\\n  \\\n\n\n j\"\n",
        "a: 'b \t\n  c  '\nd: \"e \\  \n \n f\\\n\"\ng:\n  'h'\n",
        "a: \"\\x41\\u00e9\\U0001F600\\t\\/\\_\"\nb: 'ü\t\u{1f600}'\n",
        "a: |\n  b\n   c\n\n  d\n\n\ne: |-\n    f\n\ng: |+\n  h\n\n\ni: |2-\n    j\n",
        "a: >\n  b\n  c\n\n  d\n   e\n\n  f\n\tg: h\n",
        "a: >-\n\n\n  b\n  \t\n  c\nd: |\ne: |+\n\n\nf: > # c\n  g\n",
        "- |\n a\n- |\n  b\n # c\n- - |\n   d\n",
        "a: {b: c, \"d\":e, 'f':{},g: [h,'i' , \"j\"],}\n",
        "a: { # c\n  b:\n    c, # d\n\ne: f #g\n  , h: , i: }\nj: [ ]\n",
        "a: [b, -c, d:e, ::1, fd00::/8, f g#h\n]\n",
        "a: [\"b\n  c\", 'd\n\n e']\n",
        "skipped: [a, {b: c}]\nb:\n  - c: |\n      d\n    e: 'f\n      g'\nwhole: {b: 1}\n",
    ] {
        let is_taken = is_taken(text);
        assert_eq!(is_taken, !text.contains("\n\t"), "{text:?}");
    }
}

#[test]
fn what_is_unusual_is_left_to_the_general_reader() {
    for text in [
        "a: &b c",
        "a: *b",
        "a: !!str 1",
        "<<: {a: 1}",
        "\"<<\": {a: 1}",
        "? a\n: b",
        "%YAML 1.2\n---\na: 1",
        "kind: 1\nkind: 2",
        "a: b\r\nc: d\r\n",
        "\ta: 1",
        "a:\n\t- b",
        "a: b\tc",
        "a: b: c",
        "a: 'b' c",
        "a: \"\\q\"",
        "a: \"\\ud83d\\ude00\"",
        "a: 'b",
        "a: [b",
        "a: [b: c]",
        "a: {b}",
        "a: [b\n  c]",
        "a: [,]",
        "a: {b: c}}",
        "a: {b: c#d\n#e\n}#f",
        "a: [b,#c\n]",
        "a: }",
        "a: @b",
        "a: - b",
        "a\n",
        "a: b\n c: d",
        "- a\nb: c",
        "a:\n   b: c\n  d: e",
        "a: b # c\n  d",
        "a: |\n   b\n  c\n",
        "a: |\n    \n  b\n",
        "a: |",
        "a: |0\n b",
        "a: \u{7}",
        "a: \u{feff}b",
        "--- a",
        "a: 1\n... b",
        "a: 'b\n--- c'",
        "a: [b,\n--- ]",
    ] {
        assert!(!is_taken(text), "{text:?}");
    }
    let deep = |levels: usize| format!("{}{}", "- ".repeat(levels), "a\n");
    assert!(is_taken(&deep(100)) && !is_taken(&deep(101)));
    let deep = |levels: usize| format!("- {}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(is_taken(&deep(100)) && !is_taken(&deep(101)));
    let long = |length: usize| format!("{}: b", "a".repeat(length));
    assert!(is_taken(&long(1024)) && !is_taken(&long(1025)));
}

/// Pieces of YAML, of which some follow each other where none may.
#[rustfmt::skip]
const PIECES: [&str; 72] = [
    "a", "b", "skipped", "whole", "x y", "null", "~", "1", "-1", "é", "::1", "k:v", "a#b", ": ",
    ":", ":\n", ":\n  ", ":\n- ", ":\n  - ", "- ", "-\n", "\n- ", "\n  - ", "\n", "\n\n", "\n ",
    "\n  ", "\n    ", "  ", " ", "{", "}", "[", "]", ",", ", ", "{}", "[]", "{a: b}", "\"", "'",
    "\"x\"", "'y'", "''", "'y\n  z'", "\"x\\\n  y\"", "\\n", "\\u0041", "\\", "#c", " #c", " # c\n",
    "|", "|\n", "|\n  ", "|-\n    ", "|2\n    ", "|+\n  ", ">\n  ", ">-\n   ", "---\n", "\n---\n",
    "...\n", "\n...\n", "?", "&a ", "*a", "!!str ", "<<: ", "\t", "%", "@",
];

fn pieces(count: usize) -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(&PIECES[..]);
    proptest::collection::vec(piece, 0..count).prop_map(|pieces| pieces.concat())
}

/// Lines with an entry or an item each, indented somehow.
fn lines() -> impl Strategy<Value = String> {
    let indent = proptest::sample::select(vec!["", "", "  ", "  ", "    ", " ", "   "]);
    let dash = proptest::sample::select(vec!["", "", "", "- ", "- - ", "-   "]);
    let key = proptest::sample::select(vec!["", "a: ", "b: ", "whole: ", "c:", "'d': ", "\"e\": "]);
    let line = (indent, dash, key, pieces(4))
        .prop_map(|(indent, dash, key, rest)| format!("{indent}{dash}{key}{rest}\n"));
    proptest::collection::vec(line, 0..8).prop_map(|lines| lines.concat())
}

/// What may stand in quotes, and what is no longer in them.
#[rustfmt::skip]
const QUOTED: [&str; 22] = [
    "a", "b c", " ", "  ", "\t", "\n", "\n", "\n  ", "\n\n", " \n \n ", "''", "\\\"", "\\n", "\\ ", "\\\n",
    " \\\n  ", "\\\t", "\\x41", "\\u00e9", "é", "#", "\n---\n",
];

fn quoted() -> impl Strategy<Value = String> {
    let form =
        proptest::sample::select(vec!["a: Q\nb: c\n", "- Q # c\n- b", "{a: Q, Q: b}", "Q: Q"]);
    let quote = proptest::sample::select(vec!["'", "\""]);
    let pieces = proptest::collection::vec(proptest::sample::select(&QUOTED[..]), 0..8);
    (form, quote, pieces).prop_map(|(form, quote, pieces)| {
        let form = form.replace('{', "- {");
        form.replace('Q', &format!("{quote}{}{quote}", pieces.concat()))
    })
}

/// Text below a header, indented somehow.
fn literal() -> impl Strategy<Value = String> {
    let key = proptest::sample::select(vec!["a: ", "- ", "  - b: ", "- - ", "a:\n  "]);
    let header = proptest::sample::select(vec![
        "|", ">", "|-", "|+", ">-", ">+", "|2", ">1-", "|+1", "| # c",
    ]);
    let line = proptest::sample::select(vec![
        "",
        "",
        " ",
        "  ",
        "    ",
        "  a",
        "   a",
        "    a",
        "     b c ",
        "  # d",
        "  - e",
        "    \tf",
        "# g",
        " h",
        "   i: j",
    ]);
    let lines = proptest::collection::vec(line, 0..7);
    let end = proptest::sample::select(vec!["", "\n", "\na: 1\nz: 2", "\n- y", "\n---\n", "\n\n"]);
    (key, header, lines, end)
        .prop_map(|(key, header, lines, end)| format!("{key}{header}\n{}{end}", lines.join("\n")))
}

/// An edit: where, how many characters go, and what comes.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..6, pieces(3)), 1..4)
}

fn edited(text: &str, edits: &[(prop::sample::Index, usize, String)]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for (place, gone, new) in edits {
        let begin = place.index(text.len() + 1);
        let end = (begin + gone).min(text.len());
        text.splice(begin..end, new.chars());
    }
    text.into_iter().collect()
}

/// Some neighbouring lines of a text.
fn part(text: &str, from: prop::sample::Index, count: usize) -> String {
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let from = from.index(lines.len());
    lines.into_iter().skip(from).take(count).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn pieces_are_read_as_the_general_reader_does(text in pieces(14)) {
        is_taken(&text);
    }

    #[test]
    fn lines_are_read_as_the_general_reader_does(text in lines()) {
        is_taken(&text);
    }

    #[test]
    fn quotes_are_read_as_the_general_reader_does(text in quoted()) {
        is_taken(&text);
    }

    #[test]
    fn text_of_several_lines_is_read_as_the_general_reader_does(text in literal()) {
        is_taken(&text);
    }

    #[test]
    fn edited_files_are_read_as_the_general_reader_does(
        is_printed in any::<bool>(),
        from in any::<prop::sample::Index>(),
        count in 1_usize..40,
        edits in edits(),
    ) {
        let text = part(if is_printed { PRINTED } else { WRITTEN }, from, count);
        is_taken(&edited(&text, &edits));
    }
}
