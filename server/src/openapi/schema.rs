//! Schemas of answers, as the views derive them, each under its own name.

use analyzer::query::Operation;
use serde_json::{Map, Value, json};

/// The schema of whatever is refused.
pub(super) const REFUSAL: &str = "Refusal";

/// The schema of an operation's answer.
pub(super) fn name(operation: Operation) -> String {
    let schema = (operation.facts().schema)();
    let title = schema.get("title").and_then(Value::as_str);
    title.unwrap_or_else(|| operation.name()).to_owned()
}

/// The document with the schemas that it refers to.
pub(super) fn with_schemas(mut document: Value) -> Value {
    let mut schemas = Map::new();
    schemas.insert(REFUSAL.to_owned(), refusal());
    for operation in Operation::ALL {
        let mut schema = (operation.facts().schema)().to_value();
        move_references(&mut schema);
        let Value::Object(mut schema) = schema else {
            continue;
        };
        if let Some(Value::Object(definitions)) = schema.remove("$defs") {
            schemas.extend(definitions);
        }
        schema.remove("$schema");
        schemas.insert(name(operation), Value::Object(schema));
    }
    if let Value::Object(document) = &mut document {
        document.insert("components".to_owned(), json!({"schemas": schemas}));
    }
    document
}

fn refusal() -> Value {
    json!({
        "type": "object",
        "properties": {
            "error": {
                "type": "string",
                "description": "what is wrong, where, what was expected, what to do next",
            },
        },
        "required": ["error"],
    })
}

/// Definitions of one schema become those of the document.
fn move_references(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref") {
                *reference = reference.replace("#/$defs/", "#/components/schemas/");
            }
            object.values_mut().for_each(move_references);
        }
        Value::Array(values) => values.iter_mut().for_each(move_references),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
