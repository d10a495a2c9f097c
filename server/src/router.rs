//! The router: paths to what answers them, and the layers around all of them.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

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
use crate::guard::Guard;
use crate::mcp::endpoint::Endpoint;
use crate::mcp::{discovery, endpoint};
use crate::memory::Memory;
use crate::options::Options;
use crate::requests::Requests;
use crate::source::SnapshotSource;
use crate::{guard, index, kubeshark, metrics, openapi, probe, requests};

/// Everything a server answers. The last layer is the outermost.
pub(crate) fn router(source: Arc<dyn SnapshotSource>, options: &Options) -> Router {
    let answers = Answers::new(source, options.limits);
    let requests = Arc::new(Requests::default());
    paths(&answers, options)
        .merge(figures(
            answers,
            Arc::clone(&requests),
            options.memory.clone(),
        ))
        .fallback(async |uri: Uri| index::not_found(&uri))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            index::method_not_allowed(&method, &uri)
        })
        // JSON of flows repeats itself: the fastest level takes nine tenths already.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn_with_state(
            Arc::new(Guard::new(options)),
            guard::admit,
        ))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn_with_state(requests, requests::tell))
        .layer(map_response(guard::add_headers))
}

fn paths(answers: &Answers, options: &Options) -> Router {
    let source = Arc::clone(&answers.source);
    let ready = async move || probe::readiness(source.readiness());
    let [healthz, readyz] = probe::PATHS;
    let router = Router::new()
        .route("/", plain(get(async || index::index())))
        .route(openapi::PATH, plain(get(async || openapi::answer())))
        .route(healthz, plain(get(async || probe::health())))
        .route(readyz, plain(get(ready)));
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
        .merge(tools(answers, options.limits.body_time))
}

/// The paths of models and of their clients.
fn tools(answers: &Answers, body_time: Duration) -> Router {
    let endpoint = Endpoint::new(answers.clone());
    let message = async move |request: Request| endpoint.post(request).await;
    let look = plain(get(async |request: Request| endpoint::get(&request)));
    let answers = answers.clone();
    let call = async move |request: Request| kubeshark::call(answers, request).await;
    let [message, call] = [post(message), post(call)]
        .map(|posts| posts.route_layer(from_fn_with_state(body_time, guard::take_body)));
    let message = message.route_layer(map_response(endpoint::tell));
    Router::new()
        .route(discovery::PATH, look.merge(message))
        .route(kubeshark::LIST, plain(get(async || kubeshark::list())))
        .route(kubeshark::CALL, call)
}

/// The path of a monitoring system.
fn figures(answers: Answers, requests: Arc<Requests>, memory: Memory) -> Router {
    let answer = async move || metrics::answer(&answers, &requests, &memory).await;
    Router::new().route(metrics::PATH, plain(get(answer)))
}

fn plain(methods: MethodRouter) -> MethodRouter {
    methods.route_layer(from_fn(guard::check_no_body))
}

fn after_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    Refusal::defect().into_response()
}
