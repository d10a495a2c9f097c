//! `pilotfish verify`: the answers of recorded scenarios, against those that were accepted.

use std::process::ExitCode;

use analyzer::engine::Answers;
use clap::{Arg, ArgAction, ArgMatches, Command};
use verify::expect::{self, Mode};
use verify::parallel;
use verify::report::Report;

use crate::cli::inputs;
use crate::cli::report;

/// Its name on the command line.
pub(crate) const NAME: &str = "verify";

const UPDATE: &str = "update";
const NEW: &str = "new";
const DIFF: &str = "diff";

const EXAMPLES: &str = "\
Examples:
  pilotfish verify --new incident-42        accept what a scenario answers now
  pilotfish verify incident-42              has anything changed?
  pilotfish verify --update incident-42     accept what changed
  pilotfish verify scenarios/* --format junit > report.xml
  pilotfish verify scenarios/* --format github --summary \"$GITHUB_STEP_SUMMARY\"

A scenario is a folder: captures, the cluster's objects (cluster.yaml), and in expect/ what is asked \
(queries.yaml) and the accepted answers. A difference leaves NAME.snap.new beside the answer, for \
`cargo insta review` as well.

Exit codes: 0 the same, 1 something differs, 2 something could not be checked.";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Check the answers of recorded scenarios against those that were accepted")
        .arg(report::scenarios_arg())
        .arg(
            Arg::new(UPDATE)
                .long(UPDATE)
                .action(ArgAction::SetTrue)
                .conflicts_with(NEW)
                .help("accept what differs, and say what that is"),
        )
        .arg(
            Arg::new(NEW)
                .long(NEW)
                .action(ArgAction::SetTrue)
                .help("write a first expect/: flows, summary, dependencies and coverage"),
        )
        .arg(
            Arg::new(DIFF)
                .long(DIFF)
                .action(ArgAction::SetTrue)
                .help("show the differing lines of the answers, too"),
        )
        .args(report::args())
        .arg(inputs::max_connections())
        .after_help(EXAMPLES)
}

pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let mode = match (matches.get_flag(UPDATE), matches.get_flag(NEW)) {
        (true, _) => Mode::Update,
        (false, true) => Mode::New,
        (false, false) => Mode::Compare,
    };
    let settings = inputs::settings(matches, Answers::Often);
    let scenarios = report::scenarios(matches);
    let report = Report {
        scenarios: parallel::in_order(&scenarios, |folder| expect::verify(folder, mode, &settings)),
    };
    report::print(&report, matches, NAME, matches.get_flag(DIFF))
}
