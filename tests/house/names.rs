//! Names say what a thing is in the field's words; these words say nothing, or the wrong thing.

use crate::code::{Declared, declared, shipped};
use crate::tree;

/// The two ends of a flow by where the observer stands instead of by role: never.
const STANDPOINTS: [&str; 2] = ["local", "remote"];

/// Words that gather what has no name of its own: no module and no type is called so.
const EMPTY: [&str; 7] = [
    "common", "helper", "helpers", "manager", "misc", "util", "utils",
];

/// First words of functions that do not say what is done.
const VAGUE: [&str; 2] = ["handle", "process"];

/// The words of a name in snake or camel case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c == '-' || c.is_ascii_uppercase() {
            words.push(String::new());
        }
        if let (Some(word), true) = (words.last_mut(), c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn is_wrong(found: &Declared) -> bool {
    let words = words(&found.name);
    let any_of = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let first = words.first().map(String::as_str).unwrap_or_default();
    any_of(&STANDPOINTS)
        || match found.keyword.as_str() {
            "fn" => words.len() > 1 && VAGUE.contains(&first),
            _ => any_of(&EMPTY),
        }
}

/// The names in a path of a source file that are module names: folders and the file's stem.
fn modules(path: &str) -> impl Iterator<Item = Declared> + '_ {
    let names = path.split('/').map(|name| name.trim_end_matches(".rs"));
    names.map(|name| Declared {
        keyword: "mod".to_owned(),
        name: name.to_owned(),
    })
}

#[test]
fn empty_words_are_found() {
    let wrong = "mod utils; fn handle_frame() {} fn local_port() {} struct FlowManager; enum RemoteEnd {} fn process_all() {}";
    assert_eq!(
        declared(wrong)
            .iter()
            .filter(|found| is_wrong(found))
            .count(),
        6
    );
    assert!(modules("server/src/common.rs").any(|found| is_wrong(&found)));
    let right =
        "mod locality; fn handle() {} fn common() {} struct Process; fn parse_process_id() {}";
    assert_eq!(
        declared(right)
            .iter()
            .filter(|found| is_wrong(found))
            .count(),
        0
    );
    assert!(!modules("server/src/flows.rs").any(|found| is_wrong(&found)));
}

#[test]
fn names_say_what_things_are() {
    let mut wrong = Vec::new();
    for file in tree::files().iter().filter(|file| file.is_source()) {
        let names = declared(&shipped(&file.text().unwrap()))
            .into_iter()
            .chain(modules(&file.path));
        let found = names.filter(is_wrong);
        wrong.extend(found.map(|found| format!("{}: {} {}", file.path, found.keyword, found.name)));
    }
    assert_eq!(wrong, [""; 0]);
}
