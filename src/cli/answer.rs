//! Answers: from captures that are read now, or from a server that has read them.

use std::num::NonZeroUsize;

use analyzer::engine::{Answers, Settings};
use analyzer::query::{self, Answer};
use analyzer::snapshot::Snapshot;
use clap::{Arg, ArgMatches, ValueHint};
use replay::{Replay, ReplayInputs};

use crate::cli::client::Server;
use crate::cli::output::Output;
use crate::cli::progress::{FRAMES, ProgressLine};
use crate::cli::question::Question;
use crate::cli::{client, inputs, interrupt, parameters};

/// The limit that leaves no row out.
pub(crate) const ALL: &str = "all";

/// A running server's address.
pub(crate) const URL: &str = "url";

/// An answer, in the form in which it came.
pub(crate) enum Reply {
    /// As values.
    Answer(Box<Answer>),
    /// As a server's body, for who wants just that.
    Body(Vec<u8>),
}

impl Reply {
    fn of(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }
}

/// `--url`, instead of captures.
pub(crate) fn url_arg() -> Arg {
    Arg::new(URL)
        .long(URL)
        .value_name("URL")
        .value_hint(ValueHint::Url)
        .conflicts_with_all(inputs::IDS)
        .help("ask a running server instead, such as http://127.0.0.1:8898")
}

/// `--url`, beside captures.
pub(crate) fn url_arg_beside_captures() -> Arg {
    Arg::new(URL)
        .long(URL)
        .value_name("URL")
        .value_hint(ValueHint::Url)
        .help("a running server as the second side, or as both, such as http://127.0.0.1:8898")
}

/// Answers `question`.
pub(crate) fn get(question: &Question, matches: &ArgMatches) -> anyhow::Result<Reply> {
    if let Some(server) = Server::named(matches)? {
        return match question.output {
            Output::Json if client::rows_in_pages(question).is_none() => {
                client::body(&server, question).map(Reply::Body)
            }
            Output::Json
            | Output::Table
            | Output::Wide
            | Output::Jsonl
            | Output::Csv
            | Output::Mermaid
            | Output::Dot => client::answer(&server, question).map(Reply::of),
        };
    }
    let query = question.query()?;
    let snapshot = read_all(&inputs::inputs(matches)?, matches, Answers::Once)?;
    let answer = query::run(&snapshot, question.operation, &query)
        .map_err(|error| parameters::refused(&error))?;
    // The process ends with this answer: to free a million flows one by one would only take time.
    std::mem::forget(snapshot);
    Ok(Reply::of(answer))
}

/// Reads captures to their end, or a pipe until it is interrupted.
pub(crate) fn read_all(
    inputs: &ReplayInputs,
    matches: &ArgMatches,
    answers: Answers,
) -> anyhow::Result<Snapshot> {
    let settings = inputs::settings(matches, answers);
    if inputs::has_pipe(inputs) {
        Ok(interrupt::read(inputs, settings)?)
    } else {
        read(inputs, settings, inputs::reading_threads(matches))
    }
}

/// Reads captures to their end, and shows how far it is when that takes long.
fn read(
    inputs: &ReplayInputs,
    settings: Settings,
    threads: NonZeroUsize,
) -> anyhow::Result<Snapshot> {
    let mut replay = Replay::open(inputs, settings)?;
    replay.set_threads(threads);
    let mut progress = ProgressLine::start();
    while replay.step(FRAMES) {
        progress.show(&replay.progress(), replay.frames());
    }
    progress.clear();
    Ok(replay.finish())
}
