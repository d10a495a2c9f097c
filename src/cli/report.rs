//! Reports of checks: their options, where they go, and the exit code they mean.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::builder::{PathBufValueParser, PossibleValuesParser};
use clap::{Arg, ArgMatches, ValueHint};
use verify::report::{Format, Report, Verdict, summary};

use crate::cli::COULD_NOT_RUN;

/// What a command exits with that found a difference.
pub(crate) const DIFFERENCE: u8 = 1;

const SCENARIO: &str = "SCENARIO";
const FORMAT: &str = "format";
const SUMMARY: &str = "summary";

const FORMATS: [(&str, Format); 4] = [
    ("text", Format::Text),
    ("json", Format::Json),
    ("junit", Format::Junit),
    ("github", Format::Github),
];

/// The scenarios.
pub(crate) fn scenarios_arg() -> Arg {
    Arg::new(SCENARIO)
        .num_args(1..)
        .required(true)
        .value_parser(PathBufValueParser::new())
        .value_hint(ValueHint::DirPath)
        .help("scenario folders: captures and what goes with them")
}

/// The form of a report.
pub(crate) fn args() -> [Arg; 2] {
    [
        Arg::new(FORMAT)
            .long(FORMAT)
            .value_name("FORMAT")
            .value_parser(PossibleValuesParser::new(FORMATS.map(|(name, _)| name)))
            .default_value("text")
            .hide_possible_values(true)
            .help("form of the report: text, json, junit (XML) or github (annotations)"),
        summary_arg(),
    ]
}

/// `--summary`.
pub(crate) fn summary_arg() -> Arg {
    Arg::new(SUMMARY)
        .long(SUMMARY)
        .value_name("FILE")
        .value_parser(PathBufValueParser::new())
        .value_hint(ValueHint::FilePath)
        .help("add a summary in Markdown to a file, for a pull request")
}

/// The scenarios that were named.
pub(crate) fn scenarios(matches: &ArgMatches) -> Vec<PathBuf> {
    let scenarios = matches.get_many::<PathBuf>(SCENARIO).unwrap_or_default();
    scenarios.cloned().collect()
}

/// Prints a report, and tells what to exit with.
pub(crate) fn print(
    report: &Report,
    matches: &ArgMatches,
    command: &str,
    raw: bool,
) -> anyhow::Result<ExitCode> {
    let name = matches.get_one::<String>(FORMAT);
    let format = FORMATS
        .into_iter()
        .find(|(known, _)| name.is_some_and(|name| name == known))
        .map_or(Format::Text, |(_, format)| format);
    write(&report.render(format, raw))?;
    add_summary(matches, || summary(report, command))?;
    Ok(match report.verdict() {
        Verdict::Same => ExitCode::SUCCESS,
        Verdict::Different => ExitCode::from(DIFFERENCE),
        Verdict::Failed => ExitCode::from(COULD_NOT_RUN),
    })
}

/// Prints a text that is done. Where its reader went away the exit code still says what was found.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Adds to the file that was named for summaries, if one was.
pub(crate) fn add_summary(
    matches: &ArgMatches,
    text: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    let Some(file) = matches.get_one::<PathBuf>(SUMMARY) else {
        return Ok(());
    };
    let opened = OpenOptions::new().append(true).create(true).open(file);
    opened
        .and_then(|mut file| file.write_all(text().as_bytes()))
        .with_context(|| file.display().to_string())
}
