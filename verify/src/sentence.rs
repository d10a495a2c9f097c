//! Changes as a person would say them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use analyzer::query::label::label;
use analyzer::query::view::EndView;
use serde_json::Value;

use crate::compare::{Change, FieldChange};
use crate::report::{Finding, Kind};

/// Rates, and sums of what is told already.
const DERIVED: [&str; 6] = ["totals.", "wire.", "_pps", "_bps", "pps", "bps"];

/// How many fields of a row are told.
const FIELDS: usize = 6;

/// What is told of a change.
pub(crate) fn finding(change: Change) -> Finding {
    let (kind, sentence) = match change {
        Change::Appeared(row) => (
            Kind::Appeared,
            format!(
                "{} appeared: {}{}",
                noun(&row),
                who(&row),
                with(volume(&row))
            ),
        ),
        Change::Gone(row) => (
            Kind::Gone,
            format!(
                "{} is gone: {}{}",
                noun(&row),
                who(&row),
                with(volume(&row))
            ),
        ),
        Change::Renamed { was, fields, .. } => (Kind::Renamed, renamed(&was, &fields)),
        Change::Moved { row, fields } => (Kind::Moved, moved(&row, &fields)),
        Change::Total { was, is } => (
            Kind::Moved,
            format!("the number of rows that match moved: {was} → {is}"),
        ),
        Change::NotAccepted { rows } => (
            Kind::NotAccepted,
            format!(
                "no answer was accepted yet; now it has {}",
                plural(rows, "row")
            ),
        ),
        Change::NotAsked => (
            Kind::NotAsked,
            "an answer was accepted that no query asks for: add the query, or remove the file"
                .to_owned(),
        ),
    };
    Finding {
        kind,
        sentence,
        see: Vec::new(),
    }
}

/// The lines of the accepted text that are gone, and those that came.
pub(crate) fn raw(was: &str, is: &str) -> String {
    let mut text = String::new();
    for (sign, lines, others) in [("-", was, is), ("+", is, was)] {
        let mut same: BTreeMap<&str, usize> = BTreeMap::new();
        for line in others.lines() {
            *same.entry(line).or_default() += 1;
        }
        for line in lines.lines() {
            match same.get_mut(line).filter(|left| **left > 0) {
                Some(left) => *left -= 1,
                None => text.extend([sign, line, "\n"]),
            }
        }
    }
    text
}

fn renamed(was: &Value, fields: &[FieldChange]) -> String {
    let of_ends: Vec<String> = fields
        .iter()
        .filter(|field| field.is_of_an_end())
        .map(said)
        .collect();
    let counts: Vec<FieldChange> = fields
        .iter()
        .filter(|field| !field.is_of_an_end())
        .cloned()
        .collect();
    let mut sentence = format!(
        "a name resolved differently: {}: {}",
        who(was),
        of_ends.join(", ")
    );
    if !counts.is_empty() {
        let _ = write!(sentence, "; and {}", told(&counts));
    }
    sentence
}

fn moved(row: &Value, fields: &[FieldChange]) -> String {
    match who(row) {
        who if who.is_empty() => told(fields),
        who => format!("{who}: {}", told(fields)),
    }
}

/// The fields that moved, those first that others follow from.
fn told(fields: &[FieldChange]) -> String {
    let is_derived = |field: &&FieldChange| {
        DERIVED
            .iter()
            .any(|name| field.path.starts_with(name) || field.path.ends_with(name))
    };
    let mut causes: Vec<&FieldChange> = fields.iter().filter(|f| !is_derived(f)).collect();
    if causes.is_empty() {
        causes = fields.iter().collect();
    }
    let views = both_views(&causes);
    let mut said: Vec<String> = views.iter().map(|(_, text)| text.clone()).collect();
    let in_views = |path: &str| views.iter().any(|(paths, _)| paths.contains(&path));
    said.extend(
        causes
            .iter()
            .filter(|f| !in_views(&f.path))
            .map(|f| self::said(f)),
    );
    let more = said.len().saturating_sub(FIELDS);
    said.truncate(FIELDS);
    let mut text = said.join(", ");
    if more > 0 {
        let _ = write!(text, " and {} more", plural(more, "field"));
    }
    text
}

/// What a client and a server sent, where both ends say the same of it.
fn both_views<'f>(fields: &[&'f FieldChange]) -> Vec<([&'f str; 2], String)> {
    let find = |path: &str| fields.iter().find(|field| field.path == path).copied();
    let mut views = Vec::new();
    for (sender, receiver, way) in [
        ("client_stats.tx", "server_stats.rx", "sent by the client"),
        ("server_stats.tx", "client_stats.rx", "sent by the server"),
    ] {
        for (unit, noun) in [("bytes", "bytes"), ("pkts", "packets")] {
            let (sent, received) = (
                find(&format!("{sender}_{unit}")),
                find(&format!("{receiver}_{unit}")),
            );
            if let (Some(sent), Some(received)) = (sent, received)
                && (&sent.was, &sent.is) == (&received.was, &received.is)
            {
                let text = format!("{noun} {way} {}", values(sent));
                views.push(([sent.path.as_str(), received.path.as_str()], text));
            }
        }
    }
    views
}

fn said(field: &FieldChange) -> String {
    format!("{} {}", field.path, values(field))
}

/// `1 → 2 (+1)`.
fn values(field: &FieldChange) -> String {
    let shown = |value: &Option<Value>| match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_i64);
    let difference = match (number(&field.was), number(&field.is)) {
        (Some(was), Some(is)) => is.checked_sub(was),
        _ => None,
    };
    let difference = difference.map_or_else(String::new, |by| format!(" ({by:+})"));
    format!("{} → {}{difference}", shown(&field.was), shown(&field.is))
}

/// What a row is.
fn noun(row: &Value) -> &'static str {
    let has = |name: &str| row.get(name).is_some();
    if has("start") {
        "a connection"
    } else if has("client") {
        "a flow"
    } else if has("from") {
        "a dependency"
    } else if has("peers") {
        "a workload"
    } else {
        "an answer"
    }
}

/// Who a row is of: `shop/frontend → shop/cart, port 80/tcp`; nothing for a whole.
fn who(row: &Value) -> String {
    let end =
        |value: Option<&Value>| -> Option<EndView> { serde_json::from_value(value?.clone()).ok() };
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    if let (Some(client), Some(server)) = (end(row.get("client")), end(row.get("server"))) {
        let proto = text("proto").unwrap_or_default();
        let port = match server.port {
            Some(port) => format!("port {port}/{proto}"),
            None => proto.to_owned(),
        };
        return format!(
            "{} → {}, {port}",
            label(&client, client.port),
            label(&server, None)
        );
    }
    if let (Some(from), Some(to)) = (text("from"), text("to")) {
        return format!("{from} → {to}");
    }
    if row.get("peers").is_some() {
        return end(Some(row))
            .map(|end| label(&end, None))
            .unwrap_or_default();
    }
    String::new()
}

/// `1234 bytes in 12 packets`, where a row says so.
fn volume(row: &Value) -> Option<String> {
    let count = |path: &str| row.pointer(path).and_then(Value::as_u64);
    let sum = |one: &str, other: &str| Some(count(one)?.saturating_add(count(other)?));
    let bytes = sum("/client_stats/tx_bytes", "/server_stats/tx_bytes").or_else(|| count("/bytes"));
    let packets = sum("/client_stats/tx_pkts", "/server_stats/tx_pkts").or_else(|| count("/pkts"));
    let packets = usize::try_from(packets?).unwrap_or(usize::MAX);
    Some(format!("{} bytes in {}", bytes?, plural(packets, "packet")))
}

fn with(volume: Option<String>) -> String {
    volume.map_or_else(String::new, |volume| format!(", {volume}"))
}

/// A count with its noun.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// A flow: who it is of, and how much it is.
pub(crate) fn flow(row: &Value) -> String {
    format!("{}{}", who(row), with(volume(row)))
}
