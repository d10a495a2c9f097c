//! `pilotfish live`: captures on this node, follows its cluster, and serves the answers.
//!
//! **Shape** privileges and files are opened, then given up, and only then threads begin: one reads
//! frames, the server's answer. A snapshot is made when somebody asks.

use std::sync::Arc;

use ::live::confine::confine;
use ::live::session::Watch;
use analyzer::query::window::Window;
use analyzer::snapshot::Snapshot;
use clap::{ArgMatches, Command};
use server::{Readiness, SnapshotSource, Stop};

use crate::cli::output::{coverage_line, say_note, say_warnings};
use crate::cli::{capturing, serving};

/// Its name on the command line.
pub(crate) const NAME: &str = "live";

const EXAMPLES: &str = "\
Examples:
  pilotfish live                                   this machine, with or without a cluster
  pilotfish flows --url http://127.0.0.1:8898      in another terminal: the last five minutes
  pilotfish flows --url http://127.0.0.1:8898 --window 1h --ns payments
  pilotfish live --node node-1 --cluster cluster.yaml
  pilotfish live --listen 0.0.0.0:8898 --token-file token --tls-cert tls.crt --tls-key tls.key

It needs CAP_NET_RAW while it opens the capture, and no privilege afterwards; with
--in-pod-namespaces also CAP_SYS_ADMIN and CAP_SYS_PTRACE, which a process beside it keeps.
Ctrl-C ends it.";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Capture on this node and serve the answers over HTTP until Ctrl-C")
        .args(capturing::args())
        .args(serving::args())
        .after_help(EXAMPLES)
}

/// Captures and serves until it is asked to end, or the kernel gives the capture up.
pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let options = serving::options(matches)?;
    let listener = serving::listen(matches)?;
    let address = listener.local_addr()?;
    let mut capturing = capturing::open(matches, address)?;
    let stop = Stop::as_started();
    for note in &capturing.notes {
        say_note(note)?;
    }
    capturing.needs.read.extend(serving::read_again(matches));
    let held = confine(&capturing.needs)?;
    say_note(&format!("confined: {held}"))?;
    let stopping = stop.clone();
    let (watch, running) = capturing.session.start(move || stopping.stop())?;
    say_note(&serving::invitation(matches, address))?;
    let served = server::run(listener, Arc::new(Node(watch)), options, &stop);
    let ended = running.stop()?;
    let coverage = ended.snapshot.coverage_view(&Window::default());
    say_warnings(&coverage)?;
    say_note(&coverage_line(&coverage))?;
    // A capture that failed also ends the server: it is the first cause.
    ended.failure.map_or(Ok(()), Err)?;
    Ok(served?)
}

/// A node's session, as the server sees it.
struct Node(Watch);

impl SnapshotSource for Node {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot()
    }

    fn readiness(&self) -> Readiness {
        if self.0.goes_on() {
            return Readiness::Ready;
        }
        // Until the server has stopped, for which it is told at the same time.
        Readiness::Failed("the capture has ended".to_owned())
    }
}
