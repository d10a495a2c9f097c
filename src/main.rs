//! `pilotfish`: who talks to whom in a Kubernetes cluster, from packets.

use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    cli::main()
}
