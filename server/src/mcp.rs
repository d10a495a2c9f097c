//! The Model Context Protocol: the operations as tools, for models.
//!
//! ```text
//! HTTP or standard streams ──► handler ──► desk ──► call: query, fit, notes ──► structured answer
//! ```
//!
//! In: requests of protocol revisions 2026-07-28, 2025-11-25 and 2025-06-18, without sessions. Out:
//! tools made of the table of operations, prompts, resources. It is the one module that knows the
//! library of the protocol; all it offers can also be had without it, over HTTP.
//!
//! **Shape** answers are bounded by what a model can read: see [`call`].
//! **Errors** of arguments are results of tools, which models read; those of the protocol are the
//! protocol's.
//! **Source** <https://modelcontextprotocol.io/specification>

mod arguments;
pub(crate) mod call;
mod cursor;
mod cut;
pub(crate) mod desk;
pub(crate) mod discovery;
mod drawing;
pub(crate) mod endpoint;
mod fit;
#[cfg(feature = "conformance")]
mod fixture;
mod grain;
mod handler;
pub(crate) mod lesson;
mod lines;
mod message;
mod notes;
mod ordered;
mod prompt;
mod resource;
mod row;
mod schema;
pub(crate) mod stdio;
pub(crate) mod tool;
mod tray;
pub(crate) mod written;

/// What a model is told before it calls anything.
const INSTRUCTIONS: &str = include_str!("mcp/instructions.txt");
