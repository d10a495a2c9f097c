//! A tray: what carries an answer past the library of the protocol.
//!
//! The library takes answers as trees of values, and writes each twice: as text, and as structure.
//! Where a request brings a tray, the answer goes onto it as it is written, the library writes its
//! message around an empty one, and the answer takes the place of that.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use rmcp::model::CallToolResult;
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value};

use crate::error::Refusal;
use crate::guard::BODY_MAX;
use crate::mcp::written::Written;

/// An empty answer as the library writes it: as text, and as structure. No text of a client is
/// mistaken for one, as its quotes are escaped.
const EMPTY: [&str; 2] = [r#""text":"{}""#, r#""structuredContent":{}"#];

/// What carries an answer.
#[derive(Clone, Default)]
pub(super) struct Tray(Arc<Mutex<Option<Written>>>);

impl Tray {
    /// The result of a call for the library: an empty one, where the request brings a tray.
    pub(super) fn result(answer: Written, context: &RequestContext<RoleServer>) -> CallToolResult {
        let request = context.extensions.get::<Parts>();
        let answer = match request.and_then(|request| request.extensions.get::<Self>()) {
            Some(Self(place)) => {
                let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
                *place = Some(answer);
                Value::Object(Map::new())
            }
            None => answer.value(),
        };
        CallToolResult::structured(answer)
    }

    /// The response with what was put on the tray.
    pub(super) async fn serve(&self, response: Response) -> Response {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(answer) = answer else {
            return response;
        };
        let (head, body) = response.into_parts();
        let message = to_bytes(body, BODY_MAX).await.unwrap_or_default();
        let message = str::from_utf8(&message).ok();
        match message.and_then(|message| fill(message, answer.as_str())) {
            Some(message) => Response::from_parts(head, Body::from(message)),
            None => Refusal::defect().into_response(),
        }
    }
}

/// Puts an answer into a message with an empty one.
fn fill(message: &str, answer: &str) -> Option<Vec<u8>> {
    let [text, structure] = EMPTY;
    let (before, message) = message.split_once(text)?;
    let (between, after) = message.split_once(structure)?;
    // Every seventh octet or so of an answer is a quote, which is escaped in the text.
    let mut filled = Vec::with_capacity(message.len() + answer.len() * 5 / 2);
    filled.extend_from_slice(before.as_bytes());
    filled.extend_from_slice(br#""text":"#);
    serde_json::to_writer(&mut filled, answer).ok()?;
    filled.extend_from_slice(between.as_bytes());
    filled.extend_from_slice(br#""structuredContent":"#);
    filled.extend_from_slice(answer.as_bytes());
    filled.extend_from_slice(after.as_bytes());
    Some(filled)
}

#[cfg(test)]
mod tests {
    use rmcp::model::{JsonRpcMessage, RequestId, ServerJsonRpcMessage, ServerResult};
    use serde_json::json;

    use super::*;

    fn message(id: &str, answer: Value) -> String {
        let result = ServerResult::CallToolResult(CallToolResult::structured(answer));
        let id = RequestId::String(id.into());
        let message: ServerJsonRpcMessage = JsonRpcMessage::response(result, id);
        serde_json::to_string(&message).unwrap()
    }

    #[test]
    fn a_filled_message_is_the_one_that_the_library_writes_around_the_answer() {
        let answer = json!({"flows": [{"pod": "a\"b\\\n\u{1}é"}, null, 1.5], "text": "{}", "structuredContent": {}});
        for id in ["1", r#""text":"{}""#, r#","structuredContent":{}"#] {
            let filled = fill(&message(id, json!({})), &answer.to_string()).unwrap();
            assert_eq!(
                String::from_utf8(filled).unwrap(),
                message(id, answer.clone())
            );
        }
        assert_eq!(fill("{}", "{}"), None);
    }
}
