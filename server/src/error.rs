//! What is answered when there is no answer: a status and one sentence, as JSON.

use analyzer::name::seen;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::body::JSON;
use crate::requests::Reason;

/// A request that is not answered, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    /// The kind of the reason.
    pub(crate) status: StatusCode,
    /// The reason: what, where, what was expected, what to do next.
    pub(crate) error: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        let error = seen(&error.into()).into_owned();
        Self { status, error }
    }

    /// Something broke that no request should be able to break.
    pub(crate) fn defect() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the answer could not be made: a defect of pilotfish, not of the request; its log says \
             more",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct View {
            error: String,
        }
        let reason = Reason(self.error.as_str().into());
        let mut response = json(self.status, &View { error: self.error });
        response.extensions_mut().insert(reason);
        let next = match self.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Some((header::RETRY_AFTER, "1"))
            }
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
            _ => None,
        };
        if let Some((name, value)) = next {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// A small JSON document, as compact JSON and a line feed.
pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(mut body) => {
            body.push(b'\n');
            json_body(status, Body::from(body))
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A small JSON document that is written already, and a line feed.
pub(crate) fn written(mut document: String) -> Response {
    document.push('\n');
    json_body(StatusCode::OK, Body::from(document))
}

/// A body that is JSON already.
fn json_body(status: StatusCode, body: Body) -> Response {
    let kind = (header::CONTENT_TYPE, JSON);
    (status, [kind], body).into_response()
}

/// What a client sent, short enough to be said back.
pub(crate) fn bounded(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
