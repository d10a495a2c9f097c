//! The guard: what holds for every request and every response, whatever its path.
//!
//! ```text
//! request ──► host and origin ──► pace of its client ──► token ──► place ──► answer
//! ```
//!
//! Probes pass without: who asks them may know neither a name nor a token of the server, and an
//! overloaded server lives all the same.
//! **Shape** the cheapest check comes first; nothing of a body is read before the last one.

mod bearer;
mod body;
mod names;
mod pace;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::connection::Peer;
use crate::error::Refusal;
use crate::guard::pace::Pace;
use crate::held::hold;
use crate::host::AllowedHosts;
use crate::options::Options;
use crate::probe;
use crate::token::TokenFile;

pub(crate) use crate::guard::body::{BODY_MAX, check_no_body, take_body};

/// What every response carries: nobody keeps it, nobody takes it for something other than it says,
/// no page embeds it, and shown as a page it loads nothing and tells nobody where it was.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Who may ask, and how much.
pub(crate) struct Guard {
    allowed: AllowedHosts,
    token: Option<TokenFile>,
    pace: Option<Pace>,
    places: Arc<Semaphore>,
    requests: usize,
}

impl Guard {
    pub(crate) fn new(options: &Options) -> Self {
        let limits = options.limits;
        Self {
            allowed: options.allowed_hosts.clone(),
            token: options.token.clone(),
            pace: limits.requests_per_second.map(Pace::new),
            places: Arc::new(Semaphore::new(limits.requests)),
            requests: limits.requests,
        }
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        names::check(&self.allowed, request)?;
        if let (Some(pace), Some(Peer(client))) = (&self.pace, request.extensions().get()) {
            pace.take(client.ip(), Instant::now())?;
        }
        self.token
            .as_ref()
            .map_or(Ok(()), |token| bearer::check(token, request.headers()))
    }

    fn busy(&self) -> Refusal {
        let error = format!(
            "busy: {} requests are being answered, expected fewer; ask again in a second",
            self.requests
        );
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error)
    }
}

/// Lets a request through that may be answered, and keeps its place until its answer was sent.
pub(crate) async fn admit(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    if probe::PATHS.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    if let Err(refusal) = guard.check(&request) {
        return refusal.into_response();
    }
    let Ok(place) = Arc::clone(&guard.places).try_acquire_owned() else {
        return guard.busy().into_response();
    };
    let response = next.run(request).await;
    response.map(|body| hold(body, place))
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
