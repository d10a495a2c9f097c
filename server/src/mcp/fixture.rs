//! Fixtures of the conformance suite: what it expects a server to have, for the kinds of things that
//! are offered. They are in builds with the feature `conformance` alone.
//!
//! **Source** the scenarios of `@modelcontextprotocol/conformance`.

use std::sync::Arc;

use rmcp::model::{
    CallToolResult, ContentBlock, GetPromptResult, JsonObject, Prompt, PromptArgument,
    PromptMessage, ReadResourceResult, Resource, ResourceContents, ResourceTemplate, Role, Tool,
};
use serde_json::{Value, json};

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
const TEMPLATE: &str = "test://template/{id}/data";

/// The tools.
pub(super) fn tools() -> Vec<Tool> {
    let schema = JsonObject::from_iter([("type".to_owned(), json!("object"))]);
    let schema = Arc::new(schema);
    [
        ("test_simple_text", "answers text"),
        ("test_error_handling", "answers an error"),
    ]
    .map(|(name, about)| Tool::new(name, about, Arc::clone(&schema)))
    .into()
}

/// Calls one of the tools.
pub(super) fn call(name: &str) -> Option<CallToolResult> {
    let text = |text: &str| vec![ContentBlock::text(text)];
    match name {
        "test_simple_text" => Some(CallToolResult::success(text("a simple text"))),
        "test_error_handling" => Some(CallToolResult::error(text("this always fails"))),
        _ => None,
    }
}

/// The resources.
pub(super) fn resources() -> Vec<Resource> {
    [(TEXT, "text"), (BINARY, "binary")]
        .map(|(uri, name)| Resource::new(uri, name))
        .into()
}

/// The resources that are many.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![ResourceTemplate::new(TEMPLATE, "template")]
}

/// Reads one of the resources.
pub(super) fn read(uri: &str) -> Option<ReadResourceResult> {
    let contents = match uri {
        TEXT => ResourceContents::text("a static text", uri),
        BINARY => ResourceContents::blob("AAEC", uri).with_mime_type("image/png"),
        _ => {
            let id = uri
                .strip_prefix("test://template/")?
                .strip_suffix("/data")?;
            ResourceContents::text(format!("the data of {id}"), uri)
        }
    };
    Some(ReadResourceResult::new(vec![contents]))
}

/// The prompts.
pub(super) fn prompts() -> Vec<Prompt> {
    let arguments = ["arg1", "arg2"].map(|name| PromptArgument::new(name).with_required(true));
    vec![
        Prompt::new("test_simple_prompt", Some("a simple prompt"), None),
        Prompt::new(
            "test_prompt_with_arguments",
            Some("fills in"),
            Some(arguments.into()),
        ),
    ]
}

/// Writes one of the prompts.
pub(super) fn prompt(name: &str, given: &JsonObject) -> Option<GetPromptResult> {
    let of = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    let text = match name {
        "test_simple_prompt" => "a simple prompt".to_owned(),
        "test_prompt_with_arguments" => format!("{} and {}", of("arg1"), of("arg2")),
        _ => return None,
    };
    let message = PromptMessage::new_text(Role::User, text);
    Some(GetPromptResult::new(vec![message]))
}
