//! The guard: what holds for every request and every response, whatever its path.

use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{Refusal, bounded};
use crate::host::AllowedHosts;

/// What every response carries: nobody keeps it, nobody takes it for something other than it says,
/// no page of another site embeds it.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Lets a request through that calls the server by a name it has, and not from a page elsewhere.
pub(crate) async fn check_host(
    State(allowed): State<Arc<AllowedHosts>>,
    request: Request,
    next: Next,
) -> Response {
    match check(&allowed, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Lets a request through that has no body: no endpoint reads one.
pub(crate) async fn check_no_body(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let error = "the request has a body, expected none; parameters go into the query string";
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error).into_response()
}

/// Adds what every response carries.
pub(crate) async fn add_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn check(allowed: &AllowedHosts, request: &Request) -> Result<(), Refusal> {
    let host = host(request.headers())?;
    // An absolute request target overrules the header: both must be ours.
    let target = request.uri().authority().map(uri::Authority::as_str);
    for name in target.into_iter().chain([host]) {
        if !allowed.accept_host(name) {
            return Err(forbidden(
                "host",
                name,
                "localhost, an address or a name given with --allow-host",
            ));
        }
    }
    for origin in request.headers().get_all(header::ORIGIN) {
        let text = origin.to_str().unwrap_or_default();
        if !allowed.accept_origin(text, host) {
            return Err(forbidden(
                "origin",
                text,
                "this server's own or a name given with --allow-host",
            ));
        }
    }
    Ok(())
}

fn host(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next().map(HeaderValue::to_str), hosts.next()) {
        (Some(Ok(host)), None) => Ok(host),
        (None, _) => Err(bad_host("missing")),
        (Some(Ok(_)), Some(_)) => Err(bad_host("given twice")),
        (Some(Err(_)), _) => Err(bad_host("not ASCII")),
    }
}

fn bad_host(problem: &str) -> Refusal {
    let error = format!("host: {problem}, expected one header with the server's name");
    Refusal::new(StatusCode::BAD_REQUEST, error)
}

fn forbidden(header: &str, value: &str, expected: &str) -> Refusal {
    let error = format!(
        "{header}: `{}` is not allowed, expected {expected}",
        bounded(value)
    );
    Refusal::new(StatusCode::FORBIDDEN, error)
}
