//! `pilotfish assert`: rules over the flows of recorded scenarios.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PathBufValueParser;
use clap::{Arg, ArgMatches, Command, ValueHint};
use verify::parallel;
use verify::report::Report;
use verify::rules::{self, Rule, assertion};

use crate::cli::inputs;
use crate::cli::report;

/// Its name on the command line.
pub(crate) const NAME: &str = "assert";

const RULES: &str = "rules";

const EXAMPLES: &str = "\
Examples:
  pilotfish assert captures/shop --rules rules.yaml
  pilotfish assert scenarios/*                       the rules.yaml in each of them

Rules are in Common Expression Language, over the fields of a flow as `flows -o json --format full` \
shows them:
  rules:
    - name: only the cart talks to redis
      forbid: server.svc == \"redis\" && client.workload.name != \"cart\"
    - name: checkout reaches payments
      require: client.workload.name == \"checkout\" && server.svc == \"payment-service\"
      min_connections: 1
    - name: nothing leaves the cluster but to the payment provider
      forbid: server.kind == \"external\" && !server.dns.exists(n, n.endsWith(\".pay.example\"))

Every field exists: unknown text is \"\", and a comparison with an unknown number is false.

Exit codes: 0 all rules hold, 1 one is broken, 2 something could not be checked.";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Check rules over the flows of recorded scenarios")
        .arg(report::scenarios_arg())
        .arg(
            Arg::new(RULES)
                .long(RULES)
                .value_name("FILE")
                .value_parser(PathBufValueParser::new())
                .value_hint(ValueHint::FilePath)
                .help("the rules, for all scenarios; without, the rules.yaml of each"),
        )
        .args(report::args())
        .after_help(EXAMPLES)
}

pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let scenarios = report::scenarios(matches);
    let shared = match matches.get_one::<PathBuf>(RULES) {
        Some(file) => Some((file.clone(), Ok(rules::read(file)?))),
        None => None,
    };
    // All rules are read before the first capture is. What is wrong with a scenario's own is a
    // failure of that scenario alone, as whatever else is wrong with it.
    let rules: BTreeMap<&Path, RulesOf> = scenarios
        .iter()
        .map(|folder| {
            let rules = shared.clone().unwrap_or_else(|| own_rules(folder));
            (folder.as_path(), rules)
        })
        .collect();
    let settings = inputs::default_settings();
    let check = |folder: &Path| {
        let read = rules.get(folder).cloned();
        let (file, rules) = read.unwrap_or_else(|| own_rules(folder));
        let rules = rules.as_deref().map_err(String::as_str);
        assertion::assert(folder, rules, &file, &settings)
    };
    let report = Report {
        scenarios: parallel::in_order(&scenarios, check),
    };
    report::print(&report, matches, NAME, false)
}

/// Where rules are, and the rules, or what is wrong with them.
type RulesOf = (PathBuf, Result<Vec<Rule>, String>);

/// The rules of a scenario.
fn own_rules(folder: &Path) -> RulesOf {
    let file = folder.join(rules::FILE);
    let rules = if file.exists() {
        rules::read(&file).map_err(|error| error.to_string())
    } else {
        Err(format!(
            "{}: no rules there, expected them in the scenario, or --rules FILE",
            file.display()
        ))
    };
    (file, rules)
}
