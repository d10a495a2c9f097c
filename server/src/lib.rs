//! The surfaces of Pilotfish: HTTP and the Model Context Protocol, over snapshots of the analyzer.
//!
//! ```text
//! request ──► guard ──► query string ──► Query ──► run on a snapshot ──► body ──► compression
//! ```
//!
//! In: a [`SnapshotSource`], which whoever reads captures or packets keeps up to date, and a bound
//! listener. Out: answers. Nothing here knows where a snapshot came from.
//!
//! **Shape** connections, and answers being made or sent, are limited in number and in time by
//! [`Limits`]; queries run beside the threads that serve sockets.
//! **Errors** are `{"error": "…"}` with a status, whatever went wrong and wherever.

mod answer;
mod body;
mod connection;
mod error;
mod file;
mod guard;
mod held;
mod host;
mod index;
mod kubeshark;
mod log;
mod mcp;
mod memory;
mod metrics;
mod openapi;
mod options;
mod probe;
mod query_string;
mod reload;
mod requests;
mod router;
mod run;
mod serve;
mod source;
mod tls;
mod token;

pub use crate::body::write_body;
pub use crate::host::{AllowedHosts, HostError, OriginError};
pub use crate::log::{Log, LogError, LogForm, LogLevel};
pub use crate::mcp::desk::Elsewhere;
pub use crate::mcp::stdio::{McpSource, run_mcp};
pub use crate::memory::Memory;
pub use crate::options::{Limits, Options};
pub use crate::run::{Stop, run};
pub use crate::serve::serve;
pub use crate::source::{Progress, Published, Readiness, SnapshotSource};
pub use crate::tls::{TlsError, TlsFiles};
pub use crate::token::{TokenError, TokenFile};
