//! A question on the command line: the operation, its parameters, and the form of the answer.

use analyzer::query::{Operation, Query};
use clap::{Arg, ArgMatches, Command};

use crate::cli::output::{self, Output};
use crate::cli::parameters::{self, Pair};
use crate::cli::{
    answer, client, connections, dependencies, diff, flows, inputs, summary, units, workloads,
};

/// What is asked, and how the answer is shown.
pub(crate) struct Question {
    /// What is asked for.
    pub(crate) operation: Operation,
    /// The parameters as they were given.
    pub(crate) given: Vec<Pair>,
    /// The parameters with those that the form of the answer needs.
    pub(crate) asked: Vec<Pair>,
    /// The form of the answer.
    pub(crate) output: Output,
}

/// What a rate counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Rate {
    /// Bits on the wire.
    #[default]
    Bits,
    /// Packets on the wire.
    Packets,
}

impl Rate {
    /// The rate of some traffic.
    pub(crate) fn of(self, bits_per_second: f64, packets_per_second: f64) -> String {
        match self {
            Self::Bits => units::bit_rate(bits_per_second),
            Self::Packets => units::packet_rate(packets_per_second),
        }
    }
}

/// The subcommand of an operation: captures or a server, parameters, output.
pub(crate) fn command(operation: Operation) -> Command {
    let [captures, others @ ..] = inputs::args();
    let captures: Arg = captures
        .required(false)
        .required_unless_present(answer::URL);
    // Other operations list no connections, and keep none.
    let kept = (operation == Operation::Connections)
        .then(|| inputs::max_connections().conflicts_with(answer::URL));
    Command::new(operation.name())
        .about(operation.facts().about)
        .after_help(examples(operation))
        .args(kept)
        .arg(captures)
        .args(others)
        .arg(inputs::threads().conflicts_with(answer::URL))
        .arg(answer::url_arg())
        .args(client::args())
        .arg(output::arg(operation))
        .args(parameters::args(operation))
}

const fn examples(operation: Operation) -> &'static str {
    match operation {
        Operation::Flows => flows::EXAMPLES,
        Operation::Summary => summary::EXAMPLES,
        Operation::Connections => connections::EXAMPLES,
        Operation::Workloads => workloads::EXAMPLES,
        Operation::Dependencies => dependencies::EXAMPLES,
        Operation::Diff => diff::EXAMPLES,
    }
}

/// Answers the question that was typed, and prints the answer.
pub(crate) fn run(operation: Operation, matches: &ArgMatches) -> anyhow::Result<()> {
    let question = Question::of(operation, matches)?;
    let reply = answer::get(&question, matches)?;
    output::print(&question, &reply)
}

impl Question {
    fn of(operation: Operation, matches: &ArgMatches) -> anyhow::Result<Self> {
        let output = output::chosen(matches);
        let given = parameters::given(operation, matches);
        // What is wrong is refused as it was typed, before anything is read.
        parameters::query(operation, &given)?;
        if has(&given, "format") && !output.has_formats() {
            anyhow::bail!(
                "--format: {0} has none, expected it with -o json or -o jsonl",
                output.name()
            );
        }
        let asked = asked(operation, &given, output);
        Ok(Self {
            operation,
            given,
            asked,
            output,
        })
    }

    /// The query that answers it.
    pub(crate) fn query(&self) -> anyhow::Result<Query> {
        parameters::query(self.operation, &self.asked)
    }

    /// The rate that rows are sorted by, if by any.
    pub(crate) fn sorted_by(&self) -> Option<Rate> {
        let (_, sort) = self.given.iter().find(|(name, _)| name == "sort")?;
        match sort.as_str() {
            "bps" => Some(Rate::Bits),
            "pps" => Some(Rate::Packets),
            _ => None,
        }
    }

    /// What one row is.
    pub(crate) fn noun(&self) -> &'static str {
        match self.operation {
            Operation::Connections => "connection",
            Operation::Flows if has(&self.given, "aggregate") => "row",
            Operation::Flows | Operation::Summary => "flow",
            Operation::Workloads => "row",
            Operation::Dependencies | Operation::Diff => "edge",
        }
    }

    /// How many rows it leaves out at the start.
    pub(crate) fn offset(&self) -> usize {
        let offset = self.given.iter().find(|(name, _)| name == "offset");
        offset.and_then(|(_, n)| n.parse().ok()).unwrap_or(0)
    }

    /// The filters as they were typed.
    pub(crate) fn filters(&self) -> Vec<Pair> {
        let filters = self.given.iter();
        filters
            .filter(|(name, _)| parameters::is_filter(name))
            .cloned()
            .collect()
    }
}

/// Tables and CSV are made of all fields; what is read by programs has all rows.
fn asked(operation: Operation, given: &[Pair], output: Output) -> Vec<Pair> {
    let mut asked = given.to_vec();
    let has_full = matches!(operation, Operation::Flows | Operation::Workloads);
    if has_full && !output.has_formats() {
        asked.push(("format".to_owned(), "full".to_owned()));
    }
    if operation != Operation::Summary && output.has_all_rows() && !has(given, "limit") {
        asked.push(("limit".to_owned(), answer::ALL.to_owned()));
    }
    asked
}

fn has(pairs: &[Pair], name: &str) -> bool {
    pairs.iter().any(|(given, _)| given == name)
}
