//! `pilotfish diff`: what is different between two captures, or two windows of one.
//!
//! **Shape** each side is a graph by workload: of a capture that is read now, or of what a running
//! server answers. Two windows of a server are its own answer.

use std::path::Path;
use std::process::ExitCode;

use analyzer::engine::Answers;
use analyzer::query::diff::{Graph, Side, diff};
use analyzer::query::view::diff::DiffView;
use analyzer::query::{Answer, Level, Operation, Query};
use anyhow::bail;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use replay::ReplayInputs;

use crate::cli::answer::{self, ALL};
use crate::cli::client::Server;
use crate::cli::output::Output;
use crate::cli::parameters::{self, Pair};
use crate::cli::question::Question;
use crate::cli::report::{self, DIFFERENCE};
use crate::cli::{client, inputs};

mod markdown;
mod text;
mod words;

pub(crate) use crate::cli::diff::text::page;

const OPERATION: Operation = Operation::Diff;

const FORMAT: &str = "format";
const FORMATS: [&str; 3] = ["text", "json", "markdown"];

/// Parameters that say what is compared, and not which flows are.
const OF_COMPARISON: [&str; 8] = [
    "a_window",
    "b_window",
    "volume",
    "rate",
    "handshake",
    "failures",
    "limit",
    "offset",
];

/// Calls that are worth making.
pub(crate) const EXAMPLES: &str = "\
Examples:
  pilotfish diff before after                              two scenario folders, or two captures
  pilotfish diff captures/shop --a-window 0s/30s --b-window 30s/
  pilotfish diff baseline --url http://127.0.0.1:8898      a capture against a running server
  pilotfish diff --url http://127.0.0.1:8898 --a-window -10m/-5m --b-window -5m/
  pilotfish diff before after --ns payments --volume 50% --format markdown

A side is compared by workload, so pods and addresses may be others (--level pod compares pods).

Exit codes: 0 nothing differs, 1 something does, 2 could not run.";

pub(crate) fn command() -> Command {
    let [captures, others @ ..] = inputs::args();
    let captures: Arg = captures
        .num_args(0..=2)
        .required(false)
        .required_unless_present(answer::URL)
        .value_names(["A", "B"])
        .help("one or two captures: files, folders or scenario folders, or - for standard input");
    Command::new(OPERATION.name())
        .about("Show what is different between two captures, or two windows of one")
        .arg(captures)
        .args(others)
        .arg(inputs::threads())
        .arg(inputs::max_connections())
        .arg(answer::url_arg_beside_captures())
        .args(client::args())
        .arg(
            Arg::new(FORMAT)
                .long(FORMAT)
                .value_name("FORMAT")
                .value_parser(PossibleValuesParser::new(FORMATS))
                .default_value("text")
                .hide_possible_values(true)
                .help("form of the answer: text, json, as over HTTP, or markdown"),
        )
        .arg(report::summary_arg())
        .args(parameters::args(OPERATION))
        .after_help(EXAMPLES)
}

pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let given = parameters::given(OPERATION, matches);
    let mut asked = given.clone();
    if !given.iter().any(|(name, _)| name == "limit") {
        asked.push(("limit".to_owned(), ALL.to_owned()));
    }
    let query = parameters::query(OPERATION, &asked)?;
    let view = compared(matches, &given, &asked, &query)?;
    let text = match matches.get_one::<String>(FORMAT).map(String::as_str) {
        Some("json") => serde_json::to_string(&view)? + "\n",
        Some("markdown") => markdown::page(&view),
        Some(_) | None => page(&view),
    };
    report::write(&text)?;
    report::add_summary(matches, || markdown::page(&view))?;
    Ok(if view.total == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DIFFERENCE)
    })
}

/// `given` are the parameters as they were typed, `asked` those with what goes without saying.
fn compared(
    matches: &ArgMatches,
    given: &[Pair],
    asked: &[Pair],
    query: &Query,
) -> anyhow::Result<DiffView> {
    let inputs = inputs::inputs(matches)?;
    let server = Server::named(matches)?;
    let b = query.comparison.b;
    let (a, b) = match (inputs.captures.as_slice(), &server, b) {
        ([one, other], None, _) => (
            graph(matches, &inputs, one, query, Side::A)?,
            graph(matches, &inputs, other, query, Side::B)?,
        ),
        ([one], None, _) => {
            let snapshot = answer::read_all(&of(&inputs, one), matches, Answers::Once)?;
            return diff(&snapshot, query).map_err(|error| parameters::refused(&error));
        }
        ([one], Some(server), None) => (
            graph(matches, &inputs, one, query, Side::A)?,
            of_server(server, given, query.level)?,
        ),
        ([], Some(server), _) => return windows_of_server(server, given, asked),
        ([_], Some(_), Some(_)) => bail!(
            "--b-window: a server is compared as it answers now, expected --a-window alone, or no \
             capture"
        ),
        _ => bail!("expected two captures, or one and a server with --url"),
    };
    Ok(a.compare(b, &query.comparison.thresholds, query.page))
}

/// The graph of a capture.
fn graph(
    matches: &ArgMatches,
    inputs: &ReplayInputs,
    capture: &Path,
    query: &Query,
    side: Side,
) -> anyhow::Result<Graph> {
    let snapshot = answer::read_all(&of(inputs, capture), matches, Answers::Once)?;
    Graph::of_snapshot(&snapshot, query, side).map_err(|error| parameters::refused(&error))
}

/// The inputs with one capture alone.
fn of(inputs: &ReplayInputs, capture: &Path) -> ReplayInputs {
    ReplayInputs {
        captures: vec![capture.to_owned()],
        ..inputs.clone()
    }
}

/// The graph that a server answers.
fn of_server(server: &Server, given: &[Pair], level: Level) -> anyhow::Result<Graph> {
    let filters = given
        .iter()
        .filter(|(name, _)| !OF_COMPARISON.contains(&name.as_str()));
    let filters: Vec<Pair> = filters.cloned().collect();
    let Answer::Dependencies(view) = ask(server, Operation::Dependencies, filters.clone())? else {
        bail!("{server}: no graph came");
    };
    let mut graph = Graph::of_edges(&view.edges, view.coverage);
    let filters = filters.into_iter().filter(|(name, _)| name != "level");
    match ask(server, Operation::Connections, filters.collect()) {
        Ok(Answer::Connections(view)) if view.connections.is_empty() => {}
        Ok(Answer::Connections(view)) => graph.count_connections(&view.connections, level),
        Ok(_) => bail!("{server}: no connections came"),
        // Edges are compared without them, too.
        Err(error) => graph.warn(format!("failed connections are not compared: {error}")),
    }
    Ok(graph)
}

fn windows_of_server(server: &Server, given: &[Pair], asked: &[Pair]) -> anyhow::Result<DiffView> {
    let question = Question {
        operation: OPERATION,
        given: given.to_vec(),
        asked: asked.to_vec(),
        output: Output::Json,
    };
    let Answer::Diff(view) = client::answer(server, &question)? else {
        bail!("{server}: no difference came");
    };
    Ok(view)
}

fn ask(server: &Server, operation: Operation, mut asked: Vec<Pair>) -> anyhow::Result<Answer> {
    asked.push(("limit".to_owned(), ALL.to_owned()));
    let question = Question {
        operation,
        given: asked.clone(),
        asked,
        output: Output::Json,
    };
    client::answer(server, &question)
}
