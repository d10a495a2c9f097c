//! The fields that answers have, and their types.
//!
//! In: JSON schemas, as the views declare them. Out: that of a flow as a tree that rules are checked
//! against, and the names that there are in any answer. **Shape** a flow is that of `format=full`; what is closed, such as a protocol,
//! comes with the values it can have.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use analyzer::query::Operation;
use serde_json::Value as Json;

/// How deep a schema may be: they are of few levels, and none refers to itself.
const DEEPEST: usize = 16;

/// What a field holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text; `""` where it is unknown.
    Text,
    /// One of these words; of a field that may be unknown, `""` is among them.
    Word(Vec<String>),
    /// A whole number.
    Whole,
    /// A number with a fraction.
    Fraction,
    /// A list of texts; empty where nothing is known.
    Texts,
    /// An object with fields of its own.
    Object(Vec<Field>),
}

/// A name and what it holds.
pub type Field = (String, Kind);

/// The fields of a flow, in order of name.
#[must_use]
pub fn flow() -> &'static [Field] {
    static FLOW: LazyLock<Vec<Field>> = LazyLock::new(|| {
        let schema = (Operation::Flows.facts().schema)().to_value();
        let flow = schema.pointer("/$defs/FlowView");
        flow.map_or_else(Vec::new, |flow| fields(&schema, flow, 0))
    });
    &FLOW
}

/// The fields of an object.
fn fields(schema: &Json, object: &Json, depth: usize) -> Vec<Field> {
    let is_required = |name: &str| {
        let required = object.get("required").and_then(Json::as_array);
        required.is_some_and(|names| names.iter().any(|known| known == name))
    };
    let properties = object.get("properties").and_then(Json::as_object);
    let known = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, field)| {
            let mut kind = kind(schema, field, depth)?;
            if let Kind::Word(words) = &mut kind
                && !is_required(name)
            {
                words.push(String::new());
            }
            Some((name.clone(), kind))
        });
    known.collect()
}

/// What a field holds by its schema; `None` where that is nothing that rules know.
fn kind(schema: &Json, field: &Json, depth: usize) -> Option<Kind> {
    if depth > DEEPEST {
        return None;
    }
    if let Some(reference) = field.get("$ref").and_then(Json::as_str) {
        let place = reference.strip_prefix('#')?;
        return kind(schema, schema.pointer(place)?, depth + 1);
    }
    // What may be absent is of its own type, or null.
    if let Some(either) = field.get("anyOf").and_then(Json::as_array) {
        let known = either.iter().find(|one| !is_of_type(one, "null"))?;
        return kind(schema, known, depth + 1);
    }
    if let Some(words) = words(field) {
        return Some(Kind::Word(words));
    }
    let of = |name| is_of_type(field, name);
    Some(match () {
        () if of("object") => Kind::Object(fields(schema, field, depth + 1)),
        () if of("array") => Kind::Texts,
        () if of("integer") => Kind::Whole,
        () if of("number") => Kind::Fraction,
        () if of("string") => Kind::Text,
        () => return None,
    })
}

/// The values of what is closed: a list of them, or one each where they are described.
fn words(field: &Json) -> Option<Vec<String>> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    if let Some(values) = field.get("enum").and_then(Json::as_array) {
        return values.iter().map(text).collect();
    }
    let choices = field.get("oneOf").and_then(Json::as_array)?.iter();
    let choices = choices.map(|choice| match choice.get("const") {
        Some(value) => Some(vec![text(value)?]),
        None => words(choice),
    });
    choices.collect::<Option<Vec<_>>>().map(|all| all.concat())
}

fn is_of_type(field: &Json, name: &str) -> bool {
    match field.get("type") {
        Some(Json::String(known)) => known == name,
        Some(Json::Array(known)) => known.iter().any(|known| known == name),
        _ => false,
    }
}

/// The names of all fields that what is accepted of an answer has: of its rows, and of what it
/// rests on.
#[must_use]
pub fn answer_fields() -> &'static BTreeSet<String> {
    static FIELDS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut names = BTreeSet::new();
        for operation in Operation::ALL {
            let facts = operation.facts();
            let schema = (facts.schema)().to_value();
            let rows = facts
                .rows
                .map_or_else(String::new, |rows| format!("/properties/{rows}"));
            for place in [rows.as_str(), "/$defs/CoverageView"] {
                if let Some(part) = schema.pointer(place) {
                    add_names(&schema, part, &mut names, 0);
                }
            }
        }
        // Where a whole answer is one row, that is a part of it.
        names.remove("coverage");
        names
    });
    &FIELDS
}

/// Adds the names of all fields at and below a place of a schema.
fn add_names(schema: &Json, part: &Json, names: &mut BTreeSet<String>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    let reference = part.get("$ref").and_then(Json::as_str);
    let referred = reference.and_then(|place| schema.pointer(place.strip_prefix('#')?));
    let properties = part.get("properties").and_then(Json::as_object);
    names.extend(
        properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone()),
    );
    let several = ["anyOf", "allOf"].map(|key| part.get(key).and_then(Json::as_array));
    let below = properties.into_iter().flat_map(|fields| fields.values());
    let below = below
        .chain(referred)
        .chain(part.get("items"))
        .chain(several.into_iter().flatten().flatten());
    for part in below {
        add_names(schema, part, names, depth + 1);
    }
}

/// Fields below which names are those of the data.
pub const MAPS: &[&str] = &[
    "by_namespace",
    "identity",
    "identity_basis",
    "joins",
    "skipped",
];
