//! `pilotfish replay`: reads captures and serves the answers, also while it reads.
//!
//! **Shape** one thread reads, one publishes what was read, the server's threads answer. A snapshot
//! copies what the engine holds while the reading waits, so the next one is made only when ten
//! times as long has passed as the last one took.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use ::replay::{Replay, Watch};
use analyzer::engine::Answers;
use analyzer::query::view::CoverageView;
use analyzer::query::window::Window;
use clap::{ArgMatches, Command};
use server::{Options, Published, Readiness, Stop};

use crate::cli::inputs;
use crate::cli::output::{coverage_line, say_note, say_warnings};
use crate::cli::progress::ProgressLine;
use crate::cli::serving;

/// Its name on the command line.
pub(crate) const NAME: &str = "replay";

/// How often it is looked whether there is more to publish.
const LOOK: Duration = Duration::from_millis(250);
/// A snapshot is not made before this many times as long has passed as the last one took.
const REST: u32 = 10;

const EXAMPLES: &str = "\
Examples:
  pilotfish replay captures/shop
  curl 'http://127.0.0.1:8898/mcp/flows?ns=payments&l4proto=tcp&limit=100'
  pilotfish flows --url http://127.0.0.1:8898 --ns payments
  tcpdump -i any -w - | pilotfish replay - --listen 127.0.0.1:0
  openssl rand -hex 32 > token
  pilotfish replay captures/shop --listen 0.0.0.0:8898 --token-file token
  pilotfish flows --url http://host:8898 --token-file token

Answers cover what was read so far; /readyz says when that is all. Ctrl-C ends it.";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Read captures and serve the answers over HTTP until Ctrl-C")
        .args(inputs::args())
        .arg(inputs::max_connections())
        .args(serving::args())
        .after_help(EXAMPLES)
}

/// Serves until it is asked to end, or the reading fails.
pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let options = serving::options(matches)?;
    let (inputs, settings) = (
        inputs::inputs(matches)?,
        inputs::settings(matches, Answers::Often),
    );
    let listener = serving::listen(matches)?;
    // Clients wait in the listener's backlog until a pipe shows that it is a capture.
    let replay = Replay::open(&inputs, settings)?;
    say_note(&serving::invitation(matches, listener.local_addr()?))?;
    serve(replay, listener, options)
}

fn serve(replay: Replay, listener: TcpListener, options: Options) -> anyhow::Result<()> {
    let source = publish_from(replay)?;
    server::run(listener, source, options, &Stop::as_started())?;
    Ok(())
}

/// Reads on a thread of its own, and publishes what was read.
pub(crate) fn publish_from(mut replay: Replay) -> anyhow::Result<Arc<Published>> {
    let published = Arc::new(Published::new(replay.snapshot()));
    let source = Arc::clone(&published);
    // It reads until its captures end or the process does; nothing waits for it.
    thread::Builder::new()
        .name("reader".to_owned())
        .spawn(move || read(replay, &published))?;
    Ok(source)
}

fn read(replay: Replay, published: &Published) {
    let (mut reading, watch) = replay.share();
    thread::scope(|scope| {
        let (reads, end) = mpsc::channel();
        scope.spawn(move || publish(&watch, published, &end));
        while reading.step() {}
        drop(reads);
    });
    let snapshot = reading.finish();
    let coverage = snapshot.coverage_view(&Window::default());
    published.publish(snapshot);
    published.set_readiness(Readiness::Ready);
    // Who closed standard error wants to hear nothing.
    drop(say_read(&coverage));
}

/// Publishes what was read now and then, until `end`.
fn publish(watch: &Watch, published: &Published, end: &Receiver<()>) {
    let mut progress = ProgressLine::start();
    let (mut frames_published, mut publish_at) = (0, Duration::ZERO);
    while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(LOOK) {
        let (read, frames) = (watch.progress(), watch.frames());
        progress.show(&read, frames);
        published.set_readiness(Readiness::Reading(server::Progress {
            read_bytes: read.bytes_read,
            total_bytes: read.bytes_total,
        }));
        let started = progress.elapsed();
        if frames > frames_published && started >= publish_at {
            published.publish(watch.snapshot());
            frames_published = frames;
            let ended = progress.elapsed();
            publish_at = ended + ended.saturating_sub(started) * REST;
        }
    }
    progress.clear();
}

/// What was read, as an answer's last line says it.
fn say_read(coverage: &CoverageView) -> io::Result<()> {
    say_warnings(coverage)?;
    say_note(&coverage_line(coverage))
}
