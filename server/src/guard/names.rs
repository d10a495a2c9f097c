//! Names and origins: a request calls the server by a name it has, and not from a page elsewhere.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, uri};

use crate::error::{Refusal, bounded};
use crate::host::AllowedHosts;

/// Refuses a request that calls the server by another name, or comes from a page elsewhere.
pub(super) fn check(allowed: &AllowedHosts, request: &Request) -> Result<(), Refusal> {
    let host = host(request.headers())?;
    // An absolute request target overrules the header: both must be ours.
    let target = request.uri().authority().map(uri::Authority::as_str);
    for name in target.into_iter().chain([host]) {
        if !allowed.accept_host(name) {
            let expected = "localhost, an address or a name given with --allowed-host";
            return Err(forbidden("host", name, expected));
        }
    }
    for origin in request.headers().get_all(header::ORIGIN) {
        let text = origin.to_str().unwrap_or_default();
        if !allowed.accept_origin(text, host) {
            let expected = "this server's own, a name given with --allowed-host or an origin \
                            given with --allowed-origin";
            return Err(forbidden("origin", text, expected));
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
