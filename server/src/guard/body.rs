//! Bodies of requests: read whole, bounded in length and in time, before anybody looks at them.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::error::Refusal;

/// The longest body, in octets: a call is a name and some filters.
pub(crate) const BODY_MAX: usize = 256 * 1024;

/// Lets a request through that has no body: its endpoint reads none.
pub(crate) async fn check_no_body(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let error = "the request has a body, expected none; parameters go into the query string";
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error).into_response()
}

/// Takes the body of a request, and lets it through when that is short and came in time.
pub(crate) async fn take_body(
    State(time): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    match whole(request, time).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn whole(request: Request, time: Duration) -> Result<Request, Refusal> {
    let (head, body) = request.into_parts();
    // Who says how much comes need not send it.
    if body.size_hint().lower() > BODY_MAX as u64 {
        return Err(too_long());
    }
    let read = timeout(time, to_bytes(body, BODY_MAX));
    let octets = read.await.map_err(|_| too_slow(time))?;
    let octets = octets.map_err(|error| {
        if is_of_connection(&error) {
            broken_off()
        } else {
            too_long()
        }
    })?;
    Ok(Request::from_parts(head, Body::from(octets)))
}

/// Whether the connection is the cause of an error, and not the limit.
fn is_of_connection(error: &(dyn Error + 'static)) -> bool {
    error.is::<hyper::Error>() || error.source().is_some_and(is_of_connection)
}

fn too_long() -> Refusal {
    let error = format!("body: more than {BODY_MAX} octets, expected a short call");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error)
}

fn too_slow(time: Duration) -> Refusal {
    let error = format!(
        "body: not whole after {} s, expected it at once; send it again",
        time.as_secs_f64()
    );
    Refusal::new(StatusCode::REQUEST_TIMEOUT, error)
}

fn broken_off() -> Refusal {
    let error = "body: broken off or malformed, expected as many octets as were announced";
    Refusal::new(StatusCode::BAD_REQUEST, error)
}
