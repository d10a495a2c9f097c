//! Resources: what a client may read without a call, and names that complete what is typed.

use analyzer::query::Operation;
use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::{Map, Value, json};

use crate::error::bounded;
use crate::mcp::arguments::MAX_TOKENS;
use crate::mcp::desk::Desk;
use crate::mcp::written::Written;
use crate::query_string::pairs;

const SUMMARY: &str = "pilotfish://summary";
const QUESTIONS: &str = "pilotfish://questions";
const NAMESPACES: &str = "pilotfish://namespaces/";
const TEMPLATE: &str = "pilotfish://namespaces/{namespace}";

const QUESTIONS_PAGE: &str = include_str!("../../../docs/questions.md");

const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";

/// What names are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Subject {
    /// Of namespaces.
    Namespaces,
    /// Of workloads.
    Workloads,
}

/// The resources that are always there.
pub(super) fn resources() -> Vec<Resource> {
    vec![
        Resource::new(SUMMARY, "summary")
            .with_title("Traffic of the whole")
            .with_description("totals, the busiest pairs and the namespaces")
            .with_mime_type(JSON),
        Resource::new(QUESTIONS, "questions")
            .with_title("Questions and their calls")
            .with_description("what people ask most, with the call and an answer for each")
            .with_mime_type(MARKDOWN),
    ]
}

/// The resources of which there is one a namespace.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(TEMPLATE, "namespace")
            .with_title("Traffic of a namespace")
            .with_description("totals, the busiest pairs and the crossings of one namespace")
            .with_mime_type(JSON),
    ]
}

/// Reads a resource.
pub(super) async fn read(desk: &Desk, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let (text, kind) = match uri {
        QUESTIONS => (QUESTIONS_PAGE.to_owned(), MARKDOWN),
        SUMMARY => (summary(desk, None).await?, JSON),
        _ => match uri.strip_prefix(NAMESPACES).and_then(decoded) {
            Some(namespace) => (summary(desk, Some(namespace)).await?, JSON),
            None => return Err(not_found(uri)),
        },
    };
    let contents = ResourceContents::text(text, uri).with_mime_type(kind);
    Ok(ReadResourceResult::new(vec![contents]))
}

fn not_found(uri: &str) -> ErrorData {
    let (data, uri) = (json!({"uri": uri}), bounded(uri));
    let error = format!("`{uri}`: no such resource, expected {SUMMARY}, {QUESTIONS} or {TEMPLATE}");
    ErrorData::resource_not_found(error, Some(data))
}

async fn summary(desk: &Desk, namespace: Option<String>) -> Result<String, ErrorData> {
    let mut arguments = Map::new();
    if let Some(namespace) = namespace {
        arguments.insert("ns".to_owned(), namespace.into());
    }
    let answer = desk.call(Operation::Summary, arguments).await;
    answer
        .map(Written::into_text)
        .map_err(|lesson| ErrorData::invalid_params(lesson.to_string(), None))
}

/// A namespace of a resource's address. **Source** RFC 3986; RFC 1123 for what it may be.
fn decoded(text: &str) -> Option<String> {
    let pairs = pairs(&format!("ns={}", text.replace('+', "%2B"))).ok()?;
    let [(_, name)] = pairs.as_slice() else {
        return None;
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let is_name = !name.is_empty() && name.len() <= 253 && name.chars().all(is_plain);
    is_name.then(|| name.clone())
}

/// What completes an argument of the template.
pub(super) fn subject(uri: &str, argument: &str) -> Option<Subject> {
    (uri == TEMPLATE && argument == "namespace").then_some(Subject::Namespaces)
}

/// The names that begin with what was typed, or hold it, in order.
pub(super) async fn names(desk: &Desk, subject: Subject, typed: &str) -> Vec<String> {
    let level = match subject {
        Subject::Namespaces => "namespace",
        Subject::Workloads => "workload",
    };
    let arguments = [
        ("level", level.into()),
        ("limit", 1_000.into()),
        (MAX_TOKENS, 100_000.into()),
    ];
    let arguments: Map<String, Value> = arguments
        .into_iter()
        .map(|(name, value): (&str, Value)| (name.to_owned(), value))
        .collect();
    let Ok(answer) = desk.call(Operation::Workloads, arguments).await else {
        return Vec::new();
    };
    let answer = answer.value();
    let rows = answer.get("workloads").and_then(Value::as_array);
    let mut names: Vec<String> = rows
        .into_iter()
        .flatten()
        .filter_map(|row| name(subject, row))
        .filter(|name| name.contains(typed))
        .collect();
    names.sort_unstable();
    names.dedup();
    names.sort_by_key(|name| !name.starts_with(typed));
    names
}

fn name(subject: Subject, row: &Value) -> Option<String> {
    let namespace = row.get("ns").and_then(Value::as_str);
    match subject {
        Subject::Namespaces => namespace.map(str::to_owned),
        Subject::Workloads => {
            let name = row.get("workload")?.get("name")?.as_str()?;
            Some(format!("{}/{name}", namespace?))
        }
    }
}
