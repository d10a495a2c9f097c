//! What Kubeshark's own client asks for: the tools as a list, and calls of them as plain JSON.
//!
//! **Source** the requests of `kubeshark mcp --url URL`.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::Answers;
use crate::error::{Refusal, json, written};
use crate::guard::BODY_MAX;
use crate::mcp::desk::Desk;
use crate::mcp::discovery::catalogue;
use crate::mcp::tool;

/// Where the tools are listed.
pub(crate) const LIST: &str = "/api/mcp";
/// Where they are called.
pub(crate) const CALL: &str = "/api/mcp/tools/call";
/// What stands before the paths of the operations.
pub(crate) const PREFIX: &str = "/api";

#[derive(Deserialize)]
struct Call {
    name: String,
    #[serde(default)]
    arguments: Option<Map<String, Value>>,
}

/// The tools and prompts.
pub(crate) fn list() -> Response {
    json(StatusCode::OK, &catalogue())
}

/// Calls a tool.
pub(crate) async fn call(answers: Answers, request: Request) -> Result<Response, Refusal> {
    let refused = |status, error: &str| Refusal::new(status, format!("body: {error}"));
    let body = to_bytes(request.into_body(), BODY_MAX).await.map_err(|_| {
        let error = format!("more than {BODY_MAX} octets, or broken off, expected a short call");
        refused(StatusCode::PAYLOAD_TOO_LARGE, &error)
    })?;
    let call: Call = serde_json::from_slice(&body).map_err(|error| {
        let error = format!("{error}, expected {{\"name\": TOOL, \"arguments\": {{…}}}}");
        refused(StatusCode::BAD_REQUEST, &error)
    })?;
    let operation = tool::operation(&call.name)
        .map_err(|error| Refusal::new(StatusCode::NOT_FOUND, format!("name: {error}")))?;
    let desk = Desk::Here(answers, Duration::ZERO);
    let answered = desk
        .call(operation, call.arguments.unwrap_or_default())
        .await;
    Ok(match answered {
        Ok(answer) => written(answer.into_text()),
        Err(lesson) => json(StatusCode::BAD_REQUEST, &lesson.into_value()),
    }
    .into_response())
}
