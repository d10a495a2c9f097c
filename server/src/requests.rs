//! What is told of each request: a line of the log, and a count for the metrics.
//!
//! **Shape** counts go by the routes, methods and statuses there are, never by what a client makes
//! up, so there are few. A line has the parameters that are known, and nothing of headers or bodies:
//! no token reaches it.
//! **Time** is the runtime's: from a request's headers to those of its answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use analyzer::name::seen;
use analyzer::query::Operation;
use analyzer::query::parameter::is_known;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::{Level, enabled, event};

use crate::connection::Peer;
use crate::kubeshark;
use crate::log::TARGET;
use crate::query_string::pairs;

/// Upper bounds of the histogram's buckets, in seconds; the last one has none.
pub(crate) const BOUNDS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, f64::INFINITY];
/// The route of what is on none.
const NO_ROUTE: &str = "other";
/// The most of a request's parameters in a line of the log, in characters.
const PARAMETERS_MAX: usize = 512;

/// The rows of an answer, said by whoever made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows(pub(crate) usize);

/// Why a request was refused.
#[derive(Clone, Debug)]
pub(crate) struct Reason(pub(crate) Arc<str>);

/// The counts of all requests.
#[derive(Default)]
pub(crate) struct Requests(Mutex<Counts>);

#[derive(Clone, Default)]
pub(crate) struct Counts {
    /// By route, method and status.
    pub(crate) answered: BTreeMap<(Arc<str>, &'static str, u16), u64>,
    /// By route.
    pub(crate) times: BTreeMap<Arc<str>, Times>,
}

/// How long answers took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Times {
    /// By bucket.
    pub(crate) buckets: [u64; BOUNDS.len()],
    /// All together.
    pub(crate) sum: Duration,
}

impl Requests {
    /// The counts so far.
    pub(crate) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    fn count(&self, asked: &Asked, status: StatusCode, took: Duration) {
        let mut counts = self.lock();
        let route = Arc::clone(&asked.route);
        let answered = (Arc::clone(&route), asked.method, status.as_u16());
        *counts.answered.entry(answered).or_default() += 1;
        counts.times.entry(route).or_default().add(took);
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Times {
    fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound);
        if let Some(count) = bucket.and_then(|bucket| self.buckets.get_mut(bucket)) {
            *count += 1;
        }
        self.sum += took;
    }
}

/// Counts a request, and logs it.
pub(crate) async fn tell(
    State(requests): State<Arc<Requests>>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let asked = Asked::of(&request);
    let response = next.run(request).await;
    let took = began.elapsed();
    requests.count(&asked, response.status(), took);
    asked.log(&response, took);
    response
}

/// What is told of a request.
struct Asked {
    route: Arc<str>,
    method: &'static str,
    client: Option<Peer>,
    parameters: String,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let extensions = request.extensions();
        let route = extensions.get::<MatchedPath>();
        let route = route.map_or(NO_ROUTE, MatchedPath::as_str);
        // A probe every second would be most of the log.
        let parameters = if enabled!(target: TARGET, Level::INFO) {
            shown(route, request.uri().query().unwrap_or_default())
        } else {
            String::new()
        };
        Self {
            route: route.into(),
            method: method(request.method()),
            client: extensions.get().copied(),
            parameters,
        }
    }

    fn log(&self, response: &Response, took: Duration) {
        let status = response.status().as_u16();
        let extensions = response.extensions();
        let rows = extensions.get().map(|Rows(rows)| *rows);
        // Of a path that is none the error would be what the client made up: a secret, for one.
        let error = extensions.get().filter(|_| &*self.route != NO_ROUTE);
        let error = error.map(|Reason(error)| bounded(error));
        let error = error.as_deref();
        let client = self.client.map(|Peer(address)| address.ip());
        let client = client.map(tracing::field::display);
        let (method, route, parameters) = (self.method, &*self.route, &*self.parameters);
        let ms = took.as_secs_f64() * 1e3;
        if response.status().is_server_error() && error.is_some() {
            event!(target: TARGET, Level::WARN, method, route, parameters, client, status, rows, ms, error, "request");
        } else {
            event!(target: TARGET, Level::INFO, method, route, parameters, client, status, rows, ms, error, "request");
        }
    }
}

const fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => NO_ROUTE,
    }
}

/// The parameters of a query string that the operation of the route knows, decoded; others are only
/// named as such, as they may be anything: a secret, for one.
fn shown(route: &str, query: &str) -> String {
    let path = route.strip_prefix(kubeshark::PREFIX).unwrap_or(route);
    let mut operations = Operation::ALL.into_iter();
    let Some(operation) = operations.find(|operation| operation.path() == path) else {
        return String::new();
    };
    let part = |(name, value): (String, String)| {
        if is_known(operation, &name) {
            format!("{name}={value}")
        } else {
            "(unknown)".to_owned()
        }
    };
    let pairs = pairs(query).unwrap_or_default().into_iter();
    bounded(&pairs.map(part).collect::<Vec<_>>().join("&"))
}

/// As much of a text as a line has room for, without what nobody sees of it.
fn bounded(text: &str) -> String {
    seen(text).chars().take(PARAMETERS_MAX).collect()
}

/// A call of a tool, of which HTTP shows no more than that there was one.
pub(crate) struct Call {
    tool: &'static str,
    parameters: String,
    began: Instant,
}

impl Call {
    /// It begins.
    pub(crate) fn begin(operation: Operation, arguments: &Map<String, Value>) -> Self {
        let part = |(name, value): (&String, &Value)| {
            if is_known(operation, name) {
                format!("{name}={value}")
            } else {
                "(unknown)".to_owned()
            }
        };
        let parameters = if enabled!(target: TARGET, Level::INFO) {
            bounded(&arguments.iter().map(part).collect::<Vec<_>>().join("&"))
        } else {
            String::new()
        };
        Self {
            tool: operation.facts().tool,
            parameters,
            began: Instant::now(),
        }
    }

    /// It was answered, with so many rows, or refused.
    pub(crate) fn end(self, rows: Option<usize>) {
        let Self {
            tool, parameters, ..
        } = &self;
        let ms = self.began.elapsed().as_secs_f64() * 1e3;
        let outcome = match rows {
            Some(_) => "answered",
            None => "refused",
        };
        event!(target: TARGET, Level::INFO, tool, parameters = &**parameters, outcome, rows, ms, "call");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_shown_that_are_known() {
        let query = "ns=shop&token=0123456789abcdef&limit=10";
        assert_eq!(shown("/mcp/flows", query), "ns=shop&(unknown)&limit=10");
        assert_eq!(shown("/api/mcp/flows", query), "ns=shop&(unknown)&limit=10");
        assert_eq!(shown("/metrics", query), "");
        let long = format!("ns={}", "x".repeat(8_000));
        assert_eq!(shown("/mcp/flows", &long).len(), PARAMETERS_MAX);
    }

    #[test]
    fn a_time_is_in_one_bucket() {
        let mut times = Times::default();
        for ms in [0, 1, 2, 600, 3_600_000] {
            times.add(Duration::from_millis(ms));
        }
        assert_eq!(times.buckets, [2, 1, 0, 0, 0, 1, 0, 1]);
    }
}
