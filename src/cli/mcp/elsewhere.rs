//! A running server that answers the calls of tools.

use serde_json::{Map, Value, json};
use server::Elsewhere;

use crate::cli::client;

/// Where calls of tools are answered as plain JSON.
const CALL: &str = "/api/mcp/tools/call";

/// A server at an address.
pub(crate) struct Server {
    url: String,
}

impl Server {
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        client::check_url(url)?;
        let url = url.to_owned();
        Ok(Self { url })
    }
}

impl Elsewhere for Server {
    fn call(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
    ) -> Result<Value, Map<String, Value>> {
        let call = json!({"name": tool, "arguments": arguments});
        let said = |error: String| Map::from_iter([("error".to_owned(), error.into())]);
        let (status, body) =
            client::post(&self.url, CALL, &call).map_err(|error| said(format!("{error:#}")))?;
        match (status, serde_json::from_slice(&body)) {
            (200, Ok(answer)) => Ok(answer),
            (_, Ok(Value::Object(refusal))) if refusal.contains_key("error") => Err(refusal),
            _ => Err(said(format!(
                "{}: no pilotfish answers there (HTTP status {status})",
                self.url
            ))),
        }
    }
}
