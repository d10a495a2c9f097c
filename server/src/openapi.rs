//! The description of the GET endpoints for programs: an `OpenAPI` document.
//!
//! In: the table of operations, that of parameters, and the schemas that views derive. Out: the
//! document, the same whatever is served. **Source** `OpenAPI` 3.1.

mod parameter;
mod schema;

use std::sync::LazyLock;

use analyzer::query::Operation;
use analyzer::query::parameter::parameters;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathsBuilder};
use utoipa::openapi::{
    Content, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApiBuilder, Ref, ResponseBuilder,
    Type, schema::ObjectBuilder,
};

use crate::error::json;
use crate::probe;

/// Where it is served.
pub(crate) const PATH: &str = "/openapi.json";

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// Refusals that every operation may answer with, whatever it is asked.
const REFUSALS: [(&str, &str); 7] = [
    (
        "400",
        "a parameter is unknown, wrong or given twice, or a request is malformed",
    ),
    ("401", "the token is missing or wrong, where one is needed"),
    (
        "403",
        "the server is called by a name that it does not have, or from a page elsewhere",
    ),
    ("413", "the request has a body"),
    ("414", "the query string is too long"),
    (
        "429",
        "the client asks too often; `Retry-After` says when it may again",
    ),
    (
        "503",
        "all places for answers are taken, or the query took too long",
    ),
];

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// Answers [`PATH`].
pub(crate) fn answer() -> Response {
    json(StatusCode::OK, &*DOCUMENT)
}

fn document() -> Value {
    let operations = Operation::ALL
        .into_iter()
        .fold(PathsBuilder::new(), |paths, operation| {
            paths.path(operation.path(), path(operation))
        });
    let [healthz, readyz] = probe::PATHS;
    let paths = operations
        .path(
            healthz,
            probe_path("getHealth", "Whether the server runs", None),
        )
        .path(
            readyz,
            probe_path(
                "getReadiness",
                "Whether everything was read",
                Some("answers cover what was read so far"),
            ),
        );
    let license = LicenseBuilder::new()
        .name(env!("CARGO_PKG_LICENSE"))
        .identifier(Some(env!("CARGO_PKG_LICENSE")));
    let info = InfoBuilder::new()
        .title("Pilotfish")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Who talks to whom in a Kubernetes cluster, at layer 4, from packets. In values commas \
             separate alternatives, a leading ! excludes, * stands for any characters of a name. \
             All parameters must hold. Bytes are IP bytes, bps are bits a second.",
        ))
        .license(Some(license.build()));
    let document = OpenApiBuilder::new()
        .info(info.build())
        .paths(paths.build())
        .build();
    schema::with_schemas(serde_json::to_value(document).unwrap_or_default())
}

fn path(operation: Operation) -> PathItem {
    let facts = operation.facts();
    let answer = ResponseBuilder::new()
        .description("the answer")
        .content(JSON, of_schema(schema::name(operation)));
    let answer = match operation {
        Operation::Dependencies => answer.content(TEXT, text()),
        Operation::Flows
        | Operation::Summary
        | Operation::Connections
        | Operation::Workloads
        | Operation::Diff => answer,
    };
    let described = OperationBuilder::new()
        .operation_id(Some(facts.tool))
        .summary(Some(facts.title))
        .description(Some(format!("{}. {}", facts.about, facts.guide)))
        .parameters(Some(parameters(operation).iter().map(parameter::described)))
        .response("200", answer);
    let described = REFUSALS.iter().fold(described, |described, (status, why)| {
        described.response(*status, refusal(why))
    });
    PathItem::new(HttpMethod::Get, described)
}

fn probe_path(id: &str, summary: &str, not_yet: Option<&str>) -> PathItem {
    let answer = ResponseBuilder::new()
        .description("`ok`")
        .content(TEXT, text());
    let described = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary))
        .response("200", answer)
        .response("413", refusal("the request has a body"));
    let described = not_yet.into_iter().fold(described, |described, why| {
        described.response("503", refusal(why))
    });
    PathItem::new(HttpMethod::Get, described)
}

fn refusal(why: &str) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(why)
        .content(JSON, of_schema(schema::REFUSAL.to_owned()))
}

fn of_schema(name: String) -> Content {
    ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(name)))
        .build()
}

fn text() -> Content {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    ContentBuilder::new().schema(Some(text)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of an object, or nothing.
    fn fields<'v>(value: &'v Value, name: &str) -> Vec<(&'v String, &'v Value)> {
        let object = value.get(name).and_then(Value::as_object);
        object.into_iter().flatten().collect()
    }

    /// A line a path, a parameter, a response and a field of a schema.
    fn lines() -> Vec<String> {
        let mut lines = vec![format!("openapi {}", DOCUMENT["openapi"])];
        for (path, item) in fields(&DOCUMENT, "paths") {
            for (method, operation) in item.as_object().unwrap() {
                lines.push(format!("{method} {path} {}", operation["operationId"]));
                let parameters = operation["parameters"].as_array();
                lines.extend(parameters.into_iter().flatten().map(|parameter| {
                    format!(
                        "  {} {} {}",
                        parameter["in"], parameter["name"], parameter["schema"]
                    )
                }));
                for (status, response) in fields(operation, "responses") {
                    let contents = fields(response, "content");
                    let contents = contents
                        .iter()
                        .map(|(kind, c)| format!(" {kind} {}", c["schema"]));
                    lines.push(format!("  {status}{}", contents.collect::<String>()));
                }
            }
        }
        for (name, schema) in fields(&DOCUMENT["components"], "schemas") {
            let named = fields(schema, "properties");
            let named: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
            lines.push(format!("{name}: {}", named.join(", ")));
        }
        lines
    }

    #[test]
    fn the_document_describes_every_operation() {
        insta::assert_snapshot!(lines().join("\n"));
    }

    #[test]
    fn whatever_is_referred_to_is_there() {
        let text = DOCUMENT.to_string();
        let schemas = fields(&DOCUMENT["components"], "schemas");
        for part in text.split("\"#/components/schemas/").skip(1) {
            let (name, _) = part.split_once('"').unwrap();
            assert!(schemas.iter().any(|(known, _)| *known == name), "{name}");
        }
        assert!(!text.contains("$defs"), "a definition that is nowhere");
    }
}
