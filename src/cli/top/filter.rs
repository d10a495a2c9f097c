//! The filter as it is typed: `ns=shop port=443`, parameters as over HTTP.
//!
//! **Errors** the words of the parser, which HTTP has too.

use analyzer::query::parse::RowLimit;
use analyzer::query::{Operation, Query};

use crate::cli::parameters::{self, Pair};

/// Reads what was typed; `&` separates as well as a space.
pub(crate) fn parse(text: &str) -> Result<Vec<Pair>, String> {
    let words = text.split(|c: char| c.is_whitespace() || c == '&');
    let pairs: Vec<Pair> = words
        .filter(|word| !word.is_empty())
        .map(pair)
        .collect::<Result<_, _>>()?;
    let borrowed = pairs.iter().map(|(name, value)| (name, value));
    Query::parse(Operation::Flows, borrowed, RowLimit::Bounded)
        .map_err(|error| error.to_string())?;
    match pairs.iter().find(|(name, _)| !parameters::is_filter(name)) {
        Some((name, _)) => Err(format!(
            "{name}: says how rows are shown, expected a filter such as ns=shop; keys sort and merge"
        )),
        None => Ok(pairs),
    }
}

fn pair(word: &str) -> Result<Pair, String> {
    match word.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(format!(
            "`{word}` is no filter, expected NAME=VALUE such as ns=shop or port=443"
        )),
    }
}

/// The filter as it could have been typed.
pub(crate) fn typed(pairs: &[Pair]) -> String {
    let words: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_reads_as_it_is_written() {
        for (text, written) in [
            ("", ""),
            ("  ns=shop   port=443 ", "ns=shop port=443"),
            ("ns=shop&l4proto=tcp", "ns=shop l4proto=tcp"),
            (
                "server_kind=external window=5m",
                "server_kind=external window=5m",
            ),
        ] {
            assert_eq!(typed(&parse(text).unwrap()), written);
        }
    }

    #[test]
    fn what_is_no_filter_is_refused_with_what_was_expected() {
        for (text, problem) in [
            (
                "shop",
                "`shop` is no filter, expected NAME=VALUE such as ns=shop or port=443",
            ),
            (
                "sort=bps",
                "sort: says how rows are shown, expected a filter such as ns=shop; keys sort and merge",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), problem);
        }
        for (text, name) in [
            ("port=x", "port: "),
            ("nss=shop", "nss: "),
            ("ns=a ns=b", "ns: "),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.starts_with(name), "{problem}");
        }
    }
}
