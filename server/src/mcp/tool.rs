//! Tools: the operations as a model sees them.

use std::sync::Arc;

use analyzer::query::Operation;
use analyzer::query::suggest::nearest;
use rmcp::model::{Tool, ToolAnnotations};

use crate::error::bounded;
use crate::mcp::schema;

/// Every tool, in the order of the operations.
pub(super) fn tools() -> Vec<Tool> {
    Operation::ALL.into_iter().map(tool).collect()
}

fn tool(operation: Operation) -> Tool {
    let facts = operation.facts();
    let annotations = ToolAnnotations::from_raw(
        Some(facts.title.to_owned()),
        Some(true),
        Some(false),
        Some(true),
        Some(false),
    );
    let description = format!("{}. {}", facts.about, facts.guide);
    Tool::new(facts.tool, description, Arc::new(schema::input(operation)))
        .with_title(facts.title)
        .with_raw_output_schema(Arc::new(schema::output(operation)))
        .with_annotations(annotations)
}

/// The operation of a tool.
///
/// # Errors
/// A sentence that names the tools there are.
pub(crate) fn operation(tool: &str) -> Result<Operation, String> {
    Operation::of_tool(tool).ok_or_else(|| {
        let names = Operation::ALL.map(|operation| operation.facts().tool);
        let next = match nearest(tool, names.into_iter()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("expected one of {}", names.join(", ")),
        };
        format!("`{}`: no such tool, {next}", bounded(tool))
    })
}
