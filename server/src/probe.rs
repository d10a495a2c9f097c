//! Probes: whether the server lives, and whether its answers cover everything.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::json;
use crate::source::{Progress, Readiness};

/// Where they are asked for.
pub(crate) const PATHS: [&str; 2] = ["/healthz", "/readyz"];

/// Whether the server answers at all.
pub(crate) fn health() -> Response {
    "ok\n".into_response()
}

/// Whether everything that is to be read was read.
pub(crate) fn readiness(readiness: Readiness) -> Response {
    let view = match readiness {
        Readiness::Ready => return "ok\n".into_response(),
        Readiness::Failed(reason) => NotReady {
            error: format!("reading failed: {reason}"),
            read_bytes: None,
            total_bytes: None,
        },
        Readiness::Reading(progress) => NotReady {
            error: reading(progress),
            read_bytes: Some(progress.read_bytes),
            total_bytes: progress.total_bytes,
        },
    };
    json(StatusCode::SERVICE_UNAVAILABLE, &view)
}

#[derive(Serialize)]
struct NotReady {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_bytes: Option<u64>,
}

fn reading(progress: Progress) -> String {
    let read = progress.read_bytes;
    let so_far = match progress.total_bytes {
        Some(total) => format!("{read} of {total} octets"),
        None => format!("{read} octets so far"),
    };
    format!("still reading: {so_far}; answers cover what was read")
}
