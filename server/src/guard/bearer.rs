//! The token that a request shows. **Source** RFC 6750 section 2.1.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::error::Refusal;
use crate::token::TokenFile;

const EXPECTED: &str = "expected one header `Authorization: Bearer TOKEN` with this server's token; \
                        pilotfish takes it with --token-file FILE or from the variable \
                        PILOTFISH_TOKEN";

/// Refuses a request that does not show the token. What it shows instead is not said back.
pub(super) fn check(token: &TokenFile, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    match (shown.next(), shown.next()) {
        (None, _) => Err(unauthorized("missing")),
        (Some(_), Some(_)) => Err(unauthorized("given twice")),
        (Some(value), None) => match bearer(value) {
            Some(shown) if token.accepts(shown) => Ok(()),
            Some(_) => Err(unauthorized("another token")),
            None => Err(unauthorized("no bearer token")),
        },
    }
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorized(problem: &str) -> Refusal {
    let error = format!("authorization: {problem}, {EXPECTED}");
    Refusal::new(StatusCode::UNAUTHORIZED, error)
}
