//! Query strings: octets of a URI to names and values.
//!
//! **Shape** `name=value` joined by `&`; `+` is a space; `%2F` is an octet. A name without `=` has
//! an empty value; empty parts are left out. **Source** the URL standard's
//! `application/x-www-form-urlencoded`, but strict: what it would replace is an error here.

use thiserror::Error;

use crate::error::bounded;

/// The longest query string that is read, in octets.
pub(crate) const LENGTH_MAX: usize = 8 * 1024;

/// What is wrong with a query string.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub(crate) enum QueryStringError {
    /// It is not read at all.
    #[error("query string: {0} octets are too many, expected at most {LENGTH_MAX}")]
    TooLong(usize),
    /// A `%` that is followed by something else.
    #[error("query string: `{0}` has a % without two hexadecimal digits, expected %25 for a %")]
    Percent(String),
    /// Octets that are no text.
    #[error("query string: `{0}` is not UTF-8, expected UTF-8 octets behind each %")]
    NotUtf8(String),
    /// `=value`.
    #[error("query string: `{0}` has no name, expected name=value")]
    NoName(String),
}

/// The names and values of `query`, in order.
pub(crate) fn pairs(query: &str) -> Result<Vec<(String, String)>, QueryStringError> {
    if query.len() > LENGTH_MAX {
        return Err(QueryStringError::TooLong(query.len()));
    }
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(pair)
        .collect()
}

fn pair(part: &str) -> Result<(String, String), QueryStringError> {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    if name.is_empty() {
        return Err(QueryStringError::NoName(bounded(part)));
    }
    let text = |encoded| {
        let octets = decode(encoded).ok_or_else(|| QueryStringError::Percent(bounded(part)))?;
        String::from_utf8(octets).map_err(|_| QueryStringError::NotUtf8(bounded(part)))
    };
    Ok((text(name)?, text(value)?))
}

/// `None` when a `%` is not followed by two hexadecimal digits.
fn decode(encoded: &str) -> Option<Vec<u8>> {
    let mut octets = encoded.bytes();
    let mut decoded = Vec::with_capacity(encoded.len());
    while let Some(octet) = octets.next() {
        decoded.push(match octet {
            b'+' => b' ',
            b'%' => hex(octets.next()?)? << 4 | hex(octets.next()?)?,
            other => other,
        });
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> String {
        match pairs(query) {
            Ok(pairs) => pairs
                .iter()
                .map(|(name, value)| format!("[{name}|{value}]"))
                .collect::<Vec<_>>()
                .concat(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_and_values_are_decoded() {
        assert_eq!(read(""), "");
        assert_eq!(read("ns=shop&port=80"), "[ns|shop][port|80]");
        assert_eq!(read("ip=10.0.0.0%2f8"), "[ip|10.0.0.0/8]");
        assert_eq!(read("n%73=a+b%2B"), "[ns|a b+]");
        assert_eq!(read("ns=a=b"), "[ns|a=b]", "only the first = divides");
        assert_eq!(read("dns=%C3%A4"), "[dns|ä]");
    }

    #[test]
    fn a_repeated_name_stays_repeated_and_an_empty_part_is_none() {
        assert_eq!(read("ns=a&ns=b"), "[ns|a][ns|b]");
        assert_eq!(read("&ns=a&&ns&"), "[ns|a][ns|]");
    }

    #[test]
    fn what_cannot_be_decoded_is_an_error() {
        insta::assert_snapshot!(read("ns=%zz"), @"query string: `ns=%zz` has a % without two hexadecimal digits, expected %25 for a %");
        insta::assert_snapshot!(read("ns=%F"), @"query string: `ns=%F` has a % without two hexadecimal digits, expected %25 for a %");
        insta::assert_snapshot!(read("ns=%+1"), @"query string: `ns=%+1` has a % without two hexadecimal digits, expected %25 for a %");
        insta::assert_snapshot!(read("ns=%ff"), @"query string: `ns=%ff` is not UTF-8, expected UTF-8 octets behind each %");
        insta::assert_snapshot!(read("=80"), @"query string: `=80` has no name, expected name=value");
        insta::assert_snapshot!(read(&"x".repeat(8193)), @"query string: 8193 octets are too many, expected at most 8192");
    }
}
