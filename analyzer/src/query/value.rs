//! Values of parameters: text to what it means, or what was expected instead.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::cluster::EndKind;
use crate::protocol::Protocol;
use crate::query::parse::RowLimit;
use crate::query::pattern::{Glob, QualifiedGlob, Terms};
use crate::query::suggest::nearest;
use crate::query::view::State;
use crate::query::view::workloads::Presence;
use crate::query::{Direction, Form, Format, Level, Operation, Page, Sort};
use crate::time::Timestamp;

pub(super) const LEVELS: [(&str, Level); 5] = [
    ("pod", Level::Pod),
    ("workload", Level::Workload),
    ("service", Level::Service),
    ("namespace", Level::Namespace),
    ("node", Level::Node),
];

pub(super) const DIRECTIONS: [(&str, Direction); 3] = [
    ("upstream", Direction::Upstream),
    ("downstream", Direction::Downstream),
    ("both", Direction::Both),
];

pub(super) const FORMS: [(&str, Form); 3] = [
    ("json", Form::Json),
    ("mermaid", Form::Mermaid),
    ("dot", Form::Dot),
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

pub(super) fn terms<T>(
    value: &str,
    one: impl Fn(&str) -> Result<T, String>,
) -> Result<Terms<T>, String> {
    let mut terms = Terms::default();
    for part in value.split(',') {
        match part.strip_prefix('!') {
            Some(excluded) => terms.exclude.push(one(excluded)?),
            None => terms.include.push(one(part)?),
        }
    }
    Ok(terms)
}

pub(super) fn qualified(value: &str) -> Result<QualifiedGlob, String> {
    glob(value).map(|_| QualifiedGlob::new(value))
}

pub(super) fn glob(value: &str) -> Result<Glob, String> {
    if value.is_empty() {
        return Err("empty, expected a name (`*` stands for any characters)".to_owned());
    }
    Ok(Glob::new(value))
}

pub(super) fn network(value: &str) -> Result<IpNet, String> {
    let address = value.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| value.parse::<IpNet>()).map_err(|_| {
        format!(
            "`{}` is neither an address nor a CIDR, expected one such as 10.0.0.7 or 10.244.0.0/16",
            bounded(value)
        )
    })
}

pub(super) fn protocol(value: &str) -> Result<Protocol, String> {
    choice(
        value,
        &[Protocol::Tcp, Protocol::Udp].map(|p| (p.name(), p)),
    )
}

pub(super) fn state(value: &str) -> Result<State, String> {
    choice(
        value,
        &[State::Active, State::Closed].map(|s| (s.name(), s)),
    )
}

pub(super) fn presence(value: &str) -> Result<Option<Presence>, String> {
    let one = [Presence::Active, Presence::Idle].map(|presence| (presence.name(), Some(presence)));
    let [active, idle] = one;
    choice(value, &[active, idle, ("all", None)])
}

/// A row without handshakes of its own has no time of them to go by.
pub(super) fn sort(value: &str, operation: Operation) -> Result<Sort, String> {
    let mut sorts = SORTS.to_vec();
    sorts.retain(|(_, sort)| operation != Operation::Workloads || *sort != Sort::HandshakeTime);
    choice(value, &sorts)
}

/// A name that is meant as it stands.
pub(super) fn name(value: &str) -> Result<String, String> {
    if value.is_empty() {
        return Err("empty, expected a name such as shop/cart".to_owned());
    }
    Ok(value.to_owned())
}

pub(super) fn kind(value: &str) -> Result<EndKind, String> {
    choice(value, &KINDS.map(|kind| (kind.name(), kind)))
}

pub(super) fn port(value: &str) -> Result<u16, String> {
    number(value, 0, usize::from(u16::MAX)).map(|port| u16::try_from(port).unwrap_or(u16::MAX))
}

pub(super) fn limit(value: &str, rows: RowLimit) -> Result<usize, String> {
    match rows {
        RowLimit::Bounded => number(value, 1, Page::LIMIT_MAX),
        RowLimit::Unbounded if value == "all" => Ok(usize::MAX),
        RowLimit::Unbounded => number(value, 1, usize::MAX).map_err(|e| e + ", or all"),
    }
}

pub(super) fn format(value: &str) -> Result<Format, String> {
    match value {
        "raw" => Err("raw is not offered: full shows all that packets tell".to_owned()),
        _ => choice(
            value,
            &[("compact", Format::Compact), ("full", Format::Full)],
        ),
    }
}

/// A share in hundredths, with or without its sign.
pub(super) fn percent(value: &str) -> Result<f64, String> {
    let number = value.strip_suffix('%').unwrap_or(value).parse::<f64>();
    let number = number.ok().filter(|n| n.is_finite() && *n >= 0.0);
    number.ok_or_else(|| format!("`{}` is no share, expected one such as 20%", bounded(value)))
}

pub(super) fn number(value: &str, least: usize, most: usize) -> Result<usize, String> {
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

pub(super) fn choice<T: Copy>(value: &str, choices: &[(&str, T)]) -> Result<T, String> {
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

/// `a, b or c`.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// RFC 3339, or seconds since the epoch with or without a fraction.
pub(super) fn time(value: &str) -> Result<Timestamp, String> {
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
/// Reads a duration such as `10ms`, `5m` or `1h`.
///
/// # Errors
/// It is none: what was expected.
pub fn duration(value: &str) -> Result<Duration, String> {
    let expected = || {
        format!(
            "`{}` is not a duration, expected a number with a unit such as 10ms, 5m or 1h",
            bounded(value)
        )
    };
    let duration: jiff::SignedDuration = value.parse().map_err(|_| expected())?;
    duration.try_into().map_err(|_| expected())
}

pub(super) fn positive(duration: Duration) -> Result<Duration, String> {
    if duration.is_zero() {
        Err("0 is out of range, expected more".to_owned())
    } else {
        Ok(duration)
    }
}

/// What a user typed, short enough to be said back.
pub(super) fn bounded(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
