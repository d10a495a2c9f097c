//! A connection: one client's requests, one after the other, and the limits of its time.
//!
//! ```text
//! socket ──► patience with its reader ──► TLS, where there is a certificate ──► HTTP ──► router
//! ```
//!
//! **Time** is the runtime's, for these limits alone; no answer depends on it.

mod crowd;
mod patient;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::connection::crowd::Seat;
use crate::connection::patient::Patient;
use crate::held::hold;
use crate::options::Limits;

pub(crate) use crate::connection::crowd::Crowd;

/// The most octets of a request's line and headers.
const HEAD_MAX: usize = 64 * 1024;

/// Who is at the other end of the connection of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What all connections have in common.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) router: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) limits: Limits,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) crowd: Arc<Crowd>,
}

/// Answers the requests of one connection, until it ends or has to give way.
pub(crate) async fn converse(stream: TcpStream, peer: Peer, terms: Terms) {
    // Without it small answers wait for the client's acknowledgement; it is no loss if it fails.
    let _ = stream.set_nodelay(true);
    let seat = terms.crowd.sit();
    let stream = Patient::new(stream, terms.limits.write_time);
    let conversation = async {
        match &terms.tls {
            None => answer(stream, peer, &seat, &terms).await,
            Some(tls) => {
                let shaken = timeout(terms.limits.header_time, tls.accept(stream)).await;
                if let Ok(Ok(stream)) = shaken {
                    answer(stream, peer, &seat, &terms).await;
                }
            }
        }
    };
    tokio::select! {
        () = conversation => {}
        () = seat.dismissed() => {}
    }
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Peer,
    seat: &Seat,
    terms: &Terms,
) {
    let router = TowerToHyperService::new(terms.router.clone());
    let service = service_fn(|request: Request<Incoming>| {
        let busy = seat.busy();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let response = router.call(request);
        async move {
            let Ok(response) = response.await;
            Ok::<_, Infallible>(response.map(|body| hold(body, busy)))
        }
    });
    let limits = terms.limits;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut stopping = terms.stopping.clone();
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => {}
        () = sleep(limits.connection_time) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.last_answer_time, connection).await;
}
