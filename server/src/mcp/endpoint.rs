//! The endpoint: the protocol over HTTP at one path, a request at a time and without sessions.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use crate::answer::Answers;
use crate::error::{Refusal, json};
use crate::guard::BODY_MAX;
use crate::mcp::desk::Desk;
use crate::mcp::discovery::document;
use crate::mcp::handler::Handler;

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

    /// Answers a message.
    pub(crate) async fn post(&self, mut request: Request) -> Response {
        // Whoever takes anything takes what it is answered with.
        let accept = request.headers().get(header::ACCEPT);
        if accept.is_none_or(|accept| accept == "*/*") {
            let both = HeaderValue::from_static("application/json, text/event-stream");
            request.headers_mut().insert(header::ACCEPT, both);
        }
        self.0.handle(request).await.map(Body::new)
    }
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
