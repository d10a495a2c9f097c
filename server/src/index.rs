//! The index: which endpoints there are, and the parameters of each.

use analyzer::query::Operation;
use analyzer::query::parameter::parameters;
use analyzer::query::suggest::nearest;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;

use crate::error::{Refusal, bounded, json};
use crate::mcp::discovery;
use crate::{kubeshark, metrics, openapi};

/// Paths that are no operation's, and what they answer.
const OTHERS: [(&str, &str); 8] = [
    ("/", "this list"),
    (
        openapi::PATH,
        "the endpoints for programs: an OpenAPI document",
    ),
    (
        discovery::PATH,
        "POST: the Model Context Protocol; GET: what it offers",
    ),
    (
        kubeshark::LIST,
        "the tools, as Kubeshark's client asks for them",
    ),
    (
        kubeshark::CALL,
        "POST: calls a tool, `{\"name\": …, \"arguments\": …}`",
    ),
    ("/healthz", "`ok` while the server runs"),
    ("/readyz", "`ok` once everything was read, 503 until then"),
    (metrics::PATH, "what was counted, as Prometheus reads it"),
];

/// Answers `/`.
pub(crate) fn index() -> Response {
    let operations = Operation::ALL.map(|operation| EndpointView {
        path: operation.path(),
        about: operation.facts().about,
        parameters: parameters(operation).into_iter().map(view).collect(),
    });
    let others = OTHERS.map(|(path, about)| EndpointView {
        path,
        about,
        parameters: Vec::new(),
    });
    let view = IndexView {
        name: "pilotfish",
        version: env!("CARGO_PKG_VERSION"),
        values: "commas separate alternatives, a leading ! excludes, * stands for any characters \
                 in names; all parameters must hold",
        endpoints: operations.into_iter().chain(others).collect(),
    };
    json(StatusCode::OK, &view)
}

/// Refuses a path that is not there.
pub(crate) fn not_found(uri: &Uri) -> Refusal {
    let paths = || {
        let operations = Operation::ALL.into_iter().map(Operation::path);
        operations.chain(OTHERS.map(|(path, _)| path))
    };
    let next = match nearest(uri.path(), paths()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("expected one of {}", paths().collect::<Vec<_>>().join(", ")),
    };
    let error = format!("{}: no such path, {next}", bounded(uri.path()));
    Refusal::new(StatusCode::NOT_FOUND, error)
}

/// Refuses a method that a path does not have.
pub(crate) fn method_not_allowed(method: &Method, uri: &Uri) -> Refusal {
    let expected = match uri.path() {
        kubeshark::CALL => "POST",
        discovery::PATH => "GET, HEAD or POST",
        _ => "GET or HEAD",
    };
    let error = format!(
        "{}: method {} is not allowed, expected {expected}",
        bounded(uri.path()),
        bounded(method.as_str())
    );
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, error)
}

#[derive(Serialize)]
struct IndexView {
    name: &'static str,
    version: &'static str,
    values: &'static str,
    endpoints: Vec<EndpointView>,
}

#[derive(Serialize)]
struct EndpointView {
    path: &'static str,
    about: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<ParameterView>,
}

#[derive(Serialize)]
struct ParameterView {
    name: String,
    value: &'static str,
    help: String,
}

fn view(parameter: analyzer::query::parameter::Parameter) -> ParameterView {
    ParameterView {
        name: parameter.name,
        value: parameter.value,
        help: parameter.help,
    }
}
