//! `docs/http.md` says what is served: no field, parameter or path more, and none less.

use std::collections::BTreeSet;

use analyzer::cluster::IdentityBasis;
use analyzer::query::Operation;
use analyzer::query::parameter::{Group, Parameter, parameters};
use analyzer::skip::SkipReason;
use serde_json::Value;

use crate::client::Server;

const DOCUMENT: &str = include_str!("../../../docs/http.md");

/// What stands between two marks in the document.
fn part(name: &str) -> &'static str {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end {name} -->"));
    let (_, rest) = DOCUMENT.split_once(&begin).expect("the mark is there");
    rest.split_once(&end).expect("the end mark is there").0
}

/// The names in backquotes in the first cells of a part's tables.
fn names(part: &str) -> BTreeSet<String> {
    let cells = part.lines().filter_map(|line| line.strip_prefix("| `"));
    cells
        .flat_map(|line| line.split(" |").next().unwrap().split('`'))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase() || c == '/'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_parameter_tables_are_the_parameters() {
    let expected = parameter_tables();
    assert!(
        part("parameters") == expected,
        "docs/http.md wants this between the marks of its parameters:\n{expected}"
    );
}

fn parameter_tables() -> String {
    let groups = [
        Group::Subject,
        Group::Flow,
        Group::End,
        Group::Time,
        Group::Answer,
    ];
    groups.map(parameter_table).concat() + "\n"
}

fn parameter_table(group: Group) -> String {
    let row = |(parameter, operations): (Parameter, Vec<&str>)| {
        let value = parameter.value.replace('|', "\\|");
        let Parameter { name, help, .. } = parameter;
        let of = if operations.len() == Operation::ALL.len() {
            "all".to_owned()
        } else {
            operations.join(", ")
        };
        format!("| `{name}` | {value} | {help} | {of} |\n")
    };
    let rows: Vec<_> = in_group(group).into_iter().map(row).collect();
    let head = "| parameter | value | meaning | of |\n| --- | --- | --- | --- |\n";
    format!("\n### {}\n\n{head}{}", group.heading(), rows.concat())
}

/// Each parameter once, with the operations that have it.
fn in_group(group: Group) -> Vec<(Parameter, Vec<&'static str>)> {
    let mut rows: Vec<(Parameter, Vec<&'static str>)> = Vec::new();
    for operation in Operation::ALL {
        let own = parameters(operation)
            .into_iter()
            .filter(|p| p.group == group);
        let short = operation.path().rsplit('/').next().unwrap();
        for parameter in own {
            match rows.iter_mut().find(|(known, _)| *known == parameter) {
                Some((_, operations)) => operations.push(short),
                None => rows.push((parameter, vec![short])),
            }
        }
    }
    rows
}

#[test]
fn the_field_tables_are_the_fields() {
    let server = Server::ready();
    let mut known = BTreeSet::new();
    for target in [
        "/mcp/flows?format=full&window=1h",
        "/mcp/flows/summary",
        "/mcp/connections",
        "/mcp/workloads?format=full",
        "/mcp/dependencies",
        "/mcp/diff?a_window=/10s&b_window=10s/&volume=0&rate=0",
    ] {
        let reply = server.get(target);
        fields(&serde_json::from_slice(&reply.body).unwrap(), &mut known);
    }
    assert_eq!(names(part("fields")), known);
}

/// The names of all fields below `value`.
fn fields(value: &Value, into: &mut BTreeSet<String>) {
    // The names in these are data.
    const MAPS: [&str; 4] = ["skipped", "identity", "identity_basis", "by_namespace"];
    match value {
        Value::Array(values) => values.iter().for_each(|value| fields(value, into)),
        Value::Object(object) => {
            for (name, value) in object {
                into.insert(name.clone());
                if !MAPS.contains(&name.as_str()) {
                    fields(value, into);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn compact_flows_have_the_compact_fields_and_no_others() {
    let answer = Server::ready().get("/mcp/flows").body;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let mut known = BTreeSet::new();
    fields(&answer["flows"], &mut known);
    assert_eq!(names(part("compact")), known);
}

#[test]
fn every_path_is_documented() {
    let index: Value = serde_json::from_slice(&Server::ready().get("/").body).unwrap();
    let endpoints = index["endpoints"].as_array().unwrap();
    let paths = endpoints
        .iter()
        .map(|e| e["path"].as_str().unwrap().to_owned());
    assert_eq!(names(part("endpoints")), paths.collect());
}

#[test]
fn every_basis_of_an_identity_is_documented_with_its_kind() {
    let known: BTreeSet<_> = IdentityBasis::ALL
        .map(|basis| basis.name().to_owned())
        .into();
    let text = part("bases");
    assert_eq!(names(text), known);
    for basis in IdentityBasis::ALL {
        let row = format!("| `{}` | `{}` |", basis.name(), basis.kind().name());
        assert!(text.contains(&row), "{row}");
    }
}

#[test]
fn every_skip_reason_is_documented() {
    let known: BTreeSet<_> = SkipReason::ALL
        .map(|reason| reason.name().to_owned())
        .into();
    assert_eq!(names(part("skips")), known);
}
