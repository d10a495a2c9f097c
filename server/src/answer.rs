//! Answers: a request of an operation to its body.
//!
//! **Shape** a query is work for a processor, so it runs on a thread of its own, unless it takes none
//! that is worth it. Each has a place,
//! of which there are few, from before its query until its client took the last octet: that bounds
//! processors and memory both.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use analyzer::query::parse::{QueryError, RowLimit};
use analyzer::query::{self, Answer, Operation, Query};
use analyzer::snapshot::Snapshot;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::body::write_form;
use crate::error::Refusal;
use crate::options::Limits;
use crate::query_string::{QueryStringError, pairs};
use crate::requests::Rows;
use crate::source::SnapshotSource;

/// What makes answers, shared by all connections.
#[derive(Clone)]
pub(crate) struct Answers {
    pub(crate) source: Arc<dyn SnapshotSource>,
    places: Arc<Semaphore>,
    limits: Limits,
}

impl Answers {
    pub(crate) fn new(source: Arc<dyn SnapshotSource>, limits: Limits) -> Self {
        let places = Arc::new(Semaphore::new(limits.answers));
        Self {
            source,
            places,
            limits,
        }
    }

    /// Answers `operation` with the parameters of `uri`.
    pub(crate) async fn answer(
        &self,
        operation: Operation,
        uri: &Uri,
    ) -> Result<Response, Refusal> {
        let query = parse(operation, uri.query().unwrap_or_default())?;
        let place = self.place().await?;
        let source = Arc::clone(&self.source);
        let task = spawn_blocking(move || {
            let answer =
                query::run(&source.snapshot(), operation, &query).map_err(|e| wrong(&e))?;
            let mut body = Vec::new();
            let rows = Rows(rows(&answer));
            let kind = write_form(&mut body, &answer, &query).map_err(|_| Refusal::defect())?;
            let placed = Placed {
                body,
                _place: place,
            };
            Ok((kind, rows, placed))
        });
        let (kind, rows, body) = timeout(self.limits.answer_time, task)
            .await
            .map_err(|_| self.overdue())?
            .map_err(|_| Refusal::defect())??;
        let body = Body::from(Bytes::from_owner(body));
        let mut response = (StatusCode::OK, [(CONTENT_TYPE, kind)], body).into_response();
        response.extensions_mut().insert(rows);
        Ok(response)
    }

    /// Does some work on the newest snapshot, on a thread of its own and in a place of its own.
    pub(crate) async fn with_snapshot<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let never = |_: &Snapshot, (): &()| None;
        self.ask((), never, move |snapshot, ()| work(snapshot))
            .await
    }

    /// Answers a question from the newest snapshot, in a place of its own: at once where it is at
    /// hand, else on a thread of its own. A thread that sleeps takes long to wake.
    pub(crate) async fn ask<Q: Send + 'static, T: Send + 'static>(
        &self,
        question: Q,
        at_hand: impl FnOnce(&Snapshot, &Q) -> Option<T>,
        work: impl FnOnce(&Snapshot, &Q) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let place = self.place().await?;
        let source = Arc::clone(&self.source);
        let look = || at_hand(&*source.at_hand()?, &question);
        match catch_unwind(AssertUnwindSafe(look)) {
            Ok(None) => {}
            Ok(Some(done)) => return Ok(done),
            Err(_) => return Err(Refusal::defect()),
        }
        let task = spawn_blocking(move || {
            let done = work(&source.snapshot(), &question);
            drop(place);
            done
        });
        timeout(self.limits.answer_time, task)
            .await
            .map_err(|_| self.overdue())?
            .map_err(|_| Refusal::defect())
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = Arc::clone(&self.places).acquire_owned();
        timeout(self.limits.answer_time, place)
            .await
            .map_err(|_| self.busy())?
            .map_err(|_| Refusal::defect())
    }

    fn busy(&self) -> Refusal {
        let Limits {
            answers,
            answer_time,
            ..
        } = self.limits;
        unavailable(format!(
            "busy: all places for answers ({answers}) were taken for {}, expected a free one; try again",
            seconds(answer_time)
        ))
    }

    fn overdue(&self) -> Refusal {
        unavailable(format!(
            "busy: the query took more than {}, expected less; try again, or ask for less by \
             filters or a window",
            seconds(self.limits.answer_time)
        ))
    }
}

/// A body that keeps its place until it is dropped.
struct Placed {
    body: Vec<u8>,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// The rows that an answer shows.
const fn rows(answer: &Answer) -> usize {
    match answer {
        Answer::Flows(view) => view.flows.len(),
        Answer::Connections(view) => view.connections.len(),
        Answer::Workloads(view) => view.workloads.len(),
        Answer::Dependencies(view) => view.edges.len(),
        Answer::Diff(view) => view.edges.len(),
        Answer::Summary(_) => 1,
    }
}

fn parse(operation: Operation, query_string: &str) -> Result<Query, Refusal> {
    let pairs = pairs(query_string).map_err(|error| {
        let status = match error {
            QueryStringError::TooLong(_) => StatusCode::URI_TOO_LONG,
            QueryStringError::Percent(_)
            | QueryStringError::NotUtf8(_)
            | QueryStringError::NoName(_) => StatusCode::BAD_REQUEST,
        };
        Refusal::new(status, error.to_string())
    })?;
    Query::parse(operation, pairs, RowLimit::Bounded).map_err(|error| wrong(&error))
}

fn wrong(error: &QueryError) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, error.to_string())
}

fn unavailable(error: String) -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
