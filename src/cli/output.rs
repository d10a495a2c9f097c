//! The form of an answer: tables for people, JSON and CSV for programs.
//!
//! **Shape** the answer goes to standard output, warnings go to standard error (those of the JSON
//! body are in it).

use std::io::{self, BufWriter, Write};

use analyzer::query::view::CoverageView;
use analyzer::query::{Answer, Form, Operation, diagram};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches};

use crate::cli::answer::Reply;
use crate::cli::question::Question;

pub(crate) mod coverage;
mod csv;
pub(crate) mod end;
mod jsonl;
mod page;
pub(crate) mod table;
pub(crate) mod text;

pub(crate) use crate::cli::output::coverage::{clock_micros, date, line as coverage_line, moment};
pub(crate) use crate::cli::output::coverage::{say_note, say_warnings};

const ID: &str = "output";

/// How an answer is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Output {
    /// What matters, fitted to the terminal.
    Table,
    /// Every column that is of use.
    Wide,
    /// The HTTP body.
    Json,
    /// One row of it a line.
    Jsonl,
    /// All fields, laid flat.
    Csv,
    /// A flowchart, of a graph.
    Mermaid,
    /// A digraph, of a graph.
    Dot,
}

impl Output {
    const ALL: [Self; 7] = [
        Self::Table,
        Self::Wide,
        Self::Json,
        Self::Jsonl,
        Self::Csv,
        Self::Mermaid,
        Self::Dot,
    ];

    /// Those of an operation.
    fn of(operation: Operation) -> impl Iterator<Item = Self> {
        let is_graph = operation == Operation::Dependencies;
        let all = Self::ALL.into_iter();
        all.filter(move |output| is_graph || output.form().is_none())
    }

    /// Its name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Wide => "wide",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
        }
    }

    /// Whether `--format` says which fields it shows.
    pub(crate) const fn has_formats(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }

    /// What a graph is drawn as.
    const fn form(self) -> Option<Form> {
        match self {
            Self::Mermaid => Some(Form::Mermaid),
            Self::Dot => Some(Form::Dot),
            Self::Table | Self::Wide | Self::Json | Self::Jsonl | Self::Csv => None,
        }
    }

    /// Whether it shows all rows unless told otherwise.
    pub(crate) const fn has_all_rows(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv | Self::Mermaid | Self::Dot)
    }
}

/// `-o`.
pub(crate) fn arg(operation: Operation) -> Arg {
    const HELP: &str = "form of the answer: a table; wide, with more columns; json, as over HTTP; \
                        jsonl, one row a line; csv, all fields";
    let graph = match operation {
        Operation::Dependencies => "; mermaid or dot, a graph to be drawn (over HTTP, format)",
        Operation::Flows
        | Operation::Summary
        | Operation::Connections
        | Operation::Workloads
        | Operation::Diff => "",
    };
    Arg::new(ID)
        .short('o')
        .long(ID)
        .value_name("OUTPUT")
        .value_parser(PossibleValuesParser::new(
            Output::of(operation).map(Output::name),
        ))
        .default_value(Output::Table.name())
        .hide_possible_values(true)
        .help(format!("{HELP}{graph}"))
}

/// What `-o` chose.
pub(crate) fn chosen(matches: &ArgMatches) -> Output {
    let name = matches.get_one::<String>(ID);
    Output::ALL
        .into_iter()
        .find(|output| name.is_some_and(|name| name == output.name()))
        .unwrap_or(Output::Table)
}

/// Prints an answer in the form that was asked for.
pub(crate) fn print(question: &Question, reply: &Reply) -> anyhow::Result<()> {
    write(question, reply).map_err(named)?;
    match reply {
        Reply::Answer(answer) if question.output != Output::Json => {
            Ok(say_warnings(coverage_of(answer))?)
        }
        Reply::Answer(_) | Reply::Body(_) => Ok(()),
    }
}

fn write(question: &Question, reply: &Reply) -> io::Result<()> {
    let answer = match reply {
        Reply::Body(body) => return buffered(|out| out.write_all(body)),
        Reply::Answer(answer) => answer,
    };
    match question.output {
        Output::Json => buffered(|out| server::write_body(out, answer)),
        Output::Table | Output::Wide => {
            let page = page::page(question, answer);
            let mut stdout = anstream::stdout().lock();
            stdout.write_all(page.as_bytes())?;
            stdout.flush()
        }
        Output::Jsonl => buffered(|out| jsonl::write(out, answer)),
        Output::Csv => buffered(|out| csv::write(out, answer)),
        Output::Mermaid | Output::Dot => buffered(|out| write_graph(out, question.output, answer)),
    }
}

fn write_graph(out: &mut impl Write, output: Output, answer: &Answer) -> io::Result<()> {
    let Answer::Dependencies(view) = answer else {
        return Ok(());
    };
    let drawn = output.form().and_then(|form| diagram::render(view, form));
    out.write_all(drawn.unwrap_or_default().as_bytes())
}

/// Says that standard output failed; a reader that went away is told by its kind.
pub(crate) fn named(error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return error.into();
    }
    anyhow::anyhow!("standard output: {error}")
}

/// What an answer rests on.
pub(crate) const fn coverage_of(answer: &Answer) -> &CoverageView {
    match answer {
        Answer::Flows(view) => &view.coverage,
        Answer::Summary(view) => &view.coverage,
        Answer::Connections(view) => &view.coverage,
        Answer::Workloads(view) => &view.coverage,
        Answer::Dependencies(view) => &view.coverage,
        Answer::Diff(view) => &view.coverage,
    }
}

fn buffered(
    write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()
}
