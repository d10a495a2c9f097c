//! Wrong usage, said with what was probably meant.
//!
//! In: an error of the command line and what was typed. Out: the same error with a better tip, or
//! the words with which HTTP refuses the same parameter.

use std::ffi::OsString;

use analyzer::query::Operation;
use analyzer::query::parameter::parameters;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::parameters;

/// How others begin the names of what is asked of one end.
const PREFIXES: [(&str, &str); 6] = [
    ("src_", "client_"),
    ("source_", "client_"),
    ("dst_", "server_"),
    ("dest_", "server_"),
    ("destination_", "server_"),
    ("", ""),
];

/// How others call what is asked of an end.
const NAMES: [(&str, &str); 6] = [
    ("namespace", "ns"),
    ("service", "svc"),
    ("address", "ip"),
    ("addr", "ip"),
    ("protocol", "l4proto"),
    ("proto", "l4proto"),
];

/// What nobody should be led to by a slip of the keyboard.
const BEYOND: &str = "--insecure";

const OR_A_SERVER: &str = "name captures, or a running server with --url URL";

/// What is wrong with `typed`, in one line, where HTTP has words for it.
pub(crate) fn refusal(error: &clap::Error, typed: &[OsString]) -> Option<anyhow::Error> {
    let (operation, name) = (operation(typed)?, unknown(error)?);
    let elsewhere = Operation::ALL
        .into_iter()
        .any(|other| knows(other, &name) && other != operation);
    let refused = parameters::query(operation, &[(name.clone(), String::new())]).err();
    refused.filter(|_| elsewhere && !knows(operation, &name))
}

/// The error, with a tip where one is known.
pub(crate) fn with_tip(mut error: clap::Error, typed: &[OsString]) -> clap::Error {
    if error.get(ContextKind::SuggestedArg) == Some(&ContextValue::String(BEYOND.to_owned())) {
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::Usage);
    }
    let Some(operation) = operation(typed) else {
        return error;
    };
    if error.kind() == ErrorKind::MissingRequiredArgument {
        let tip = ContextValue::StyledStrs(vec![StyledStr::from(OR_A_SERVER)]);
        error.insert(ContextKind::Suggested, tip);
    }
    if let Some(ours) = unknown(&error).and_then(|name| ours(operation, &name)) {
        let ours = match (operation, ours.as_str()) {
            (Operation::Dependencies, parameters::FORMAT) => "output",
            (_, ours) => ours,
        };
        let tip = ContextValue::String(format!("--{}", parameters::spelling(ours)));
        error.insert(ContextKind::SuggestedArg, tip);
        // They would speak of what the tip replaces.
        error.remove(ContextKind::Suggested);
        error.remove(ContextKind::Usage);
    }
    error
}

/// The question that was typed.
fn operation(typed: &[OsString]) -> Option<Operation> {
    let named = |word: &OsString| {
        let mut operations = Operation::ALL.into_iter();
        operations.find(|operation| word.to_str() == Some(operation.name()))
    };
    typed.iter().find_map(named)
}

/// The unknown option, by the name its parameter would have.
fn unknown(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let name = option.strip_prefix("--")?;
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    Some(name.replace('-', "_"))
}

fn knows(operation: Operation, name: &str) -> bool {
    parameters(operation).iter().any(|p| p.name == name)
}

/// What we call it, if `operation` has it.
fn ours(operation: Operation, theirs: &str) -> Option<String> {
    PREFIXES.iter().find_map(|(prefix, our_prefix)| {
        let name = theirs.strip_prefix(prefix)?;
        let known = NAMES.iter().find(|(their_name, _)| *their_name == name);
        let our_name = known.map_or(name, |(_, ours)| ours);
        Some(format!("{our_prefix}{our_name}")).filter(|ours| knows(operation, ours))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_others_are_known() {
        let cases = [
            ("namespace", Some("ns")),
            ("src_ip", Some("client_ip")),
            ("source_namespace", Some("client_ns")),
            ("dst_service", Some("server_svc")),
            ("dest_pod", Some("server_pod")),
            ("destination_address", Some("server_ip")),
            ("proto", Some("l4proto")),
            ("src_port", None),
            ("clust", None),
        ];
        for (theirs, expected) in cases {
            let found = ours(Operation::Flows, theirs);
            assert_eq!(found.as_deref(), expected, "{theirs}");
        }
        let port = ours(Operation::Connections, "src_port");
        assert_eq!(port.as_deref(), Some("client_port"));
    }
}
