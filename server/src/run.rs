//! Running: a server with threads of its own, for callers that know no async.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::options::Options;
use crate::serve::serve;
use crate::source::SnapshotSource;

/// Threads that serve sockets; queries have threads of their own.
const THREADS: usize = 2;

/// Stops a running server, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Notify>);

impl Stop {
    /// Stops the server, or keeps it from starting.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

/// Serves `source` on `listener` until an interrupt, a request to terminate, or `stop`.
///
/// # Errors
/// Threads, signals or the listener cannot be had.
pub fn run(
    listener: TcpListener,
    source: Arc<dyn SnapshotSource>,
    mut options: Options,
    stop: &Stop,
) -> io::Result<()> {
    if let Some(log) = options.log.take() {
        log.start()?;
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()?;
    let served = runtime.block_on(async {
        let interrupted = interrupted()?;
        let shutdown = async {
            tokio::select! {
                () = interrupted => {}
                () = stop.0.notified() => {}
            }
        };
        serve(listener, source, options, shutdown).await
    });
    // A query that is still running has nobody left to answer.
    runtime.shutdown_background();
    served
}

/// Done once the process is asked to end; asked for from here on.
#[cfg(unix)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Done once the process is asked to end; asked for from here on.
#[cfg(not(unix))]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
