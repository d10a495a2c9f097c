//! Discovery: what the server offers, for who asks before speaking the protocol.

use rmcp::model::Tool;
use serde_json::{Value, json};

use crate::mcp::handler::{REVISIONS, identity};
use crate::mcp::{INSTRUCTIONS, prompt, resource, tool};

/// Where the protocol is spoken.
pub(crate) const PATH: &str = "/mcp";

/// The answer to `GET /mcp`.
pub(crate) fn document() -> Value {
    let tools: Vec<Value> = tool::tools()
        .into_iter()
        .map(
            |tool| json!({"name": tool.name, "title": tool.title, "description": tool.description}),
        )
        .collect();
    let identity = identity();
    json!({
        "name": identity.name,
        "title": identity.title,
        "version": identity.version,
        "description": identity.description,
        "protocolVersions": REVISIONS.iter().rev().collect::<Vec<_>>(),
        "transport": {"type": "streamable-http", "method": "POST", "path": PATH, "sessions": false},
        "instructions": INSTRUCTIONS,
        "tools": tools,
        "prompts": prompt::prompts(),
        "resources": resource::resources(),
        "resourceTemplates": resource::templates(),
    })
}

/// What Kubeshark's client asks for: the tools with what they take, and the prompts.
pub(crate) fn catalogue() -> Value {
    let view = |tool: Tool| {
        json!({
            "name": tool.name,
            "description": tool.description,
            "inputSchema": tool.input_schema,
        })
    };
    let tools: Vec<Value> = tool::tools().into_iter().map(view).collect();
    let identity = identity();
    json!({
        "name": identity.name,
        "description": identity.description,
        "version": identity.version,
        "tools": tools,
        "prompts": prompt::prompts(),
    })
}
