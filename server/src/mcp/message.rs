//! Messages: what a client sent, looked at before the library of the protocol takes it.
//!
//! In: octets. Out: a message, or a fault that says what is wrong with it and where, under the number
//! of the request where that can be read.
//! **Source** JSON-RPC 2.0, sections 4 and 5.1; the protocol knows no batches since 2025-06-18.

use rmcp::model::{
    CallToolRequestParams, ClientJsonRpcMessage, ClientRequest, CompleteRequestParams, ErrorCode,
    ErrorData, GetMeta, GetPromptRequestParams, InitializeRequestParams, JsonRpcMessage,
    PaginatedRequestParams, ReadResourceRequestParams, RequestId, ServerJsonRpcMessage,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::guard::BODY_MAX;

/// What is expected, in a line.
const EXPECTED: &str = "expected one message such as \
                        {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}";

/// A message that cannot be answered, and why.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Fault {
    /// Of which request, where that can be read.
    id: Option<RequestId>,
    code: ErrorCode,
    problem: String,
}

impl Fault {
    /// It is no JSON.
    fn parse(problem: String) -> Self {
        Self::of(ErrorCode::PARSE_ERROR, problem)
    }

    /// It is no message.
    pub(super) fn request(problem: impl Into<String>) -> Self {
        Self::of(ErrorCode::INVALID_REQUEST, problem.into())
    }

    /// It is longer than any message.
    pub(super) fn too_long() -> Self {
        Self::request(format!(
            "message: more than {BODY_MAX} octets, expected a short call"
        ))
    }

    fn of(code: ErrorCode, problem: String) -> Self {
        let id = None;
        Self { id, code, problem }
    }

    fn with_id(self, id: Option<RequestId>) -> Self {
        Self { id, ..self }
    }

    /// Whether the request is one, and only what it asks for is wrong.
    pub(super) fn is_of_params(&self) -> bool {
        self.code == ErrorCode::INVALID_PARAMS
    }

    /// As the client is told.
    pub(super) fn into_message(self) -> ServerJsonRpcMessage {
        let error = ErrorData::new(self.code, self.problem, None);
        ServerJsonRpcMessage::error(error, self.id)
    }
}

/// Reads a message.
pub(super) fn read(octets: &[u8]) -> Result<ClientJsonRpcMessage, Fault> {
    let value: Value = serde_json::from_slice(octets)
        .map_err(|error| Fault::parse(format!("message: not JSON: {error}, {EXPECTED}")))?;
    let envelope = match &value {
        Value::Object(envelope) => envelope,
        Value::Array(_) => {
            let problem = format!("message: a list, which no revision here takes, {EXPECTED}");
            return Err(Fault::request(problem));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(Fault::request(format!("message: no object, {EXPECTED}")));
        }
    };
    let id = envelope.get("id").and_then(number);
    check(envelope).map_err(|fault| fault.with_id(id.clone()))?;
    let method = envelope.get("method").and_then(Value::as_str);
    let none = Value::Object(Map::new());
    let params = envelope.get("params").unwrap_or(&none);
    if let (Some(_), Some(Err(problem))) = (&id, method.and_then(|name| fit(name, params))) {
        let method = method.unwrap_or_default();
        let problem = format!("params of {method}: {problem}");
        return Err(Fault::of(ErrorCode::INVALID_PARAMS, problem).with_id(id));
    }
    let message: Result<ClientJsonRpcMessage, _> = serde_json::from_value(value);
    message.map_err(|error| Fault::request(format!("message: {error}, {EXPECTED}")).with_id(id))
}

/// Whether a message is a request, and whether a conversation begins with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// A greeting, or a request that says which revision it speaks.
    Begins,
    /// A request that may come before that.
    Asks,
    /// A notification or an answer.
    Tells,
}

/// What a message is in a conversation.
pub(super) fn role(message: &ClientJsonRpcMessage) -> Role {
    let JsonRpcMessage::Request(request) = message else {
        return Role::Tells;
    };
    let asked = &request.request;
    let may_come_before = matches!(
        asked,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_)
    );
    let is_greeting = matches!(asked, ClientRequest::InitializeRequest(_));
    let names_revision = asked.get_meta().protocol_version().is_some();
    if is_greeting || (names_revision && !may_come_before) {
        Role::Begins
    } else {
        Role::Asks
    }
}

/// What every message has.
fn check(envelope: &Map<String, Value>) -> Result<(), Fault> {
    if envelope.get("jsonrpc") != Some(&Value::from("2.0")) {
        return Err(Fault::request(
            "jsonrpc: missing or not \"2.0\", expected \"2.0\"",
        ));
    }
    if let Some(id) = envelope.get("id")
        && number(id).is_none()
    {
        return Err(Fault::request("id: expected a text or a whole number"));
    }
    match (envelope.get("method"), envelope.get("params")) {
        (Some(Value::String(_)), None | Some(Value::Object(_))) => Ok(()),
        (Some(Value::String(_)), Some(_)) => Err(Fault::of(
            ErrorCode::INVALID_PARAMS,
            "params: expected an object".to_owned(),
        )),
        (Some(_), _) => Err(Fault::request("method: expected a text")),
        (None, _) if envelope.contains_key("result") || envelope.contains_key("error") => Ok(()),
        (None, _) => Err(Fault::request(format!("method: missing, {EXPECTED}"))),
    }
}

/// The number of a request.
fn number(id: &Value) -> Option<RequestId> {
    serde_json::from_value(id.clone()).ok()
}

/// Whether parameters are those of a method; `None` of one that takes none, or is not known.
fn fit(method: &str, params: &Value) -> Option<Result<(), serde_json::Error>> {
    let check = match method {
        "initialize" => read_as::<InitializeRequestParams>,
        "tools/call" => read_as::<CallToolRequestParams>,
        "prompts/get" => read_as::<GetPromptRequestParams>,
        "resources/read" => read_as::<ReadResourceRequestParams>,
        "completion/complete" => read_as::<CompleteRequestParams>,
        "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list" => {
            read_as::<Option<PaginatedRequestParams>>
        }
        _ => return None,
    };
    Some(check(params))
}

fn read_as<T: DeserializeOwned>(params: &Value) -> Result<(), serde_json::Error> {
    serde_json::from_value::<T>(params.clone()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(octets: &str) -> String {
        match read(octets.as_bytes()) {
            Ok(message) => format!("a message: {}", serde_json::to_string(&message).unwrap()),
            Err(fault) => serde_json::to_string(&fault.into_message()).unwrap(),
        }
    }

    #[test]
    fn a_fault_says_what_is_wrong_under_the_number_of_its_request() {
        let wrong = [
            "",
            "hello",
            "{\"jsonrpc\":\"2.0\",\"id\":1,",
            "[]",
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]",
            "7",
            "{}",
            "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}",
            "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"tools/call\",\"params\":[]}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":5}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":7}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/get\",\"params\":{}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":7}}",
        ];
        insta::assert_snapshot!(wrong.map(answer).join("\n"));
    }

    #[test]
    fn what_is_right_is_a_message() {
        for right in [
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","method":"of/another/world","params":{"a":1}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"of/another/world"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        ] {
            assert!(answer(right).starts_with("a message"), "{}", answer(right));
        }
    }
}
