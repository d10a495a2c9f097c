//! Serving: a listener's connections to the router, until told to stop.
//!
//! **Shape** every connection is limited in time and their number is limited, so slow or silent
//! clients neither pile up nor keep others out for long. **Time** is the runtime's, for these
//! limits alone; no answer depends on it.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::options::{Limits, Options};
use crate::router::router;
use crate::source::SnapshotSource;

/// The most octets of a request's line and headers.
const HEAD_MAX: usize = 64 * 1024;
/// What is waited after the system refused a connection, as when file descriptors run out.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves `source` on `listener` until `shutdown` is done; then lets the answers under way end.
///
/// # Errors
/// The listener cannot be used. A connection's error is that connection's end and no more.
pub async fn serve(
    listener: std::net::TcpListener,
    source: Arc<dyn SnapshotSource>,
    options: Options,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let (router, limits) = (router(source, &options), options.limits);
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            stream = accept(&listener), if connections.len() < limits.connections => {
                connections.spawn(converse(stream, router.clone(), limits, stopping.clone()));
            }
        }
    }
    drop(listener);
    stop.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    // What has not ended by then is cut when the set is dropped.
    let _ = timeout(limits.stop_time, ended).await;
    Ok(())
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // The client gave up before its turn: the next one may not have.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Answers the requests of one connection.
async fn converse(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
) {
    // Without it small answers wait for the client's acknowledgement; it is no loss if it fails.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => {}
        () = sleep(limits.connection_time) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.last_answer_time, connection).await;
}
