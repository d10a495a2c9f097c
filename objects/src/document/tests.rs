//! Texts and the trees they make.

use crate::document::{Content, Keep, Kept, Quoting, Value, documents};

/// A tree as one line: plain scalars bare, text in quotes, the line after each mapping.
fn written(value: &Value<'_>) -> String {
    match &value.content {
        Content::Null => "null".to_owned(),
        Content::Scalar(text, Quoting::Plain) => text.to_string(),
        Content::Scalar(text, Quoting::Quoted) => format!("{text:?}"),
        Content::List(items) => {
            format!(
                "[{}]",
                items.iter().map(written).collect::<Vec<_>>().join(", ")
            )
        }
        Content::Map(entries) => {
            let entry = |(key, value): &(_, _)| format!("{key}: {}", written(value));
            let entries = entries.iter().map(entry).collect::<Vec<_>>().join(", ");
            format!("{{{entries}}}@{}", value.line)
        }
    }
}

fn kept(key: &str) -> Kept {
    match key {
        "skipped" => Kept::No,
        "whole" => Kept::Whole,
        _ => Kept::Yes,
    }
}

fn trees(text: &str) -> Vec<String> {
    documents(text, Keep::Some(kept))
        .unwrap()
        .iter()
        .map(written)
        .collect()
}

#[test]
fn scalars_are_plain_or_text() {
    assert_eq!(
        trees("[1, a, true, '1', \"b\\n\", !!str 2, null, ~, 1.5]"),
        [r#"[1, a, true, "1", "b\n", "2", null, null, 1.5]"#]
    );
    assert_eq!(
        trees("- |\n  a\n  b\n- >\n  c\n  d\n-"),
        [r#"["a\nb\n", "c d\n", null]"#]
    );
    assert_eq!(
        trees(r#"{"a": [1, -1, 1.5, true, null, "x\u0041"]}"#),
        [r#"{a: [1, -1, 1.5, true, null, "xA"]}@0"#]
    );
}

#[test]
fn mappings_know_their_line() {
    assert_eq!(trees("a: 1\nb:\n  c: 2\n"), ["{a: 1, b: {c: 2}@3}@1"]);
    assert_eq!(
        trees("---\na: 1\n...\n---\n\nb: 2"),
        ["{a: 1}@2", "{b: 2}@6"]
    );
}

#[test]
fn what_is_kept_whole_has_all_its_keys() {
    for text in [
        "{\"whole\": {\"skipped\": {\"skipped\": 1}}, \"skipped\": 2}",
        "whole:\n  skipped: {skipped: 1}\nskipped: 2\n",
    ] {
        let tree = trees(text).concat();
        let tree: String = tree
            .split('@')
            .map(|part| part.trim_start_matches(char::is_numeric))
            .collect();
        assert_eq!(tree, "{whole: {skipped: {skipped: 1}}}");
    }
}

#[test]
fn what_is_not_kept_is_passed_over_but_for_its_anchors() {
    assert_eq!(trees("skipped: {a: [1, 2]}\nb: 1"), ["{b: 1}@1"]);
    assert_eq!(
        trees("skipped: [x, {a: &one [1]}, &two t]\nb: [*one, *two]"),
        ["{b: [[1], t]}@1"]
    );
    assert_eq!(trees("skipped: &all {a: 1}\nb: *all"), ["{b: {a: 1}@1}@1"]);
    assert_eq!(trees(r#"{"skipped": {"a": [1]}, "b": 1}"#), ["{b: 1}@0"]);
}

#[test]
fn merged_entries_give_way_to_own_ones_and_to_earlier_ones() {
    let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {c: 3, <<: [*x, *y]}";
    assert_eq!(
        trees(text)[0].split_once("z: ").unwrap().1,
        "{c: 3, a: 1, b: 1}@3}@1"
    );
}

#[test]
fn anchors_end_with_their_document() {
    assert!(documents("&a 1\n---\n*a", Keep::All).is_err());
}
