//! `scenario.yaml`.
//!
//! ```yaml
//! version: 1
//! captures:
//!   - files: [node-1.pcap]            # rotated files of one source, in any order
//!     at: {node: node-1}              # or {pod: shop/cart-7f9c-hm2ts}, or between (the default)
//!     interfaces: {veth1a: {pod: shop/cart-7f9c-hm2ts}, eth0: uplink, docker0: ignore}
//! cluster: [cluster.yaml]             # default: the files of those names
//! cluster_cidrs: [10.244.0.0/16]
//! ```
//!
//! A recorder writes more, so that a replay counts as the live run did:
//! ```yaml
//! captures:
//!   - files: [capture-1-00001.pcapng, capture-1-00002.pcapng]
//!     at: {node: node-1}
//!     shows: all                      # interfaces without a frame had no traffic
//!     interfaces:                     # by number, where a name may go to another one
//!       - {index: 2, name: eth0, owner: uplink}
//!       - {index: 7, name: veth1a, owner: {pod: shop/cart-7f9c-hm2ts}}
//!       - {index: 9, name: veth1a}    # nobody knew whose it was: it is learned
//!     left_out: {frames: 12, first: 2026-11-22T10:00:00Z, last: 2026-11-22T10:01:00Z}
//! filter: tcp port 53                 # what was recorded of the frames; the rest was left out
//! timeouts: {tcp: 300s, udp: 60s}     # how long a connection may be silent
//! limits: {connections: 65536}        # the smaller one holds, of these and the replay's own
//! surplus: earliest                   # which records of connections went that did not fit
//! watched: {from: 2026-11-22T10:00:00Z, until: 2026-11-22T10:01:00Z}
//! ```

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use analyzer::hop::declaration::{PodName, Shown, TakenAt};
use ipnet::IpNet;

use crate::scenario::interfaces::Interfaces;
use crate::scenario::recorded::left_out;
use crate::scenario::{Recorded, Scenario, ScenarioError, Source};
use crate::text::read_text;
use objects::document::field::{Field, FieldError, shown};
use objects::document::{Content, Keep, Value, documents};

/// Reads a description over what the folder told by itself.
pub(super) fn read(
    folder: &Path,
    file: &Path,
    scenario: &mut Scenario,
) -> Result<(), ScenarioError> {
    let text = read_text(file).map_err(|error| ScenarioError::text(file, &error))?;
    let documents =
        documents(&text, Keep::All).map_err(|error| ScenarioError::syntax(file, error))?;
    let wrong = |error| ScenarioError::field(file, error);
    if let Some(second) = documents.get(1) {
        return Err(wrong(
            Field::root(second).wrong("a second document, expected one"),
        ));
    }
    let nothing = Value {
        line: 0,
        content: Content::Null,
    };
    let document = documents.first().unwrap_or(&nothing);
    declare(folder, &Field::root(document), scenario).map_err(wrong)
}

fn declare(folder: &Path, root: &Field<'_>, scenario: &mut Scenario) -> Result<(), FieldError> {
    let own = ["version", "captures", "cluster", "cluster_cidrs"];
    root.only(&[own.as_slice(), &Recorded::FIELDS].concat())?;
    let version = root.get("version")?;
    if version.text()? != Some("1") {
        return Err(version.wrong("expected version 1"));
    }
    let mut seen = BTreeSet::new();
    let captures = root.get("captures")?;
    for source in captures.items()? {
        scenario
            .captures
            .push(read_source(folder, &source, &mut seen)?);
    }
    let cluster = root.get("cluster")?;
    if !cluster.is_absent() {
        let files = cluster.items()?;
        scenario.cluster = files
            .iter()
            .map(|file| member(folder, file))
            .collect::<Result<_, _>>()?;
    }
    let ranges = root.get("cluster_cidrs")?;
    for range in ranges.items()? {
        scenario
            .cluster_cidrs
            .extend(range.parse::<IpNet>("a range such as 10.244.0.0/16")?);
    }
    scenario.recorded = Recorded::read(root)?;
    Ok(())
}

fn read_source(
    folder: &Path,
    source: &Field<'_>,
    seen: &mut BTreeSet<PathBuf>,
) -> Result<Source, FieldError> {
    source.only(&["files", "at", "shows", "interfaces", "left_out"])?;
    let list = source.get("files")?;
    let mut files = Vec::new();
    for item in list.items()? {
        let file = member(folder, &item)?;
        if !seen.insert(file.clone()) {
            return Err(item.wrong("named twice"));
        }
        files.push(file);
    }
    if files.is_empty() {
        return Err(list.wrong("no file, expected the names of captures"));
    }
    let at = taken_at(&source.get("at")?)?;
    let Interfaces {
        owners,
        numbered,
        names,
    } = Interfaces::read(&source.get("interfaces")?)?;
    Ok(Source {
        files,
        at,
        shows: shows(&source.get("shows")?)?,
        interfaces: owners,
        numbered,
        names,
        left_out: left_out(&source.get("left_out")?)?,
    })
}

/// A file within the folder, which must be there.
fn member(folder: &Path, field: &Field<'_>) -> Result<PathBuf, FieldError> {
    let name = field
        .text()?
        .ok_or_else(|| field.wrong("empty, expected the name of a file"))?;
    let inside = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Err(field.wrong(format!("{} is not within this folder", shown(name))));
    }
    let file = folder.join(name);
    if file.is_file() {
        Ok(file)
    } else {
        Err(field.wrong(format!("no file {} in this folder", shown(name))))
    }
}

fn taken_at(field: &Field<'_>) -> Result<TakenAt, FieldError> {
    const EXPECTED: &str = "expected between, {node: NAME} or {pod: NAMESPACE/NAME}";
    if field.is_absent() || matches!(field.text(), Ok(Some("between"))) {
        return Ok(TakenAt::Between);
    }
    let Ok(entries) = field.entries() else {
        return Err(field.wrong(EXPECTED));
    };
    match entries.as_slice() {
        [("node", node)] => Ok(TakenAt::Node(node.required_name()?)),
        [("pod", pod)] => Ok(TakenAt::Pod(pod_name(pod)?)),
        _ => Err(field.wrong(EXPECTED)),
    }
}

fn shows(field: &Field<'_>) -> Result<Shown, FieldError> {
    match field.text()? {
        None => Ok(Shown::Some),
        Some("all") => Ok(Shown::All),
        Some(other) => Err(field.wrong(format!("{} is unknown, expected all", shown(other)))),
    }
}

pub(super) fn pod_name(field: &Field<'_>) -> Result<PodName, FieldError> {
    let text = field.required_name()?;
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => Ok(PodName {
            namespace: namespace.into(),
            name: name.into(),
        }),
        Some(_) | None => Err(field.wrong(format!(
            "{} is not a pod, expected NAMESPACE/NAME",
            shown(&text)
        ))),
    }
}
