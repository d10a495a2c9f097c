//! The command line: arguments to one of the subcommands, its result to an exit code.
//!
//! ```text
//! arguments ──► command ──► subcommand ──► answer (from captures or a server) ──► output
//! ```
//!
//! **Errors** one line on standard error, `pilotfish: error: …`. Exit codes: 0 done, 1 a
//! difference was found, 2 could not run. A reader that went away is no error.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use analyzer::query::Operation;
use clap::{ArgMatches, Command};

use crate::cli::output::text;

mod answer;
mod assert;
#[cfg(target_os = "linux")]
mod capturing;
mod client;
mod color;
mod completions;
mod connections;
mod dependencies;
mod diff;
#[cfg(target_os = "linux")]
mod entering;
mod flows;
mod inputs;
mod interrupt;
#[cfg(target_os = "linux")]
mod live;
mod mcp;
mod output;
mod parameters;
mod progress;
#[cfg(target_os = "linux")]
mod quantity;
mod question;
#[cfg(target_os = "linux")]
mod record;
mod replay;
mod report;
mod serving;
mod summary;
mod top;
mod units;
mod usage;
mod verify;
mod workloads;

/// The name by which it is called.
const NAME: &str = "pilotfish";

/// What a command that could not run exits with; clap exits with the same on wrong usage.
const COULD_NOT_RUN: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  pilotfish flows captures/shop                      who talks to whom in a scenario folder
  pilotfish flows node.pcap --cluster cluster.yaml   a capture, with the cluster's objects
  tcpdump -i any -w - | pilotfish summary -          a pipe
  pilotfish replay captures/shop                     serve the answers over HTTP
  pilotfish live                                     capture here, and serve the answers
  pilotfish flows --url http://127.0.0.1:8898 --ns payments
  pilotfish top                                      the busiest flows of what is served here
  claude mcp add pilotfish -- pilotfish mcp captures/shop

The cluster's objects:
  kubectl get pods,services,endpointslices,nodes,namespaces,replicasets -A -o yaml > cluster.yaml

Exit codes: 0 done, 1 a difference was found, 2 could not run.";

/// Runs the command that the process was called with.
pub(crate) fn main() -> ExitCode {
    let arguments = arguments();
    let outcome = match command().try_get_matches_from(&arguments) {
        Ok(matches) => run(&matches),
        Err(error) => match usage::refusal(&error, &arguments) {
            Some(refusal) => Err(refusal),
            None => say_usage(&usage::with_tip(error, &arguments)),
        },
    };
    match outcome {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Called alone, it teaches.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.len() < 2 {
        arguments = vec![NAME.into(), "--help".into()];
    }
    arguments
}

/// The whole command line, as help, errors and completions see it.
fn command() -> Command {
    Command::new(NAME)
        .version(clap::crate_version!())
        .about("Who talks to whom in a Kubernetes cluster, from packets")
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .max_term_width(100)
        .arg(color::arg())
        .subcommands(servers())
        .subcommands(Operation::ALL.map(subcommand))
        .subcommand(mcp::command())
        .subcommands([verify::command(), assert::command(), completions::command()])
}

/// What serves answers, records or shows them, for as long as it runs.
fn servers() -> Vec<Command> {
    vec![
        #[cfg(target_os = "linux")]
        live::command(),
        #[cfg(target_os = "linux")]
        record::command(),
        #[cfg(target_os = "linux")]
        entering::command(),
        replay::command(),
        top::command(),
    ]
}

/// The subcommand of an operation.
fn subcommand(operation: Operation) -> Command {
    match operation {
        // It has two sides.
        Operation::Diff => diff::command(),
        Operation::Flows
        | Operation::Summary
        | Operation::Connections
        | Operation::Workloads
        | Operation::Dependencies => question::command(operation),
    }
}

fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    color::choose(matches);
    match matches.subcommand() {
        #[cfg(target_os = "linux")]
        Some((live::NAME, matches)) => live::run(matches)?,
        #[cfg(target_os = "linux")]
        Some((record::NAME, matches)) => record::run(matches)?,
        #[cfg(target_os = "linux")]
        Some((entering::NAME, _)) => entering::run()?,
        Some((replay::NAME, matches)) => replay::run(matches)?,
        Some((top::NAME, matches)) => top::run(matches)?,
        Some((mcp::NAME, matches)) => mcp::run(matches)?,
        Some((verify::NAME, matches)) => return verify::run(matches),
        Some((assert::NAME, matches)) => return assert::run(matches),
        Some((completions::NAME, matches)) => completions::run(matches, &mut command())?,
        Some((name, matches)) => match Operation::named(name) {
            Some(Operation::Diff) => return diff::run(matches),
            Some(operation) => question::run(operation, matches)?,
            None => anyhow::bail!("no such command, expected one of those that --help lists"),
        },
        None => anyhow::bail!("no command, expected one of those that --help lists"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints help and version to standard output, and what is wrong to standard error.
fn say_usage(error: &clap::Error) -> anyhow::Result<ExitCode> {
    let text = error.render();
    if error.use_stderr() {
        // Where it is closed, the exit code is all that is left to say.
        let _ = write!(anstream::stderr(), "{NAME}: {}", text.ansi());
        return Ok(ExitCode::from(COULD_NOT_RUN));
    }
    let mut stdout = anstream::stdout();
    write!(stdout, "{}", text.ansi())?;
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let (red, plain) = (color::ERROR, color::ERROR.render_reset());
    let message = format!("{error:#}");
    // Where standard error is closed as well, the exit code is all that is left to say.
    let _ = writeln!(
        anstream::stderr(),
        "{NAME}: {red}error{plain}: {}",
        text::printable(&message)
    );
    ExitCode::from(COULD_NOT_RUN)
}

/// Whether the reader of our output went away, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }
}
