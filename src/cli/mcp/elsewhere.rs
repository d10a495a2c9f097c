//! A running server that answers the calls of tools.

use serde_json::{Map, Value, json};

use crate::cli::client::Server;

/// Where calls of tools are answered as plain JSON.
const CALL: &str = "/api/mcp/tools/call";

/// Another server.
pub(crate) struct Elsewhere(pub(crate) Server);

impl server::Elsewhere for Elsewhere {
    fn call(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
    ) -> Result<Value, Map<String, Value>> {
        let Self(server) = self;
        let call = json!({"name": tool, "arguments": arguments});
        let said = |error: String| Map::from_iter([("error".to_owned(), error.into())]);
        let (status, body) = server
            .post(CALL, &call)
            .map_err(|error| said(format!("{error:#}")))?;
        match (status, serde_json::from_slice(&body)) {
            (200, Ok(answer)) => Ok(answer),
            (_, Ok(Value::Object(refusal))) if refusal.contains_key("error") => Err(refusal),
            _ => Err(said(format!(
                "{server}: no pilotfish answers there (HTTP status {status})"
            ))),
        }
    }
}
