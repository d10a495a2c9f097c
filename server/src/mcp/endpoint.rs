//! The endpoint: the protocol over HTTP at one path, a request at a time and without sessions.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;

use crate::answer::Answers;
use crate::error::{Refusal, json};
use crate::guard::BODY_MAX;
use crate::mcp::desk::Desk;
use crate::mcp::discovery::document;
use crate::mcp::handler::Handler;
use crate::mcp::message::{Fault, read};
use crate::mcp::tray::Tray;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// What speaks the protocol over HTTP.
#[derive(Clone)]
pub(crate) struct Endpoint(StreamableHttpService<Handler, NeverSessionManager>);

impl Endpoint {
    pub(crate) fn new(answers: Answers) -> Self {
        // Over HTTP nobody waits for a capture to be read: answers say how far that is.
        let handler = Handler::new(Desk::Here(answers, Duration::ZERO));
        // Hosts and origins are checked for every path, before it comes to this.
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(BODY_MAX)
            .disable_allowed_hosts();
        let sessions = Arc::new(NeverSessionManager::default());
        let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
        Self(service)
    }

    /// Answers a message. Whatever is wrong with it is said in the form of the protocol.
    pub(crate) async fn post(&self, request: Request) -> Response {
        let (mut head, body) = request.into_parts();
        // Whoever takes anything takes what it is answered with.
        let accept = head.headers.get(header::ACCEPT);
        if accept.is_none_or(|accept| accept == "*/*") {
            let both = HeaderValue::from_static("application/json, text/event-stream");
            head.headers.insert(header::ACCEPT, both);
        }
        if !is_json(&head.headers) {
            let fault = Fault::request("content-type: expected application/json");
            return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault);
        }
        let Ok(octets) = to_bytes(body, BODY_MAX).await else {
            return refused(StatusCode::PAYLOAD_TOO_LARGE, Fault::too_long());
        };
        match read(&octets) {
            Err(fault) if fault.is_of_params() => return refused(StatusCode::OK, fault),
            Err(fault) => return refused(StatusCode::BAD_REQUEST, fault),
            Ok(_) => {}
        }
        let tray = Tray::default();
        head.extensions.insert(tray.clone());
        let request = Request::from_parts(head, Body::from(octets));
        let response = self.0.handle(request).await.map(Body::new);
        tray.serve(response).await
    }
}

/// Whether a body is said to be JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON))
}

fn refused(status: StatusCode, fault: Fault) -> Response {
    json(status, &fault.into_message())
}

/// Says a refusal in the form of the protocol, whoever refused: the library says some as text, what
/// guards all paths as an object with an error.
pub(crate) async fn tell(response: Response) -> Response {
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    if !is_error {
        return response;
    }
    let (head, body) = response.into_parts();
    let octets = to_bytes(body, BODY_MAX).await.unwrap_or_default();
    let said: Value = serde_json::from_slice(&octets).unwrap_or_default();
    if said.get("jsonrpc").is_some() {
        return Response::from_parts(head, Body::from(octets));
    }
    let text = String::from_utf8_lossy(&octets);
    let problem = said.get("error").and_then(Value::as_str).unwrap_or(&text);
    let mut response = refused(head.status, Fault::request(problem));
    for (name, value) in head.headers.iter().filter(|(name, _)| !is_of_body(name)) {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

fn is_of_body(name: &HeaderName) -> bool {
    name == header::CONTENT_TYPE || name == header::CONTENT_LENGTH
}

/// Answers who looks what is there; a client that waits for events is told that none come.
pub(crate) fn get(request: &Request) -> Response {
    let accepted = request.headers().get_all(header::ACCEPT).iter();
    let accepted: Vec<&str> = accepted.filter_map(|value| value.to_str().ok()).collect();
    let names = |kind: &str| accepted.iter().any(|accept| accept.contains(kind));
    if names(EVENTS) && !names(JSON) {
        let error = "/mcp: there are no events to wait for, expected POST, or GET that accepts \
                     application/json for what there is";
        let mut response = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, error).into_response();
        let allowed = HeaderValue::from_static("POST, GET");
        response.headers_mut().insert(header::ALLOW, allowed);
        return response;
    }
    json(StatusCode::OK, &document())
}
