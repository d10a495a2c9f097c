//! Serving: a listener's connections to the router, until told to stop.
//!
//! **Shape** every connection is limited in time and their number is limited: when it is reached,
//! idle ones give way to new ones, so slow or silent clients neither pile up nor keep others out.
//! **Time** is the runtime's, for these limits alone; no answer depends on it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::connection::{Peer, Terms, converse};
use crate::options::Options;
use crate::reload::reload;
use crate::router::router;
use crate::source::SnapshotSource;
use crate::tls::TlsFiles;

/// What is waited after the system refused a connection, as when file descriptors run out.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves `source` on `listener` until `shutdown` is done; then lets the answers under way end.
///
/// # Errors
/// The listener or the certificate cannot be used. A connection's error is that connection's end
/// and no more.
pub async fn serve(
    listener: std::net::TcpListener,
    source: Arc<dyn SnapshotSource>,
    options: Options,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let (stop, stopping) = watch::channel(false);
    let tls = options.tls.as_ref().map(TlsFiles::acceptor);
    let terms = Terms {
        router: router(source, &options),
        tls: tls.transpose().map_err(io::Error::other)?,
        limits: options.limits,
        stopping,
        crowd: Arc::default(),
    };
    let reloading = tokio::spawn(reload(options));
    let mut connections = JoinSet::new();
    tokio::select! {
        () = shutdown => {}
        () = take_in(&listener, &terms, &mut connections) => {}
    }
    drop(listener);
    reloading.abort();
    stop.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    // What has not ended by then is cut when the set is dropped.
    let _ = timeout(terms.limits.stop_time, ended).await;
    Ok(())
}

/// Takes connections in, for ever.
async fn take_in(listener: &TcpListener, terms: &Terms, connections: &mut JoinSet<()>) {
    let crowd = &terms.crowd;
    // Whoever comes while there is no room, until there is.
    let mut waiting = None;
    loop {
        if connections.len() < terms.limits.connections
            && let Some((stream, peer)) = waiting.take()
        {
            connections.spawn(converse(stream, peer, terms.clone()));
        }
        tokio::select! {
            Some(_) = connections.join_next() => {}
            () = crowd.became_idle(), if waiting.is_some() => crowd.dismiss(),
            taken = accept(listener), if waiting.is_none() => {
                if connections.len() >= terms.limits.connections {
                    crowd.dismiss();
                }
                waiting = Some(taken);
            }
        }
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, Peer) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, Peer(address)),
            // The client gave up before its turn: the next one may not have.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => sleep(PAUSE).await,
        }
    }
}
