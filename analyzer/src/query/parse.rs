//! Parameters as text to a [`Query`].
//!
//! **Errors** one sentence: parameter, value, what was expected. An unknown parameter, a wrong
//! value and a parameter given twice are errors; nothing is ignored.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::cluster::EndKind;
use crate::protocol::Protocol;
use crate::query::filter::EndFilter;
use crate::query::parameter::parameters;
use crate::query::pattern::{Glob, QualifiedGlob, Terms};
use crate::query::view::State;
use crate::query::{Format, Level, Operation, Page, Query, Sort};
use crate::time::Timestamp;

/// What is wrong with a parameter.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{parameter}: {problem}")]
pub struct QueryError {
    /// Which parameter.
    pub parameter: String,
    /// What is wrong, and what was expected.
    pub problem: String,
}

/// How many rows may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowLimit {
    /// At most [`Page::LIMIT_MAX`], as over HTTP.
    Bounded,
    /// Any number, or `all`.
    Unbounded,
}

impl Query {
    /// Reads the parameters of `operation`.
    ///
    /// # Errors
    /// The first parameter that is unknown, wrong or given twice.
    pub fn parse<N: AsRef<str>, V: AsRef<str>>(
        operation: Operation,
        pairs: impl IntoIterator<Item = (N, V)>,
        rows: RowLimit,
    ) -> Result<Self, QueryError> {
        let known: BTreeSet<String> = parameters(operation)
            .into_iter()
            .map(|parameter| parameter.name)
            .collect();
        let mut query = Self::default_of(operation);
        let mut given = BTreeSet::new();
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref());
            let error = |problem| QueryError {
                parameter: bounded(name),
                problem,
            };
            if !known.contains(name) {
                return Err(error(unknown(operation, name, &known)));
            }
            if !given.insert(name.to_owned()) {
                return Err(error(
                    "given twice, expected once; separate alternatives by commas".to_owned(),
                ));
            }
            query.set(operation, name, value, rows).map_err(error)?;
        }
        query.check_window()?;
        Ok(query)
    }

    /// The query that an operation without parameters means.
    #[must_use]
    pub fn default_of(operation: Operation) -> Self {
        let format = match operation {
            Operation::Connections => Format::Full,
            Operation::Flows | Operation::Summary => Format::Compact,
        };
        Self {
            format,
            ..Self::default()
        }
    }

    fn set(
        &mut self,
        operation: Operation,
        name: &str,
        value: &str,
        rows: RowLimit,
    ) -> Result<(), String> {
        match name {
            "l4proto" => self.filter.protocol = terms(value, protocol)?,
            "port" => self.filter.port = terms(value, port)?,
            "client_port" => self.filter.client_port = terms(value, port)?,
            "state" => self.filter.state = terms(value, state)?,
            "rtt_min" => {
                let micros = duration(value)?.as_nanos().div_ceil(1_000);
                self.filter.rtt_min_us = Some(u64::try_from(micros).unwrap_or(u64::MAX));
            }
            "start" => self.window.start = Some(time(value)?),
            "end" => self.window.end = Some(time(value)?),
            "window" => self.window.length = Some(positive(duration(value)?)?),
            "aggregate" => self.aggregate = Some(choice(value, &LEVELS)?),
            "sort" => self.sort = choice(value, &SORTS)?,
            "limit" => self.page.limit = limit(value, rows)?,
            "offset" => self.page.offset = number(value, 0, usize::MAX)?,
            "format" => self.format = format(value, operation)?,
            _ => self.set_end_filter(name, value)?,
        }
        Ok(())
    }

    fn set_end_filter(&mut self, name: &str, value: &str) -> Result<(), String> {
        let (filter, name) = if let Some(name) = name.strip_prefix("client_") {
            (&mut self.filter.client, name)
        } else if let Some(name) = name.strip_prefix("server_") {
            (&mut self.filter.server, name)
        } else {
            (&mut self.filter.any, name)
        };
        filter.set(name, value)
    }

    fn check_window(&self) -> Result<(), QueryError> {
        let wrong = |parameter: &str, problem: &str| {
            Err(QueryError {
                parameter: parameter.to_owned(),
                problem: problem.to_owned(),
            })
        };
        match (self.window.start, self.window.end, self.window.length) {
            (Some(_), Some(_), Some(_)) => wrong(
                "window",
                "start and end are given already, expected at most one of them",
            ),
            (Some(start), Some(end), None) if start >= end => {
                wrong("end", "not after start, expected a later time")
            }
            _ => Ok(()),
        }
    }
}

impl EndFilter {
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "ip" => self.ip = terms(value, network)?,
            "ns" => self.ns = terms(value, glob)?,
            "pod" => self.pod = terms(value, qualified)?,
            "svc" => self.svc = terms(value, qualified)?,
            "node" => self.node = terms(value, glob)?,
            // Names are kept in lower case: their case means nothing (RFC 4343).
            "dns" => self.dns = terms(&value.to_ascii_lowercase(), glob)?,
            "kind" => self.kind = terms(value, kind)?,
            _ => return Err("unknown parameter".to_owned()),
        }
        Ok(())
    }
}

const LEVELS: [(&str, Level); 5] = [
    ("pod", Level::Pod),
    ("workload", Level::Workload),
    ("service", Level::Service),
    ("namespace", Level::Namespace),
    ("node", Level::Node),
];

const SORTS: [(&str, Sort); 7] = [
    ("bytes", Sort::Bytes),
    ("pkts", Sort::Packets),
    ("bps", Sort::BitRate),
    ("pps", Sort::PacketRate),
    ("rtt", Sort::HandshakeTime),
    ("first_seen", Sort::FirstSeen),
    ("last_seen", Sort::LastSeen),
];

const KINDS: [EndKind; 5] = [
    EndKind::Pod,
    EndKind::Service,
    EndKind::Node,
    EndKind::External,
    EndKind::Unresolved,
];

fn terms<T>(value: &str, one: impl Fn(&str) -> Result<T, String>) -> Result<Terms<T>, String> {
    let mut terms = Terms::default();
    for part in value.split(',') {
        match part.strip_prefix('!') {
            Some(excluded) => terms.exclude.push(one(excluded)?),
            None => terms.include.push(one(part)?),
        }
    }
    Ok(terms)
}

fn qualified(value: &str) -> Result<QualifiedGlob, String> {
    glob(value).map(|_| QualifiedGlob::new(value))
}

fn glob(value: &str) -> Result<Glob, String> {
    if value.is_empty() {
        return Err("empty, expected a name (`*` stands for any characters)".to_owned());
    }
    Ok(Glob::new(value))
}

fn network(value: &str) -> Result<IpNet, String> {
    let address = value.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| value.parse::<IpNet>()).map_err(|_| {
        format!(
            "`{}` is neither an address nor a CIDR, expected one such as 10.0.0.7 or 10.244.0.0/16",
            bounded(value)
        )
    })
}

fn protocol(value: &str) -> Result<Protocol, String> {
    choice(
        value,
        &[Protocol::Tcp, Protocol::Udp].map(|p| (p.name(), p)),
    )
}

fn state(value: &str) -> Result<State, String> {
    choice(
        value,
        &[State::Active, State::Closed].map(|s| (s.name(), s)),
    )
}

fn kind(value: &str) -> Result<EndKind, String> {
    choice(value, &KINDS.map(|kind| (kind.name(), kind)))
}

fn port(value: &str) -> Result<u16, String> {
    number(value, 0, usize::from(u16::MAX)).map(|port| u16::try_from(port).unwrap_or(u16::MAX))
}

fn limit(value: &str, rows: RowLimit) -> Result<usize, String> {
    match rows {
        RowLimit::Bounded => number(value, 1, Page::LIMIT_MAX),
        RowLimit::Unbounded if value == "all" => Ok(usize::MAX),
        RowLimit::Unbounded => number(value, 1, usize::MAX).map_err(|e| e + ", or all"),
    }
}

fn format(value: &str, operation: Operation) -> Result<Format, String> {
    let full = ("full", Format::Full);
    match (value, operation) {
        ("raw", _) => Err("raw is not offered: full shows all that packets tell".to_owned()),
        (_, Operation::Connections) => choice(value, &[full]),
        (_, Operation::Flows | Operation::Summary) => {
            choice(value, &[("compact", Format::Compact), full])
        }
    }
}

fn number(value: &str, least: usize, most: usize) -> Result<usize, String> {
    let expected = || match most {
        usize::MAX => format!("expected {least} or more"),
        _ => format!("expected {least} to {most}"),
    };
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    if !digits && !is_negative_number(value) {
        return Err(format!(
            "`{}` is not a whole number, {}",
            bounded(value),
            expected()
        ));
    }
    match value.parse::<usize>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!(
            "{} is out of range, {}",
            bounded(value),
            expected()
        )),
    }
}

fn is_negative_number(value: &str) -> bool {
    value
        .strip_prefix('-')
        .is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}

fn choice<T: Copy>(value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| *name == value);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let nearest = nearest(value, names.iter().copied())
            .map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
        format!(
            "`{}` is unknown, expected {}{nearest}",
            bounded(value),
            list(&names)
        )
    })
}

/// `a, b and c`.
fn list_and(names: &[&str]) -> String {
    list(names).replace(" or ", " and ")
}

/// `a, b or c`.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// RFC 3339, or seconds since the epoch with or without a fraction.
fn time(value: &str) -> Result<Timestamp, String> {
    // An unescaped `+` of a query string arrives as a space.
    let with_plus = value.replace(' ', "+");
    let rfc3339 = || Timestamp::parse_rfc3339(&with_plus).ok();
    Timestamp::parse_unix_seconds(value).or_else(rfc3339).ok_or_else(|| {
        format!(
            "`{}` is not a time, expected RFC 3339 such as 2026-11-22T10:00:00Z or Unix seconds",
            bounded(value)
        )
    })
}

/// A number and a unit, such as `10ms`, `1.5s`, `5m` or `1h`.
fn duration(value: &str) -> Result<Duration, String> {
    let expected = || {
        format!(
            "`{}` is not a duration, expected a number with a unit such as 10ms, 5m or 1h",
            bounded(value)
        )
    };
    let duration: jiff::SignedDuration = value.parse().map_err(|_| expected())?;
    duration.try_into().map_err(|_| expected())
}

fn positive(duration: Duration) -> Result<Duration, String> {
    if duration.is_zero() {
        Err("0 is out of range, expected more".to_owned())
    } else {
        Ok(duration)
    }
}

fn unknown(operation: Operation, name: &str, known: &BTreeSet<String>) -> String {
    let has = |other: &Operation| parameters(*other).iter().any(|p| p.name == name);
    let others: Vec<&str> = Operation::ALL
        .iter()
        .filter(|o| has(o))
        .map(|o| o.name())
        .collect();
    if !others.is_empty() {
        let (name, others) = (operation.name(), list_and(&others));
        return format!("not a parameter of {name}, only of {others}");
    }
    if let Some(ours) = other_end(name).filter(|ours| known.contains(ours)) {
        return format!("unknown parameter, did you mean {ours}?");
    }
    let other_word = OTHER_WORDS
        .iter()
        .find(|(word, _)| *word == name)
        .map(|(_, ours)| *ours);
    match other_word.or_else(|| nearest(name, known.iter().map(String::as_str))) {
        Some(near) => format!("unknown parameter, did you mean {near}?"),
        None => {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            format!("unknown parameter, expected one of {}", list(&names))
        }
    }
}

/// A filter of an end, as those call it who say source and destination.
fn other_end(name: &str) -> Option<String> {
    const CLIENT: [&str; 3] = ["src_", "source_", "from_"];
    const SERVER: [&str; 4] = ["dst_", "dest_", "destination_", "to_"];
    let rest = |prefixes: &[&str]| {
        prefixes
            .iter()
            .find_map(|prefix| Some(name.strip_prefix(prefix)?.to_owned()))
    };
    let client = rest(&CLIENT).map(|rest| format!("client_{rest}"));
    client.or_else(|| rest(&SERVER).map(|rest| format!("server_{rest}")))
}

/// What others call our parameters.
const OTHER_WORDS: [(&str, &str); 10] = [
    ("namespace", "ns"),
    ("service", "svc"),
    ("protocol", "l4proto"),
    ("proto", "l4proto"),
    ("address", "ip"),
    ("src", "client_pod"),
    ("dst", "server_pod"),
    ("since", "start"),
    ("until", "end"),
    ("group_by", "aggregate"),
];

/// The name that is most like `name`, if one is like it at all.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const LIKE: f64 = 0.8;
    let name = bounded(name);
    names
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// What a user typed, short enough to be said back.
fn bounded(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
