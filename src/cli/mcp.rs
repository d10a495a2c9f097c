//! `pilotfish mcp`: the tools of a model, on standard streams.
//!
//! **Shape** standard output carries the protocol alone; whatever else there is to say goes to
//! standard error.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use ::replay::Replay;
use analyzer::engine::Answers;
use analyzer::query::Operation;
use anyhow::bail;
use clap::{Arg, ArgAction, ArgMatches, Command};
use server::{Limits, McpSource, run_mcp};

use crate::cli::mcp::elsewhere::Elsewhere;
use crate::cli::output::named;
use crate::cli::{answer, client, inputs, replay, serving};

mod config;
mod elsewhere;

/// Its name on the command line.
pub(crate) const NAME: &str = "mcp";

const PRINT_CONFIG: &str = "print-config";
const LIST_TOOLS: &str = "list-tools";
const HEADING: &str = "Instead of serving";

const EXAMPLES: &str = "\
Examples:
  claude mcp add pilotfish -- pilotfish mcp captures/shop
  claude mcp add pilotfish -- pilotfish mcp --url http://127.0.0.1:8898
  pilotfish mcp captures/shop --print-config
  pilotfish mcp --print-config      for `pilotfish live` or `replay` on this machine
  pilotfish mcp --list-tools

A client starts it and speaks with it on its standard streams; it ends when they are closed. A \
server that runs speaks the same protocol at /mcp.";

pub(crate) fn command() -> Command {
    let [captures, others @ ..] = inputs::args();
    let needed = captures.required(false).required_unless_present_any([
        answer::URL,
        LIST_TOOLS,
        PRINT_CONFIG,
    ]);
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help_heading(HEADING)
            .help(help)
    };
    Command::new(NAME)
        .about("Answer an AI agent over the Model Context Protocol, on standard streams")
        .arg(needed)
        .args(others)
        .arg(inputs::max_connections().conflicts_with(answer::URL))
        .arg(answer::url_arg())
        .args(client::args())
        .arg(flag(
            PRINT_CONFIG,
            "print the entries that Claude Code, Cursor and VS Code need for it; for a server here \
             where nothing is named",
        ))
        .arg(flag(LIST_TOOLS, "print the tools and what they are for").conflicts_with(PRINT_CONFIG))
        .after_help(EXAMPLES)
}

/// Answers until the client closes standard input.
pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    if matches.get_flag(LIST_TOOLS) {
        return say(&tools());
    }
    let server = client::Server::named(matches)?;
    if matches.get_flag(PRINT_CONFIG) {
        let is_named = server.is_some() || !inputs::inputs(matches)?.captures.is_empty();
        let local = || client::Server::at(&format!("http://{}", serving::LOCAL), matches);
        let server = if is_named { server } else { Some(local()?) };
        return say(&config::entries(server.as_ref())?);
    }
    let source = match server {
        Some(server) => McpSource::Elsewhere(Arc::new(Elsewhere(server))),
        None => snapshots(matches)?,
    };
    Ok(run_mcp(source, Limits::default())?)
}

/// Captures that are read while the first questions come.
fn snapshots(matches: &ArgMatches) -> anyhow::Result<McpSource> {
    let (inputs, settings) = (
        inputs::inputs(matches)?,
        inputs::settings(matches, Answers::Often),
    );
    let files = inputs.captures.iter().chain(&inputs.cluster);
    if files.into_iter().any(|path| path == Path::new("-")) {
        bail!("-: standard input carries the protocol, expected a file");
    }
    let published = replay::publish_from(Replay::open(&inputs, settings)?)?;
    Ok(McpSource::Snapshots(published))
}

/// The tools, each with its description.
fn tools() -> String {
    let tool = |operation: Operation| {
        let facts = operation.facts();
        format!("{}\n  {}. {}\n", facts.tool, facts.about, facts.guide)
    };
    Operation::ALL.map(tool).join("\n")
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    written.and_then(|()| stdout.flush()).map_err(named)
}
