//! Running: a server with threads of its own, for callers that know no async.

use std::fs;
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
pub struct Stop {
    told: Arc<Notify>,
    hangup: Hangup,
}

/// What the end of the terminal does to a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Hangup {
    /// It ends it, as an interrupt does.
    #[default]
    Ends,
    /// Nothing: whoever started it said so, as `nohup` does.
    Ignored,
}

impl Stop {
    /// As the process was started. To be called before it gives up reading what the system knows
    /// of it.
    #[must_use]
    pub fn as_started() -> Self {
        let status = fs::read_to_string("/proc/self/status");
        Self {
            told: Arc::default(),
            hangup: status.map_or_else(|_| Hangup::default(), |status| hangup(&status)),
        }
    }

    /// Stops the server, or keeps it from starting.
    pub fn stop(&self) {
        self.told.notify_one();
    }
}

/// What a process does at the end of its terminal, by its status: the lowest bit of the signals
/// that it ignores.
fn hangup(status: &str) -> Hangup {
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    if ignored.is_some_and(|set| set & 1 == 1) {
        Hangup::Ignored
    } else {
        Hangup::Ends
    }
}

/// Serves `source` on `listener` until an interrupt, a request to terminate, the end of the
/// terminal, or `stop`.
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
        let interrupted = interrupted(stop.hangup)?;
        let shutdown = async {
            tokio::select! {
                () = interrupted => {}
                () = stop.told.notified() => {}
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
fn interrupted(hangup: Hangup) -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hung_up = match hangup {
        Hangup::Ends => Some(signal(SignalKind::hangup())?),
        Hangup::Ignored => None,
    };
    Ok(async move {
        let hung_up = async {
            match &mut hung_up {
                Some(hung_up) => hung_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hung_up => {}
        }
    })
}

/// Done once the process is asked to end; asked for from here on.
#[cfg(not(unix))]
fn interrupted(_: Hangup) -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_terminal_is_nothing_to_who_was_started_to_ignore_it() {
        for (set, expected) in [
            ("0000000000000001", Hangup::Ignored),
            ("0000000000001000", Hangup::Ends),
            ("0000000000001001", Hangup::Ignored),
            ("", Hangup::Ends),
        ] {
            let status = format!("Name:\tpilotfish\nSigIgn:\t{set}\nSigCgt:\t1\n");
            assert_eq!(hangup(&status), expected, "{set}");
        }
        assert_eq!(hangup("Name:\tpilotfish\n"), Hangup::Ends);
    }
}
