//! `pilotfish enter-namespaces`: the opener that `--in-pod-namespaces` starts, and nobody else.
//!
//! **Shape** it is a command, and not a fork, so that nothing of the process that reads packets is
//! in the one that keeps privileges.

use clap::Command;

/// Its name on the command line.
pub(crate) const NAME: &str = "enter-namespaces";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Open sockets in pods' network namespaces, for --in-pod-namespaces")
        .hide(true)
}

/// Works until nobody wants it any more.
pub(crate) fn run() -> anyhow::Result<()> {
    Ok(::live::namespaces::run()?)
}
