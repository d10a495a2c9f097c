//! The handler: requests of the protocol to tools, prompts and resources.

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult,
    CompletionInfo, ContentBlock, GetPromptRequestParams, GetPromptResponse, Implementation,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse,
    Reference, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler};

use crate::mcp::desk::Desk;
#[cfg(feature = "conformance")]
use crate::mcp::fixture;
use crate::mcp::tray::Tray;
use crate::mcp::{INSTRUCTIONS, prompt, resource, tool};

/// The revisions that are spoken, the oldest first.
pub(super) const REVISIONS: [ProtocolVersion; 3] = [
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];

/// Answers the requests of a client.
#[derive(Clone)]
pub(super) struct Handler {
    desk: Desk,
    tools: Arc<[Tool]>,
}

impl Handler {
    pub(super) fn new(desk: Desk) -> Self {
        let tools = tool::tools();
        #[cfg(feature = "conformance")]
        let tools = [tools, fixture::tools()].concat();
        let tools = tools.into();
        Self { desk, tools }
    }
}

/// What the server says of itself.
pub(super) fn identity() -> Implementation {
    Implementation::new("pilotfish", env!("CARGO_PKG_VERSION"))
        .with_title("Pilotfish")
        .with_description("Who talks to whom in a Kubernetes cluster, from packets")
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_completions()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(identity())
            .with_instructions(INSTRUCTIONS)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Owned(REVISIONS.to_vec())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        #[cfg(feature = "conformance")]
        if let Some(result) = fixture::call(&request.name) {
            return Ok(result.into());
        }
        let operation =
            tool::operation(&request.name).map_err(|e| ErrorData::invalid_params(e, None))?;
        let arguments = request.arguments.unwrap_or_default();
        let result = match self.desk.call(operation, arguments).await {
            Ok(answer) => Tray::result(answer, &context),
            // An answer in the form of the schema it is not.
            Err(lesson) => {
                let text = lesson.into_value().to_string();
                CallToolResult::error(vec![ContentBlock::text(text)])
            }
        };
        Ok(result.into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = prompt::prompts();
        #[cfg(feature = "conformance")]
        let prompts = [prompts, fixture::prompts()].concat();
        Ok(ListPromptsResult::with_all_items(prompts))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        #[cfg(feature = "conformance")]
        if let Some(result) = fixture::prompt(&request.name, &arguments) {
            return Ok(result.into());
        }
        let written = prompt::write(&request.name, &arguments);
        written
            .map(GetPromptResponse::from)
            .map_err(|error| ErrorData::invalid_params(error, None))
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resources = resource::resources();
        #[cfg(feature = "conformance")]
        let resources = [resources, fixture::resources()].concat();
        Ok(ListResourcesResult::with_all_items(resources))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let templates = resource::templates();
        #[cfg(feature = "conformance")]
        let templates = [templates, fixture::templates()].concat();
        Ok(ListResourceTemplatesResult::with_all_items(templates))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        #[cfg(feature = "conformance")]
        if let Some(result) = fixture::read(&request.uri) {
            return Ok(result.into());
        }
        let read = resource::read(&self.desk, &request.uri).await?;
        Ok(read.into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let argument = request.argument;
        let subject = match &request.r#ref {
            Reference::Prompt(known) => prompt::subject(&known.name, &argument.name),
            Reference::Resource(known) => resource::subject(&known.uri, &argument.name),
            _ => None,
        };
        let Some(subject) = subject else {
            return Ok(CompleteResult::default());
        };
        let values = resource::names(&self.desk, subject, &argument.value).await;
        let total = u32::try_from(values.len()).ok();
        let has_more = values.len() > CompletionInfo::MAX_VALUES;
        let shown = values
            .into_iter()
            .take(CompletionInfo::MAX_VALUES)
            .collect();
        let completion = CompletionInfo::with_pagination(shown, total, has_more);
        completion
            .map(CompleteResult::new)
            .map_err(|error| ErrorData::internal_error(error, None))
    }
}
