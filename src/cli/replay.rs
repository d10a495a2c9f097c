//! `pilotfish replay`: reads captures and serves the answers, also while it reads.
//!
//! **Shape** one thread reads and publishes, the server's threads answer. A snapshot copies what
//! the engine holds, so they are published at growing intervals: each is at most as old as the
//! reading before it took.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ::replay::Replay;
use analyzer::query::view::CoverageView;
use analyzer::query::window::Window;
use anyhow::anyhow;
use clap::{Arg, ArgAction, ArgMatches, Command};
use server::{AllowedHosts, Options, Published, Readiness, Stop};

use crate::cli::inputs;
use crate::cli::output::{coverage_line, say_note, say_warnings};
use crate::cli::progress::{FRAMES, ProgressLine};

/// Its name on the command line.
pub(crate) const NAME: &str = "replay";

const LISTEN: &str = "listen";
const ALLOW_HOST: &str = "allow-host";
const HEADING: &str = "Serving";

/// When the first snapshot of an unfinished read is published.
const FIRST_PUBLISHED: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
Examples:
  pilotfish replay captures/shop
  curl 'http://127.0.0.1:8898/mcp/flows?ns=payments&l4proto=tcp&limit=100'
  pilotfish flows --url http://127.0.0.1:8898 --ns payments
  tcpdump -i any -w - | pilotfish replay - --listen 127.0.0.1:0

Answers cover what was read so far; /readyz says when that is all. Ctrl-C ends it.";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Read captures and serve the answers over HTTP until Ctrl-C")
        .args(inputs::args())
        .arg(inputs::max_connections())
        .arg(
            Arg::new(LISTEN)
                .long(LISTEN)
                .value_name("ADDRESS:PORT")
                .default_value("127.0.0.1:8898")
                .help_heading(HEADING)
                .help("where to serve; port 0 takes a free one"),
        )
        .arg(
            Arg::new(ALLOW_HOST)
                .long(ALLOW_HOST)
                .value_name("NAME")
                .action(ArgAction::Append)
                .help_heading(HEADING)
                .help("name the server may be called by, besides localhost and addresses"),
        )
        .after_help(EXAMPLES)
}

/// Serves until it is asked to end, or the reading fails.
pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let options = options(matches)?;
    let (inputs, settings) = (inputs::inputs(matches)?, inputs::settings(matches));
    let listener = listen(matches)?;
    // Clients wait in the listener's backlog until a pipe shows that it is a capture.
    let replay = Replay::open(&inputs, settings)?;
    say_note(&invitation(listener.local_addr()?))?;
    serve(replay, listener, options)
}

fn serve(mut replay: Replay, listener: TcpListener, options: Options) -> anyhow::Result<()> {
    let published = Arc::new(Published::new(replay.snapshot()));
    let source = Arc::clone(&published);
    // It reads until its captures end or the process does; nothing waits for it.
    thread::Builder::new()
        .name("reader".to_owned())
        .spawn(move || read(replay, &published))?;
    server::run(listener, source, options, &Stop::default())?;
    Ok(())
}

fn options(matches: &ArgMatches) -> anyhow::Result<Options> {
    let names = matches.get_many::<String>(ALLOW_HOST).unwrap_or_default();
    let allowed_hosts =
        AllowedHosts::parse(names).map_err(|error| anyhow!("--{ALLOW_HOST}: {error}"))?;
    Ok(Options {
        allowed_hosts,
        ..Options::default()
    })
}

fn listen(matches: &ArgMatches) -> anyhow::Result<TcpListener> {
    let address = matches.get_one::<String>(LISTEN).map_or("", String::as_str);
    TcpListener::bind(address).map_err(|error| {
        anyhow!(
            "--{LISTEN}: `{address}`: {error}; expected ADDRESS:PORT of this machine that nobody \
             listens on (port 0 takes a free one)"
        )
    })
}

fn invitation(address: SocketAddr) -> String {
    format!("serving on http://{address}; try: curl 'http://{address}/mcp/flows?limit=10'")
}

fn read(mut replay: Replay, published: &Published) {
    let mut progress = ProgressLine::start();
    let mut publish_at = FIRST_PUBLISHED;
    while replay.step(FRAMES) {
        let read = replay.progress();
        progress.show(&read, replay.frames());
        published.set_readiness(Readiness::Reading(server::Progress {
            read_bytes: read.bytes_read,
            total_bytes: read.bytes_total,
        }));
        if progress.elapsed() >= publish_at {
            published.publish(replay.snapshot());
            publish_at = progress.elapsed() * 2;
        }
    }
    progress.clear();
    let snapshot = replay.finish();
    let coverage = snapshot.coverage_view(&Window::default());
    published.publish(snapshot);
    published.set_readiness(Readiness::Ready);
    // Who closed standard error wants to hear nothing.
    drop(say_read(&coverage));
}

/// What was read, as an answer's last line says it.
fn say_read(coverage: &CoverageView) -> io::Result<()> {
    say_warnings(coverage)?;
    say_note(&coverage_line(coverage))
}
