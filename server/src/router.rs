//! The router: paths to what answers them, and the layers around all of them.

use std::any::Any;
use std::sync::Arc;

use analyzer::query::Operation;
use axum::Router;
use axum::extract::Request;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::answer::Answers;
use crate::error::Refusal;
use crate::mcp::endpoint::Endpoint;
use crate::mcp::{discovery, endpoint};
use crate::options::Options;
use crate::source::SnapshotSource;
use crate::{guard, index, kubeshark, probe};

/// Everything a server answers. The last layer is the outermost.
pub(crate) fn router(source: Arc<dyn SnapshotSource>, options: &Options) -> Router {
    let answers = Answers::new(source, options.limits);
    let allowed = Arc::new(options.allowed_hosts.clone());
    paths(&answers)
        .fallback(async |uri: Uri| index::not_found(&uri))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            index::method_not_allowed(&method, &uri)
        })
        .layer(from_fn_with_state(allowed, guard::check_host))
        // JSON of flows repeats itself: the fastest level takes nine tenths already.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(map_response(guard::add_headers))
}

fn paths(answers: &Answers) -> Router {
    let source = Arc::clone(&answers.source);
    let ready = async move || probe::readiness(source.readiness());
    let router = Router::new()
        .route("/", plain(get(async || index::index())))
        .route("/healthz", plain(get(async || probe::health())))
        .route("/readyz", plain(get(ready)));
    Operation::ALL
        .into_iter()
        .fold(router, |router, operation| {
            let answers = answers.clone();
            let answer = async move |uri: Uri| answers.answer(operation, &uri).await;
            let path = operation.path();
            router
                .route(path, plain(get(answer.clone())))
                .route(&format!("{}{path}", kubeshark::PREFIX), plain(get(answer)))
        })
        .merge(tools(answers))
}

/// The paths of models and of their clients.
fn tools(answers: &Answers) -> Router {
    let endpoint = Endpoint::new(answers.clone());
    let message = async move |request: Request| endpoint.post(request).await;
    let look = plain(get(async |request: Request| endpoint::get(&request)));
    let answers = answers.clone();
    let call = async move |request: Request| kubeshark::call(answers, request).await;
    Router::new()
        .route(discovery::PATH, look.post(message))
        .route(kubeshark::LIST, plain(get(async || kubeshark::list())))
        .route(kubeshark::CALL, post(call))
}

fn plain(methods: MethodRouter) -> MethodRouter {
    methods.route_layer(from_fn(guard::check_no_body))
}

fn after_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    Refusal::defect().into_response()
}
