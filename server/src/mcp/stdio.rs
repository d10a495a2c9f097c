//! Standard streams: the protocol for a client that started this process.
//!
//! **Shape** a line a message: see [`Lines`]. Standard output carries nothing else.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use tokio::io::{stdin, stdout};
use tokio::runtime::Builder;

use crate::answer::Answers;
use crate::mcp::desk::{Desk, Elsewhere};
use crate::mcp::handler::Handler;
use crate::mcp::lines::Lines;
use crate::options::Limits;
use crate::source::SnapshotSource;

/// Threads that read and write; queries have threads of their own.
const THREADS: usize = 1;
/// How long a call waits until a capture is read to its end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who answers a client on standard streams.
pub enum McpSource {
    /// Snapshots of this process.
    Snapshots(Arc<dyn SnapshotSource>),
    /// Another server.
    Elsewhere(Arc<dyn Elsewhere>),
}

/// Speaks the protocol on standard streams until the client closes them.
///
/// # Errors
/// Threads cannot be had, or the client does not speak the protocol.
pub fn run_mcp(source: McpSource, limits: Limits) -> io::Result<()> {
    let desk = match source {
        McpSource::Snapshots(source) => Desk::Here(Answers::new(source, limits), PATIENCE),
        McpSource::Elsewhere(server) => Desk::Elsewhere(server),
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()?;
    let served = runtime.block_on(converse(desk));
    // A read of standard input cannot be cancelled, so nothing waits for it.
    runtime.shutdown_background();
    served
}

async fn converse(desk: Desk) -> io::Result<()> {
    let served = Handler::new(desk)
        .serve(Lines::new(stdin(), stdout()))
        .await;
    match served {
        Ok(service) => service
            .waiting()
            .await
            .map(|_| ())
            .map_err(io::Error::other),
        // A client may leave once it knows what is offered.
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(io::Error::other(format!("standard input: {error}"))),
    }
}
