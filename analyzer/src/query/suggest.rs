//! What was probably meant by a name that nobody knows.

use std::collections::BTreeSet;

use crate::query::Operation;
use crate::query::parameter::{is_known, parameters};
use crate::query::value::{bounded, list};

/// Why a parameter is refused that an operation does not have.
pub(super) fn unknown(operation: Operation, name: &str) -> String {
    let known: BTreeSet<String> = parameters(operation).into_iter().map(|p| p.name).collect();
    let others: Vec<&str> = Operation::ALL
        .iter()
        .filter(|other| is_known(**other, name))
        .map(|o| o.name())
        .collect();
    if !others.is_empty() {
        let (name, others) = (operation.name(), list_and(&others));
        return format!("not a parameter of {name}, only of {others}");
    }
    let of_end = other_end(name);
    if let Some(ours) = of_end.as_ref().filter(|ours| known.contains(*ours)) {
        return format!("unknown parameter, did you mean {ours}?");
    }
    let other_word = OTHER_WORDS
        .iter()
        .find(|(word, _)| *word == name || Some(*word) == of_end.as_deref())
        .map(|(_, ours)| *ours);
    match other_word.or_else(|| nearest(name, known.iter().map(String::as_str))) {
        Some(near) => format!("unknown parameter, did you mean {near}?"),
        None => {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            format!("unknown parameter, expected one of {}", list(&names))
        }
    }
}

/// A filter of an end, as those call it who say source and destination.
fn other_end(name: &str) -> Option<String> {
    const CLIENT: [&str; 3] = ["src_", "source_", "from_"];
    const SERVER: [&str; 4] = ["dst_", "dest_", "destination_", "to_"];
    let rest = |prefixes: &[&str]| {
        prefixes
            .iter()
            .find_map(|prefix| Some(name.strip_prefix(prefix)?.to_owned()))
    };
    let client = rest(&CLIENT).map(|rest| format!("client_{rest}"));
    client.or_else(|| rest(&SERVER).map(|rest| format!("server_{rest}")))
}

/// What others call our parameters.
const OTHER_WORDS: [(&str, &str); 13] = [
    ("namespace", "ns"),
    ("service", "svc"),
    ("protocol", "l4proto"),
    ("proto", "l4proto"),
    ("address", "ip"),
    // A flow has one port: that of its server.
    ("server_port", "port"),
    ("src", "client_pod"),
    ("dst", "server_pod"),
    // As some documents of this API call them.
    ("dst_filter", "server_svc"),
    ("src_filter", "client_pod"),
    ("since", "start"),
    ("until", "end"),
    ("group_by", "aggregate"),
];

/// The name that is most like `name`, if one is like it at all.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const LIKE: f64 = 0.8;
    let name = bounded(name);
    names
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// `a, b and c`.
fn list_and(names: &[&str]) -> String {
    list(names).replace(" or ", " and ")
}
