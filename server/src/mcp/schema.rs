//! Schemas of tools, in the part of JSON Schema that every client reads.
//!
//! In: the table of parameters, and the schemas that views derive. Out: schemas without formats of
//! integers, lists of types, nulls and defaults, which some clients warn about or refuse.
//! **Shape** lean: a client may give all of them to a model, whatever it is asked. What a name tells
//! (`tx_bytes`) is not described, a value's example is in the description of the plain parameter.
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
        Domain::Some(_) | Domain::Text => json!({"type": "string", "description": help}),
    }
}

/// A line: a model reads the tools of all its servers, whatever it is asked.
fn help(parameter: &Parameter) -> String {
    let one_end = parameter.group == Group::End;
    for (prefix, whose) in [("client_", "the client's"), ("server_", "the server's")] {
        if let (true, Some(name)) = (one_end, parameter.name.strip_prefix(prefix)) {
            return format!("{whose} {name}");
        }
    }
    let help = match parameter.name.as_str() {
        "limit" => format!("rows shown at most (default {ROWS})"),
        "format" if parameter.domain == Domain::Choice(&["compact", "full"]) => {
            "compact (default) or full".to_owned()
        }
        _ => parameter.help.clone(),
    };
    let example = parameter.example;
    match parameter.domain {
        Domain::Text if !help.contains(example) => format!("{help}, such as {example}"),
        Domain::Text | Domain::Choice(_) | Domain::Some(_) | Domain::Number { .. } => help,
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
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for name in ["coverage", "coverage_a"] {
            if let Some(field) = properties.get_mut(name) {
                *field = coverage();
            }
        }
        properties.extend(notes(operation));
    }
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        definitions.values_mut().for_each(shorten);
    }
    keep_referenced(&mut schema);
    schema
}

/// Of coverage what decides whether an answer can be trusted; the rest has names that tell.
fn coverage() -> Value {
    json!({
        "type": "object",
        "description": "what the answer rests on; of counters those that are not 0",
        "properties": {
            "complete": {"type": "boolean"},
            "frames": {"type": "integer"},
            "counted": {"type": "integer"},
            "dropped": {"type": "integer"},
            "warnings": {"type": "array", "items": {"type": "string"}},
        },
    })
}

/// Fields whose names do not tell enough.
const DESCRIBED: [&str; 6] = ["totals", "wire", "observed", "basis", "differs", "failed"];

/// Leaves a definition's types, and the descriptions of what needs one.
fn shorten(definition: &mut Value) {
    let Value::Object(definition) = definition else {
        return;
    };
    for field in ["description", "required", "minimum", "maximum"] {
        definition.remove(field);
    }
    let Some(Value::Object(properties)) = definition.get_mut("properties") else {
        return;
    };
    for (name, property) in properties {
        if let Value::Object(property) = property {
            property.remove("minimum");
            property.remove("maximum");
            if !DESCRIBED.contains(&name.as_str()) {
                property.remove("description");
            }
        }
    }
}

/// Leaves out definitions that nothing refers to, until none is left.
fn keep_referenced(schema: &mut JsonObject) {
    loop {
        let text = Value::Object(schema.clone()).to_string();
        let Some(Value::Object(definitions)) = schema.get_mut("$defs") else {
            return;
        };
        let before = definitions.len();
        definitions.retain(|name, _| text.contains(&format!("\"#/$defs/{name}\"")));
        if definitions.len() == before {
            return;
        }
    }
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

/// The fields that answers have beside those of HTTP; the instructions say what they are.
fn notes(operation: Operation) -> Map<String, Value> {
    let one = |kind: &str| json!({"type": kind});
    let counts = json!({"rows": one("integer"), "bytes": one("integer"), "pkts": one("integer")});
    let mut notes = vec![
        ("hints", json!({"type": "array", "items": one("string")})),
        ("no_match", one("object")),
        ("units", one("object")),
        ("left_out", one("object")),
    ];
    if operation.facts().rows.is_some() {
        notes.extend([
            (
                "rows_are",
                json!({"type": "string", "description": "single, or all that is one at this level"}),
            ),
            ("shown", one("integer")),
            ("remainder", json!({"type": "object", "properties": counts})),
            ("cursor", one("string")),
        ]);
    }
    if operation == Operation::Dependencies {
        notes.push((
            "diagram",
            json!({"type": "string", "description": "the graph, instead of nodes and edges"}),
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
