//! Imports run one way: a file of the analyzer imports only from files above it in `lib.rs`.

use crate::code::{declared, paths, shipped};
use crate::tree;

/// The modules of a `lib.rs`, in its order, which is the order data meets them.
fn order(lib: &str) -> Vec<String> {
    let modules = declared(&shipped(lib))
        .into_iter()
        .filter(|found| found.keyword == "mod");
    modules.map(|found| found.name).collect()
}

/// What a file of module `own`, so many folders below `src`, imports from modules that do not
/// stand above it.
fn backward(order: &[String], own: &str, folders: usize, text: &str) -> Vec<String> {
    let above = order.iter().take_while(|name| *name != own);
    let known: Vec<&str> = above.map(String::as_str).chain([own]).collect();
    let mut wrong = Vec::new();
    for path in paths(&shipped(text)) {
        let mut names = path.split("::");
        let up = names.clone().take_while(|name| *name == "super").count();
        match (names.next(), names.next()) {
            (Some("crate"), Some(name)) if !known.contains(&name) => {
                wrong.push(format!(
                    "{path}: `{name}` does not stand above `{own}` in lib.rs"
                ));
            }
            _ if up > folders => wrong.push(format!("{path}: write the path from `crate::`")),
            _ => {}
        }
    }
    wrong
}

/// The module a file of `analyzer/src` belongs to; `None` for `lib.rs` and files of tests.
fn module(path: &str) -> Option<&str> {
    let below = path.strip_prefix("analyzer/src/")?;
    let of_tests = below.ends_with("/tests.rs") || below.contains("/tests/");
    let name = below.split('/').next()?.trim_end_matches(".rs");
    (name != "lib" && !of_tests).then_some(name)
}

#[test]
fn an_import_from_below_is_found() {
    let order = order("//! pub mod no;\npub mod time;\npub mod frame;\nmod packet;\n");
    assert_eq!(order, ["time", "frame", "packet"]);
    let own = "use crate::{time::Timestamp, frame::{Hop, Frame}};\n// crate::packet\n";
    assert!(backward(&order, "frame", 0, own).is_empty());
    for wrong in [
        "use crate::packet::Packet;",
        "use crate::{time, packet};",
        "fn f() { crate::packet::parse() }",
        "use crate::nowhere;",
        "use super::time;",
    ] {
        assert_eq!(backward(&order, "frame", 0, wrong).len(), 1, "{wrong}");
    }
    let sibling = "use super::ip::Header;";
    assert!(backward(&order, "packet", 1, sibling).is_empty());
    assert_eq!(
        backward(&order, "packet", 1, "use super::super::time;").len(),
        1
    );
    assert_eq!(module("analyzer/src/packet/ip.rs"), Some("packet"));
    assert_eq!(module("analyzer/src/packet/tests.rs"), None);
    assert_eq!(module("replay/src/packet.rs"), None);
}

#[test]
fn the_analyzer_imports_one_way() {
    let files = tree::files();
    let lib = files
        .iter()
        .find(|file| file.path == "analyzer/src/lib.rs")
        .unwrap();
    let order = order(&lib.text().unwrap());
    assert!(order.len() > 3, "lib.rs names its modules: {order:?}");
    let mut wrong = Vec::new();
    for file in &files {
        let Some(own) = module(&file.path) else {
            continue;
        };
        let folders = file.path.split('/').count() - "analyzer/src/x.rs".split('/').count();
        let found = backward(&order, own, folders, &file.text().unwrap());
        wrong.extend(found.iter().map(|line| format!("{}: {line}", file.path)));
    }
    assert_eq!(wrong, [""; 0]);
}
