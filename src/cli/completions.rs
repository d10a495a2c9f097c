//! `pilotfish completions`: what a shell needs to complete our options.

use std::io::{self, Write};

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use crate::cli;

/// Its name on the command line.
pub(crate) const NAME: &str = "completions";

const SHELL: &str = "SHELL";

const EXAMPLES: &str = "\
Examples:
  pilotfish completions bash > /etc/bash_completion.d/pilotfish
  pilotfish completions zsh > ~/.zfunc/_pilotfish
  pilotfish completions fish > ~/.config/fish/completions/pilotfish.fish";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Print the completions of a shell")
        .arg(
            Arg::new(SHELL)
                .required(true)
                .value_parser(value_parser!(Shell))
                .help("the shell"),
        )
        .after_help(EXAMPLES)
}

/// Prints the completions of `whole`, the command line.
pub(crate) fn run(matches: &ArgMatches, whole: &mut Command) -> anyhow::Result<()> {
    let Some(shell) = matches.get_one::<Shell>(SHELL) else {
        anyhow::bail!("no shell was named");
    };
    // The generator panics when its writer fails, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(*shell, whole, cli::NAME, &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}
