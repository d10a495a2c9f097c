//! The parameters of an operation as options: `client_ip` is `--client-ip`.
//!
//! In: the one table of parameters. Out: options with its help and headings; what was given, by
//! the parameters' own names. Values are read by [`Query::parse`], so that the command line and
//! HTTP refuse the same things with the same words.

use analyzer::query::parameter::{Group, Parameter, parameters};
use analyzer::query::parse::{QueryError, RowLimit};
use analyzer::query::{Operation, Query};
use clap::{Arg, ArgAction, ArgMatches};

/// A parameter and its value.
pub(crate) type Pair = (String, String);

/// What `-o` chooses, where it is the form of a graph.
pub(crate) const FORMAT: &str = "format";

/// The options of `operation`.
pub(crate) fn args(operation: Operation) -> Vec<Arg> {
    let mut parameters = parameters(operation);
    // A graph's form is chosen with -o.
    parameters.retain(|parameter| operation != Operation::Dependencies || parameter.name != FORMAT);
    parameters
        .iter()
        .map(|parameter| arg(operation, parameter))
        .collect()
}

fn arg(operation: Operation, parameter: &Parameter) -> Arg {
    let one_end = parameter.group == Group::End
        && ["client_", "server_"]
            .iter()
            .any(|prefix| parameter.name.starts_with(prefix));
    Arg::new(parameter.name.clone())
        .long(spelling(&parameter.name))
        .value_name(parameter.value)
        .help(help(operation, parameter))
        .help_heading(spelled_heading(parameter.group))
        // An option given twice is refused with the words of the parser, which says what to do.
        .action(ArgAction::Append)
        .allow_negative_numbers(true)
        // A window may begin with an offset from the end: -5m/.
        .allow_hyphen_values(parameter.value == "FROM/TO")
        .hide_short_help(one_end)
}

/// The heading of a group, with options where parameters are named.
const fn spelled_heading(group: Group) -> &'static str {
    match group {
        Group::End => "Filters of an end (either one, or --client-… / --server-…)",
        Group::Subject | Group::Flow | Group::Time | Group::Answer => group.heading(),
    }
}

fn help(operation: Operation, parameter: &Parameter) -> String {
    match parameter.name.as_str() {
        "limit" if operation == Operation::Diff => {
            "rows shown at most, or all (the default)".to_owned()
        }
        "limit" => format!(
            "{}; here also more, or all (jsonl's and csv's default)",
            parameter.help
        ),
        FORMAT => format!("{}; of json and jsonl", parameter.help),
        _ => parameter.help.clone(),
    }
}

/// What was given, in the order of the table.
pub(crate) fn given(operation: Operation, matches: &ArgMatches) -> Vec<Pair> {
    let values = |parameter: Parameter| {
        let values: Vec<String> = matches
            .try_get_many::<String>(&parameter.name)
            .ok()
            .flatten()
            .unwrap_or_default()
            .cloned()
            .collect();
        values
            .into_iter()
            .map(move |value| (parameter.name.clone(), value))
    };
    parameters(operation).into_iter().flat_map(values).collect()
}

/// Reads what was given.
pub(crate) fn query(operation: Operation, pairs: &[Pair]) -> anyhow::Result<Query> {
    let pairs = pairs.iter().map(|(name, value)| (name, value));
    Query::parse(operation, pairs, RowLimit::Unbounded).map_err(|error| refused(&error))
}

/// What was given, as it was typed.
pub(crate) fn typed(pairs: &[Pair]) -> String {
    let options: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("--{} {value}", spelling(name)))
        .collect();
    options.join(" ")
}

/// Whether a parameter says which rows are meant, and not how they are shown.
pub(crate) fn is_filter(name: &str) -> bool {
    Operation::ALL
        .into_iter()
        .flat_map(parameters)
        .any(|parameter| parameter.name == name && parameter.group != Group::Answer)
}

/// The words of a refusal (`limit: 0 is out of range…`) with the option's name in front.
pub(crate) fn spelled(refusal: &str) -> String {
    let known = |name: &str| {
        Operation::ALL
            .into_iter()
            .flat_map(parameters)
            .any(|parameter| parameter.name == name)
    };
    match refusal.split_once(": ") {
        Some((name, problem)) if known(name) => format!("--{}: {problem}", spelling(name)),
        _ => refusal.to_owned(),
    }
}

/// A refusal that names the option.
pub(crate) fn refused(error: &QueryError) -> anyhow::Error {
    anyhow::Error::msg(spelled(&error.to_string()))
}

/// Its option, less the dashes in front.
pub(crate) fn spelling(name: &str) -> String {
    name.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_option() {
        assert_eq!(
            spelled("client_ip: `x` is no address"),
            "--client-ip: `x` is no address"
        );
        assert_eq!(
            spelled("not found: there is no such path"),
            "not found: there is no such path"
        );
        let pairs = [("limit".to_owned(), "0".to_owned())];
        let error = query(Operation::Flows, &pairs).unwrap_err().to_string();
        assert_eq!(
            error,
            "--limit: 0 is out of range, expected 1 or more, or all"
        );
    }

    #[test]
    fn every_parameter_is_an_option_with_help() {
        for operation in Operation::ALL {
            let (args, parameters) = (args(operation), parameters(operation));
            let by_output = usize::from(operation == Operation::Dependencies);
            assert_eq!(args.len() + by_output, parameters.len());
            assert!(
                args.iter().all(|arg| arg.get_help().is_some()),
                "{operation:?}"
            );
        }
    }

    #[test]
    fn filters_are_told_from_the_form_of_the_answer() {
        assert!(is_filter("server_ns") && is_filter("port") && is_filter("window"));
        assert!(is_filter("of") && !is_filter("level"));
        assert!(!is_filter("limit") && !is_filter("aggregate") && !is_filter("cluster"));
    }
}
