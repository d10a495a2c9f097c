//! `scenario.yaml`: what replay is told beside frames and objects.
//!
//! In: files, declarations, settings. Out: the text.
//! **Shape** texts are quoted as in JSON, which YAML reads too.

use std::collections::BTreeSet;
use std::fmt::Write;

use analyzer::connection::IdleTimeouts;
use analyzer::engine::{Settings, Unrecorded};
use analyzer::hop::declaration::{InterfaceOwner, PodName, Shown, SourceDeclaration, TakenAt};
use analyzer::time::{NANOS_PER_SECOND, Timestamp};
use ipnet::IpNet;
use serde_json::Value;

/// What stands above everything.
const HEAD: &str = "\
# What was recorded, and how. `pilotfish replay` with this folder gives the answers of the live run.
version: 1
";

/// A source and the names of its files.
pub(super) struct DescribedSource<'a> {
    pub(super) files: Vec<String>,
    pub(super) declaration: &'a SourceDeclaration,
    pub(super) left_out: Option<Unrecorded>,
}

/// The engine that was given the same, and what was kept from it.
pub(super) struct DescribedEngine<'a> {
    pub(super) settings: Settings,
    pub(super) cluster_cidrs: &'a [IpNet],
    pub(super) filter: Option<&'a str>,
}

/// The text of a description.
pub(super) fn text(
    sources: &[DescribedSource<'_>],
    timelines: &[String],
    engine: &DescribedEngine<'_>,
    watched: Option<(Timestamp, Timestamp)>,
) -> String {
    let DescribedEngine {
        settings,
        cluster_cidrs,
        filter,
    } = engine;
    let mut text = HEAD.to_owned();
    text.push_str("captures:\n");
    for source in sources {
        describe(&mut text, source);
    }
    if timelines.len() > 1 {
        let files: Vec<String> = timelines.iter().map(|file| quoted(file)).collect();
        line(&mut text, format_args!("cluster: [{}]", files.join(", ")));
    }
    if !cluster_cidrs.is_empty() {
        let ranges: Vec<String> = cluster_cidrs
            .iter()
            .map(|r| quoted(&r.to_string()))
            .collect();
        line(
            &mut text,
            format_args!("cluster_cidrs: [{}]", ranges.join(", ")),
        );
    }
    if let Some(filter) = filter {
        line(&mut text, format_args!("filter: {}", quoted(filter)));
    }
    let IdleTimeouts { tcp_ns, udp_ns } = settings.idle;
    let (tcp, udp) = (seconds(tcp_ns), seconds(udp_ns));
    line(
        &mut text,
        format_args!("timeouts: {{tcp: {tcp}, udp: {udp}}}"),
    );
    if let Some((from, until)) = watched {
        line(
            &mut text,
            format_args!("watched: {{from: {from}, until: {until}}}"),
        );
    }
    let mut limits = settings.limits;
    let limits = limits
        .named()
        .map(|(name, limit)| format!("{name}: {limit}"));
    line(&mut text, format_args!("limits: {{{}}}", limits.join(", ")));
    line(
        &mut text,
        format_args!("surplus: {}", settings.surplus.name()),
    );
    text
}

fn describe(text: &mut String, source: &DescribedSource<'_>) {
    let SourceDeclaration {
        // A capture is named by its file.
        name: _,
        at,
        shows,
        owners,
        numbered,
        names,
    } = source.declaration;
    line(text, format_args!("  - files:"));
    for file in &source.files {
        line(text, format_args!("      - {}", quoted(file)));
    }
    match at {
        TakenAt::Between => {}
        TakenAt::Node(node) => line(text, format_args!("    at: {{node: {}}}", quoted(node))),
        TakenAt::Pod(name) => line(text, format_args!("    at: {{pod: {}}}", pod(name))),
    }
    match shows {
        Shown::Some => {}
        Shown::All => line(text, format_args!("    shows: all")),
    }
    if let Some(Unrecorded {
        frames,
        first,
        last,
    }) = source.left_out
    {
        line(
            text,
            format_args!("    left_out: {{frames: {frames}, first: {first}, last: {last}}}"),
        );
    }
    if owners.len() + numbered.len() + names.len() > 0 {
        line(text, format_args!("    interfaces:"));
    }
    let indexes: BTreeSet<u32> = numbered.keys().chain(names.keys()).copied().collect();
    for index in indexes {
        let name = names
            .get(&index)
            .map(|name| format!(", name: {}", quoted(name)));
        let owner = numbered
            .get(&index)
            .map(|owner| format!(", owner: {}", whose(owner)));
        let (name, owner) = (name.unwrap_or_default(), owner.unwrap_or_default());
        line(
            text,
            format_args!("      - {{index: {index}{name}{owner}}}"),
        );
    }
    for (name, owner) in owners {
        let (name, owner) = (quoted(name), whose(owner));
        line(
            text,
            format_args!("      - {{name: {name}, owner: {owner}}}"),
        );
    }
}

fn seconds(nanos: u64) -> String {
    let (whole, rest) = (nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
    match rest {
        0 => format!("{whole}s"),
        _ => format!("{whole}.{rest:09}s"),
    }
}

fn whose(owner: &InterfaceOwner) -> String {
    match owner {
        InterfaceOwner::Pod(name) => format!("{{pod: {}}}", pod(name)),
        InterfaceOwner::Uplink => "uplink".to_owned(),
        InterfaceOwner::Ignore => "ignore".to_owned(),
    }
}

fn pod(PodName { namespace, name }: &PodName) -> String {
    quoted(&format!("{namespace}/{name}"))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _ = writeln!(text, "{line}");
}
