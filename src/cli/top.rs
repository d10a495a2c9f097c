//! `pilotfish top`: the busiest flows in a terminal, asked for again and again.
//!
//! ```text
//! keys ──► state ──► question ──► asker (a server, or what was read) ──► answer ──► state ──► screen
//! ```
//!
//! **Shape** one thread asks, one draws and reads keys, so that a slow server never holds a key up.
//! State changes by keys and answers alone, and the screen is a function of it.
//! **Errors** what is wrong before the first screen ends it; what a server says later is shown, and
//! it is asked again. However it ends, the terminal is as it was.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{process, thread};

use analyzer::engine::Answers;
use analyzer::query::Operation;
use anyhow::{Context, anyhow, bail};
use clap::{Arg, ArgMatches, Command};
use crossterm::event::{self, Event, KeyEventKind};
use ratatui::DefaultTerminal;

use crate::cli::client::Server;
use crate::cli::parameters::{self, Pair};
use crate::cli::top::asker::{Asker, Source};
use crate::cli::top::state::{Act, State};
use crate::cli::{answer, client, inputs};

mod asker;
mod columns;
mod filter;
mod keys;
mod screen;
mod state;

/// Its name on the command line.
pub(crate) const NAME: &str = "top";

const INTERVAL: &str = "interval";
/// Where `pilotfish live` and `pilotfish replay` serve.
const SERVED: &str = "http://127.0.0.1:8898";
/// What a server is asked for, unless a time is given.
const WINDOW: &str = "1m";
/// The shortest interval.
const LEAST: Duration = Duration::from_millis(100);
/// How long an answer or a signal waits to be seen; keys do not wait.
const LOOK: Duration = Duration::from_millis(100);

const CAPTURES: &str = "\
captures to show instead of a server: a file (pcap or pcapng, also gzip or zstd), a folder, a \
scenario folder, or a pattern such as 'node-*.pcap'";

const EXAMPLES: &str = "\
Examples:
  pilotfish top                                     what `pilotfish live` or `replay` serves here
  pilotfish top --url http://localhost:8898 --ns payments --window 5m
  pilotfish top captures/shop --aggregate workload
  tcpdump -i any -w - | pilotfish replay - &        and then: pilotfish top

Keys: q quit, ↑ ↓ PgUp PgDn Home End scroll, s next order, b bits, p packets, t bytes, \
r handshake time, a level, / filter (as over HTTP: ns=shop port=443), space pause, ? help";

pub(crate) fn command() -> Command {
    let [captures, others @ ..] = inputs::args();
    Command::new(NAME)
        .about("Show the busiest flows in a terminal, refreshed, filtered and sorted by keys")
        .after_help(EXAMPLES)
        .arg(captures.required(false).help(CAPTURES))
        .args(others.map(|arg| arg.requires(inputs::CAPTURE)))
        .arg(inputs::threads().requires(inputs::CAPTURE))
        .arg(answer::url_arg().help(format!(
            "the running server to ask (default {SERVED}, where live and replay serve)"
        )))
        .args(client::args_of_default().map(|arg| arg.conflicts_with(inputs::CAPTURE)))
        .arg(
            Arg::new(INTERVAL)
                .long(INTERVAL)
                .value_name("DURATION")
                .value_parser(interval)
                .default_value("1s")
                .help("how often a server is asked, at least 100ms"),
        )
        .args(flow_args())
}

/// Its keys choose the page, and its columns the fields.
fn flow_args() -> impl Iterator<Item = Arg> {
    let args = parameters::args(Operation::Flows).into_iter();
    args.filter(|arg| !["limit", "offset", "format"].contains(&arg.get_id().as_str()))
        .map(|arg| match arg.get_id().as_str() {
            "window" => arg.help(format!(
                "the last 5m, or as long before `end` or after `start` (default: of a server {WINDOW}, \
                 of captures all)"
            )),
            "sort" => arg.help(
                "bps (default), pps, bytes, rtt, pkts, first_seen or last_seen; the greatest first",
            ),
            _ => arg,
        })
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = analyzer::query::duration(text)?;
    if interval < LEAST {
        return Err(format!("is too short, expected {LEAST:?} or more"));
    }
    Ok(interval)
}

/// Shows flows until a key or a signal ends it.
pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let given = given(matches);
    // What is wrong is refused as it was typed, before anything is read.
    parameters::query(Operation::Flows, &given)?;
    let server = server(matches)?;
    let inputs = inputs::inputs(matches)?;
    if inputs::has_pipe(&inputs) {
        bail!("-: a pipe may never end, expected files; `pilotfish replay -` serves it to `top`");
    }
    if !io::stdout().is_terminal() {
        bail!(
            "standard output is no terminal, expected one; `pilotfish flows` answers the same as a \
             table, JSON or CSV"
        );
    }
    let (place, source) = match server {
        Some(server) => (server.to_string(), Source::Server(Box::new(server))),
        None => {
            let files = inputs
                .captures
                .iter()
                .map(|path| path.display().to_string());
            let place = files.collect::<Vec<_>>().join(" ");
            let snapshot = answer::read_all(&inputs, matches, Answers::Often)?;
            (place, Source::Captures(Box::new(snapshot)))
        }
    };
    let interval = matches.get_one::<Duration>(INTERVAL).copied();
    let asker = Asker::start(source, interval.unwrap_or(LEAST))?;
    let ended = end_on_signal()?;
    let screen = Screen;
    let terminal = ratatui::try_init().context("the terminal cannot be drawn on")?;
    let outcome = show(terminal, State::new(place, given), &asker, &ended);
    drop(screen);
    outcome
}

/// The server to ask, where no captures are given.
fn server(matches: &ArgMatches) -> anyhow::Result<Option<Server>> {
    if matches.contains_id(inputs::CAPTURE) {
        return Ok(None);
    }
    let url = matches.get_one::<String>(answer::URL);
    Server::at(url.map_or(SERVED, String::as_str), matches).map(Some)
}

/// The parameters that were given, with a server's window.
fn given(matches: &ArgMatches) -> Vec<Pair> {
    let mut given = parameters::given(Operation::Flows, matches);
    let is_time = |(name, _): &Pair| ["start", "end", "window"].contains(&name.as_str());
    if !matches.contains_id(inputs::CAPTURE) && !given.iter().any(is_time) {
        given.push(("window".to_owned(), WINDOW.to_owned()));
    }
    given
}

/// Gives the terminal back when it goes out of scope; a panic does so before its message.
struct Screen;

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that went away needs nothing back.
        drop(ratatui::try_restore());
    }
}

/// How long an end from outside may take before the process ends without it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Set when the process is asked to end from outside; Ctrl-C in the terminal is a key.
fn end_on_signal() -> anyhow::Result<Arc<AtomicBool>> {
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    let handler = move || {
        end.store(true, Ordering::Relaxed);
        // A terminal that is gone reads as a keyboard that is never silent: nobody comes back to
        // look at `ended`, and there is nothing to give back.
        thread::sleep(PATIENCE);
        process::exit(0);
    };
    ctrlc::set_handler(handler)
        .map_err(|error| anyhow!("no handler of signals can be set: {error}"))?;
    Ok(ended)
}

fn show(
    mut terminal: DefaultTerminal,
    mut state: State,
    asker: &Asker,
    ended: &AtomicBool,
) -> anyhow::Result<()> {
    asker.ask(state.question())?;
    while !ended.load(Ordering::Relaxed) {
        terminal.draw(|frame| {
            state.set_room(screen::room(frame.area()));
            screen::render(frame, &state);
        })?;
        if event::poll(LOOK).context("the keyboard cannot be read")?
            && let Event::Key(key) = event::read()?
            && key.kind != KeyEventKind::Release
        {
            match state.press(key) {
                Act::Draw => {}
                Act::Ask => asker.ask(state.question())?,
                Act::Quit => break,
            }
        }
        while let Some(reply) = asker.reply()? {
            state.take(reply);
        }
    }
    Ok(())
}
