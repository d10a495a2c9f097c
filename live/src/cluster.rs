//! The cluster, watched: what its API server shows, as changes for the engine.
//!
//! In: the configuration of a client. Out: [`Change`]s over a channel, and the [`Health`] of
//! the watch. One thread with a runtime of its own follows every resource of
//! [`resource::RESOURCES`].
//!
//! **Time** of a change is when it came here; of a pod's addresses, when the pod started.
//! **Errors** none end the watch: a server that is away, says no, or has forgotten where we were is
//! asked again, and what is gone meanwhile is deleted when that is known.

pub mod connection;
pub mod health;
pub mod resource;
pub mod selection;
pub mod source;

mod follow;
mod known;
mod output;
mod shown;
mod trouble;

use std::io;
use std::thread;

use analyzer::cluster::change::Change;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use crate::clock;
use crate::cluster::connection::Connection;
use crate::cluster::follow::Follow;
use crate::cluster::output::Output;
use crate::cluster::resource::RESOURCES;

pub use crate::cluster::health::Health;
pub use crate::cluster::source::ClusterSource;

/// How many events may wait to be read: the API server is read no faster than they are.
const WAITING: usize = 4096;

/// A running watch; it ends when this is dropped.
#[derive(Debug)]
pub struct ClusterWatch {
    health: Health,
    /// Its end ends the watch.
    _running: oneshot::Sender<()>,
}

/// What a watch tells, in order.
#[derive(Debug)]
pub struct ClusterEvents(mpsc::Receiver<Change>);

impl ClusterWatch {
    /// How the watch is.
    #[must_use]
    pub const fn health(&self) -> &Health {
        &self.health
    }
}

impl ClusterEvents {
    /// The next change, if one is there. That the watch has ended is in its [`Health`].
    pub fn try_next(&mut self) -> Option<Change> {
        self.0.try_recv().ok()
    }

    /// The next change, waiting for it; `None` when the watch has ended.
    pub fn next_blocking(&mut self) -> Option<Change> {
        self.0.blocking_recv()
    }
}

/// Begins to watch, in a thread of its own.
///
/// # Errors
/// When the thread can not be started.
pub fn watch(connection: Connection) -> io::Result<(ClusterWatch, ClusterEvents)> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let (running, stopped) = oneshot::channel();
    let health = Health::new(&connection.server);
    let shown = health.clone();
    thread::Builder::new()
        .name("cluster".to_owned())
        .spawn(move || {
            let output = Output::new(sender);
            // Dropped before the channel ends, by a panic too.
            let _told = EndTold(&shown);
            follow_all(connection, &output, &shown, stopped);
        })?;
    let watch = ClusterWatch {
        health,
        _running: running,
    };
    Ok((watch, ClusterEvents(receiver)))
}

/// Tells that the thread ends, however it does.
struct EndTold<'h>(&'h Health);

impl Drop for EndTold<'_> {
    fn drop(&mut self) {
        self.0.ended(clock::now());
    }
}

/// Follows every resource until nobody wants to know.
fn follow_all(
    connection: Connection,
    output: &Output,
    health: &Health,
    stopped: oneshot::Receiver<()>,
) {
    let Connection {
        runtime,
        client,
        listing,
        ..
    } = connection;
    let all = async {
        let follows = RESOURCES.iter().map(|resource| {
            Follow::new(resource, client.clone(), listing, output, health.clone()).run()
        });
        futures::future::join_all(follows).await;
    };
    runtime.block_on(async {
        tokio::select! {
            () = all => {}
            _ = stopped => {}
        }
    });
    end(runtime);
}

/// Does not wait for look-ups of names that hang.
fn end(runtime: Runtime) {
    runtime.shutdown_background();
}

#[cfg(test)]
mod tests;
