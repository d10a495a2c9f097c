//! The one table of parameters, for every surface: HTTP, command line and their documentation.

use crate::query::Operation;
use crate::query::parameter::table::{END_FILTERS, OTHERS, Row};

mod table;

/// A parameter of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// Its name; on the command line `--client-ip` for `client_ip`.
    pub name: String,
    /// What its value is, in a word.
    pub value: &'static str,
    /// What it does, in a sentence.
    pub help: String,
    /// What values it takes.
    pub domain: Domain,
    /// A value that is worth trying.
    pub example: &'static str,
    /// Which group it is listed in.
    pub group: Group,
}

/// What values a parameter takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Domain {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Some of these words, separated by commas; `!` in front excludes one.
    Some(&'static [&'static str]),
    /// A whole number.
    Number {
        /// The least one.
        least: usize,
        /// The greatest one.
        most: usize,
    },
    /// A name, time, duration, address or port, or several, as its help says.
    Text,
}

/// Groups of parameters, in the order in which help lists them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Group {
    /// What there is to be shown.
    Subject,
    /// Of a flow or connection.
    Flow,
    /// Of an end: either one, the client, the server.
    End,
    /// In time.
    Time,
    /// The form of the answer.
    Answer,
}

impl Group {
    /// Its heading in help.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Subject => "What is shown",
            Self::Flow => "Filters of a flow",
            Self::End => "Filters of an end (either one, or client_ / server_)",
            Self::Time => "Time",
            Self::Answer => "The answer",
        }
    }
}

/// What filters of an end begin with, and whose they are.
const ENDS: [(&str, &str); 3] = [
    ("", "either end's "),
    ("client_", "the client's "),
    ("server_", "the server's "),
];

/// Whether `operation` has a parameter of a name.
#[must_use]
pub fn is_known(operation: Operation, name: &str) -> bool {
    let is_other = |row: &Row| row.name == name && row.operations.contains(&operation);
    let rest_of_name = |(prefix, _): (&str, &str)| name.strip_prefix(prefix);
    OTHERS.iter().any(is_other)
        || ENDS
            .into_iter()
            .filter_map(rest_of_name)
            .any(|rest| END_FILTERS.iter().any(|row| row.name == rest))
}

/// The parameters of `operation`, in the order in which they are documented.
#[must_use]
pub fn parameters(operation: Operation) -> Vec<Parameter> {
    let others = OTHERS
        .iter()
        .filter(|row| row.operations.contains(&operation))
        .map(other);
    let ends = ENDS.into_iter().flat_map(|(prefix, whose)| {
        END_FILTERS.iter().map(move |row| Parameter {
            name: format!("{prefix}{}", row.name),
            value: row.value,
            help: format!("{whose}{}", row.help),
            domain: row.domain,
            example: row.example,
            group: Group::End,
        })
    });
    let mut all: Vec<Parameter> = others.chain(ends).collect();
    all.sort_by_key(|parameter| parameter.group);
    all
}

fn other(row: &Row) -> Parameter {
    Parameter {
        name: row.name.to_owned(),
        value: row.value,
        help: row.help.to_owned(),
        domain: row.domain,
        example: row.example,
        group: row.group,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Query;
    use crate::query::parse::RowLimit;

    /// Whether `operation` takes a value; what it needs beside it is given.
    fn takes(operation: Operation, name: &str, value: &str) -> bool {
        let root = ("of", "shop/cart");
        let beside = ["direction", "depth"].contains(&name).then_some(root);
        let pairs = beside.into_iter().chain([(name, value)]);
        Query::parse(operation, pairs, RowLimit::Bounded).is_ok()
    }

    /// Values that are in a domain, and such that are not.
    fn values(domain: Domain) -> (Vec<String>, Vec<String>) {
        let own = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        let none = || vec!["nonesuch".to_owned(), String::new()];
        match domain {
            Domain::Choice(words) => (own(words), [own(words).join(","), "none".into()].into()),
            Domain::Some(words) => (
                [own(words), vec![words.join(","), format!("!{}", words[0])]].concat(),
                none(),
            ),
            Domain::Number { least, most } => (
                vec![least.to_string(), most.to_string()],
                [
                    least.checked_sub(1).map(|n| n.to_string()),
                    most.checked_add(1).map(|n| n.to_string()),
                    Some("-1".to_owned()),
                ]
                .into_iter()
                .flatten()
                .collect(),
            ),
            Domain::Text => (Vec::new(), vec![String::new()]),
        }
    }

    #[test]
    fn those_are_known_that_are_listed() {
        for operation in Operation::ALL {
            let listed: Vec<String> = parameters(operation).into_iter().map(|p| p.name).collect();
            for name in Operation::ALL
                .into_iter()
                .flat_map(parameters)
                .map(|p| p.name)
            {
                let is_listed = listed.contains(&name);
                assert_eq!(
                    is_known(operation, &name),
                    is_listed,
                    "{operation:?} {name}"
                );
            }
            for name in ["", "client_", "client_client_ip", "nonesuch"] {
                assert!(!is_known(operation, name), "{operation:?} {name}");
            }
        }
    }

    #[test]
    fn a_parameter_takes_what_its_domain_says_and_its_example() {
        for operation in Operation::ALL {
            for Parameter {
                name,
                domain,
                example,
                ..
            } in parameters(operation)
            {
                let (inside, outside) = values(domain);
                for value in inside.iter().map(String::as_str).chain([example]) {
                    assert!(
                        takes(operation, &name, value),
                        "{operation:?} {name}={value}"
                    );
                }
                for value in &outside {
                    let one_word = matches!(domain, Domain::Choice([only]) if only == value);
                    let taken = takes(operation, &name, value) && !one_word;
                    assert!(!taken, "{operation:?} {name}={value}");
                }
            }
        }
    }
}
