//! Schemas of tools, in the part of JSON Schema that every client reads.
//!
//! In: the table of parameters, and the schemas that views derive. Out: schemas without formats of
//! integers, lists of types, nulls and defaults, which some clients warn about or refuse.
//! **Source** JSON Schema 2020-12.

use analyzer::query::Operation;
use analyzer::query::parameter::{Domain, Group, Parameter, parameters};
use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};

use crate::mcp::arguments::{CURSOR, MAX_TOKENS, ROWS, TOKENS, TOKENS_MAX, TOKENS_MIN};

/// What a tool takes.
pub(super) fn input(operation: Operation) -> JsonObject {
    let mut properties: Map<String, Value> = parameters(operation)
        .iter()
        .map(|parameter| (parameter.name.clone(), property(parameter)))
        .collect();
    properties.insert(
        MAX_TOKENS.to_owned(),
        json!({
            "type": "integer", "minimum": TOKENS_MIN, "maximum": TOKENS_MAX,
            "description": format!("length of the answer at most (default {TOKENS}): rows are merged or left out"),
        }),
    );
    if operation.facts().rows.is_some() {
        properties.insert(
            CURSOR.to_owned(),
            json!({"type": "string", "description": "`cursor` of the answer before, for the rows that follow"}),
        );
    }
    object(json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    }))
}

fn property(parameter: &Parameter) -> Value {
    let help = help(parameter);
    match parameter.domain {
        Domain::Choice(words) => json!({"type": "string", "enum": words, "description": help}),
        Domain::Number { least, most } => {
            let mut property = json!({"type": "integer", "minimum": least, "description": help});
            if let (Value::Object(property), true) = (&mut property, most < usize::MAX) {
                property.insert("maximum".to_owned(), most.into());
            }
            property
        }
        Domain::Some(_) | Domain::Text => {
            json!({"type": "string", "description": help, "examples": [parameter.example]})
        }
    }
}

/// A line: a model reads the tools of all its servers, whatever it is asked.
fn help(parameter: &Parameter) -> String {
    let one_end = parameter.group == Group::End;
    for (prefix, whose) in [("client_", "the client"), ("server_", "the server")] {
        if let (true, Some(name)) = (one_end, parameter.name.strip_prefix(prefix)) {
            return format!("{name} of {whose}");
        }
    }
    match parameter.name.as_str() {
        "limit" => format!("rows shown at most (default {ROWS})"),
        "format" if parameter.domain == Domain::Choice(&["compact", "full"]) => {
            "compact (default) or full".to_owned()
        }
        _ => parameter.help.clone(),
    }
}

/// What a tool answers.
pub(super) fn output(operation: Operation) -> JsonObject {
    let mut schema = (operation.facts().schema)().to_value();
    simplify(&mut schema);
    let mut schema = object(schema);
    for field in ["$schema", "title", "description"] {
        schema.remove(field);
    }
    // A drawing is shown instead of rows, and of coverage only what is not zero.
    schema.insert("required".to_owned(), required(operation));
    if let Some(Value::Object(coverage)) = schema
        .get_mut("$defs")
        .and_then(|definitions| definitions.get_mut("CoverageView"))
    {
        coverage.remove("required");
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.extend(notes(operation));
    }
    schema
}

fn required(operation: Operation) -> Value {
    match operation {
        Operation::Summary => json!(["total_flows", "coverage", "units"]),
        Operation::Flows
        | Operation::Connections
        | Operation::Workloads
        | Operation::Dependencies
        | Operation::Diff => {
            json!([
                "total",
                "truncated",
                "shown",
                "rows_are",
                "coverage",
                "units"
            ])
        }
    }
}

/// The fields that answers have beside those of HTTP.
fn notes(operation: Operation) -> Map<String, Value> {
    let counts = json!({
        "type": "object",
        "properties": {
            "rows": {"type": "integer"}, "bytes": {"type": "integer"}, "pkts": {"type": "integer"},
        },
        "description": "what the rows after those shown count",
    });
    let text = |description: &str| json!({"type": "string", "description": description});
    let any = |description: &str| json!({"type": "object", "description": description});
    let mut notes = vec![
        (
            "hints",
            json!({"type": "array", "items": {"type": "string"}, "description": "what the answer lacks, and how to get it"}),
        ),
        ("no_match", any("why nothing matched, and what has traffic")),
        ("units", any("what the numbers are")),
    ];
    if operation.facts().rows.is_some() {
        notes.extend([
            (
                "rows_are",
                text("what a row is: single, or all that is one at this level"),
            ),
            (
                "shown",
                json!({"type": "integer", "description": "rows in this answer"}),
            ),
            ("remainder", counts),
            ("cursor", text("pass it for the rows that follow")),
        ]);
    } else {
        notes.push(("left_out", any("entries of lists that did not fit")));
    }
    if operation == Operation::Dependencies {
        notes.push((
            "diagram",
            text("the graph as Mermaid or DOT, instead of nodes and edges"),
        ));
    }
    let named = notes
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema));
    named.collect()
}

/// Keeps what every client understands, everywhere below `schema`.
fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.retain(|name, value| match name.as_str() {
                "format" => *value == json!("date-time"),
                "default" => false,
                _ => true,
            });
            one_type(object);
            not_null(object);
            one_of_words(object);
            object.values_mut().for_each(simplify);
        }
        Value::Array(values) => values.iter_mut().for_each(simplify),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `["string", "null"]` is a string: what is unknown is left out.
fn one_type(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get("type") {
        let first = types.iter().find(|name| **name != json!("null")).cloned();
        schema.insert("type".to_owned(), first.unwrap_or_else(|| json!("string")));
    }
}

/// Either a schema or null is that schema.
fn not_null(schema: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = schema.get("anyOf") else {
        return;
    };
    let null = json!({"type": "null"});
    let mut others = choices.iter().filter(|choice| **choice != null);
    if let (Some(Value::Object(only)), None) = (others.next().cloned(), others.next()) {
        schema.remove("anyOf");
        schema.extend(only);
    }
}

/// Words with a description each become words.
fn one_of_words(schema: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = schema.get("oneOf") else {
        return;
    };
    let word = |choice: &Value| choice.get("const").cloned();
    let words: Option<Vec<Value>> = choices.iter().map(word).collect();
    if let Some(words) = words {
        schema.remove("oneOf");
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), words.into());
    }
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
