//! Names files: names for addresses where there is no cluster.
//!
//! In: lines of an address or range and a name, such as `10.1.0.0/16 office`. Empty lines say
//! nothing, nor does what follows a `#`. Out: [`Names`]; the longest prefix wins.
//! **Errors** the first wrong line, with file and line.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::cluster::names::Names;
use analyzer::name::seen;
use ipnet::IpNet;

use crate::text::{TextError, read_text};
use objects::document::field::shown;

/// The longest name.
const MAX_NAME: usize = 253;

/// The most names.
const MAX_NAMES: usize = 1_000_000;

/// A names file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {problem}", file.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct NamesFileError {
    file: PathBuf,
    line: Option<usize>,
    problem: NamesProblem,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
enum NamesProblem {
    #[error("{0}: expected a file of lines such as `10.1.0.0/16 office`")]
    Text(TextError),
    #[error("{} is not an address or range, expected a line such as `10.1.0.0/16 office`", shown(.0))]
    Prefix(String),
    #[error("{given} has bits beyond its prefix, expected {meant}")]
    HostBits { given: IpNet, meant: IpNet },
    #[error("no name for {0}, expected a line such as `10.1.0.0/16 office`")]
    NoName(IpNet),
    #[error("a name of {0} bytes, expected at most {MAX_NAME}")]
    LongName(usize),
    #[error("{prefix} has a name in line {line} already")]
    Again { prefix: IpNet, line: usize },
    #[error("more than {MAX_NAMES} names")]
    TooMany,
}

/// Reads a names file.
///
/// # Errors
/// When the file cannot be read or a line of it is wrong.
pub fn read(file: &Path) -> Result<Names, NamesFileError> {
    let text = read_text(file).map_err(|error| NamesFileError {
        file: file.to_owned(),
        line: None,
        problem: NamesProblem::Text(error),
    })?;
    decode(file, &text)
}

/// Decodes the text of a names file; `file` is only named in errors.
///
/// # Errors
/// When a line is wrong.
pub fn decode(file: &Path, text: &str) -> Result<Names, NamesFileError> {
    let mut names = Names::default();
    let mut lines: BTreeMap<IpNet, usize> = BTreeMap::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let wrong = |problem| NamesFileError {
            file: file.to_owned(),
            line: Some(number),
            problem,
        };
        let line = line.split_once('#').map_or(line, |(line, _)| line).trim();
        if line.is_empty() {
            continue;
        }
        let (prefix, name) = entry(line).map_err(wrong)?;
        if lines.len() == MAX_NAMES {
            return Err(wrong(NamesProblem::TooMany));
        }
        if let Some(line) = lines.insert(prefix, number) {
            return Err(wrong(NamesProblem::Again { prefix, line }));
        }
        names.insert(prefix, name);
    }
    Ok(names)
}

fn entry(line: &str) -> Result<(IpNet, Arc<str>), NamesProblem> {
    let (prefix, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let address = prefix
        .parse::<IpAddr>()
        .map(|address| IpNet::from(address.to_canonical()));
    let given = address.or_else(|_| prefix.parse::<IpNet>());
    let given = given.map_err(|_| NamesProblem::Prefix(prefix.to_owned()))?;
    if given != given.trunc() {
        return Err(NamesProblem::HostBits {
            given,
            meant: given.trunc(),
        });
    }
    let name = seen(name.trim());
    match name.len() {
        0 => Err(NamesProblem::NoName(given)),
        1..=MAX_NAME => Ok((given, Arc::from(name))),
        long => Err(NamesProblem::LongName(long)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        decode(Path::new("names.txt"), text)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_longest_prefix_names_an_address() {
        let text = "\u{feff}# the office\n10.0.0.0/8\toffice\n\n10.1.0.0/16   the lab # since May\r\n::1 me\n";
        let names = decode(Path::new("names.txt"), text).unwrap();
        let name = |address: &str| names.get(address.parse().unwrap()).map(|name| &**name);
        assert_eq!(name("10.2.0.1"), Some("office"));
        assert_eq!(name("10.1.0.1"), Some("the lab"));
        assert_eq!(name("::1"), Some("me"));
        assert_eq!(name("192.168.0.1"), None);
    }

    #[test]
    fn a_wrong_line_is_named() {
        assert_eq!(
            wrong("\n10.0.0/8 office"),
            "names.txt:2: \"10.0.0/8\" is not an address or range, expected a line such as `10.1.0.0/16 office`"
        );
        assert_eq!(
            wrong("10.0.0.1/8 office"),
            "names.txt:1: 10.0.0.1/8 has bits beyond its prefix, expected 10.0.0.0/8"
        );
        assert_eq!(
            wrong("10.0.0.1 # office"),
            "names.txt:1: no name for 10.0.0.1/32, expected a line such as `10.1.0.0/16 office`"
        );
        assert_eq!(
            wrong(&format!("::1 {}", "x".repeat(254))),
            "names.txt:1: a name of 254 bytes, expected at most 253"
        );
        assert_eq!(
            wrong("10.0.0.0/8 a\n10.0.0.0/8 b"),
            "names.txt:2: 10.0.0.0/8 has a name in line 1 already"
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("names.txt");
        std::fs::write(&file, b"10.0.0.1 \xff").unwrap();
        let error = read(&file).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "names.txt: not UTF-8 text at byte 9: expected a file of lines such as \
                 `10.1.0.0/16 office`"
            ),
            "{error}"
        );
        let error = read(&folder.path().join("none")).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "none: can not be read: No such file or directory (os error 2): expected a file of \
                 lines such as `10.1.0.0/16 office`"
            ),
            "{error}"
        );
    }
}
