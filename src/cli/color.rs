//! Colours: only on a terminal, unless asked for. `NO_COLOR` and `CLICOLOR_FORCE` are honoured.

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches};

/// Headings.
pub(crate) const HEADING: Style = Style::new().bold();
/// What is said beside the answer.
pub(crate) const ASIDE: Style = Style::new().dimmed();
/// The word `error`.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The word `warning`.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();

const ID: &str = "color";

/// `--color`, for every command.
pub(crate) fn arg() -> Arg {
    Arg::new(ID)
        .long(ID)
        .global(true)
        .value_name("WHEN")
        .value_parser(PossibleValuesParser::new(["auto", "always", "never"]))
        .default_value("auto")
        .hide_possible_values(true)
        .help("colours: on a terminal (auto), always or never")
}

/// Makes all later output follow `--color`.
pub(crate) fn choose(matches: &ArgMatches) {
    let choice = match matches.get_one::<String>(ID).map(String::as_str) {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    };
    choice.write_global();
}
