//! Rows of an answer: each written once, with what is asked of it before it is known whether it is
//! shown.

use std::collections::BTreeSet;

use analyzer::query::Answer;
use analyzer::query::row::Volume;
use analyzer::query::view::dependencies::EdgeView;
use analyzer::query::view::diff::EdgeDiffView;
use analyzer::query::view::workloads::WorkloadView;
use analyzer::query::view::{FlowView, StatsView, TotalsView};
use serde::Serialize;
use serde_json::Error;

use crate::mcp::cut::{LeftOut, cut};
use crate::mcp::ordered::Writer;

/// A row.
pub(super) struct Row {
    /// As it is in the answer.
    pub(super) text: String,
    /// What it counts, as it shows it.
    pub(super) volume: Volume,
    /// Of an edge of a graph: the nodes that it leads between.
    pub(super) ends: Option<[String; 2]>,
    /// What its lists have lost where it was cut.
    pub(super) left_out: LeftOut,
}

impl Row {
    /// Cuts its lists, and its texts at need, to so many octets.
    pub(super) fn cut(&mut self, octets: usize) {
        if self.text.len() > octets
            && let Some((text, left_out)) = cut(&self.text, octets)
        {
            (self.text, self.left_out) = (text, left_out);
        }
    }
}

/// Takes the rows of an answer out of it.
pub(super) fn take(answer: &mut Answer) -> Result<Vec<Row>, Error> {
    match answer {
        Answer::Flows(view) => rows(&mut view.flows, |row| (flow(row), None)),
        Answer::Connections(view) => rows(&mut view.connections, |row| (flow(&row.flow), None)),
        Answer::Workloads(view) => rows(&mut view.workloads, |row| (workload(row), None)),
        Answer::Dependencies(view) => rows(&mut view.edges, |row| {
            (edge(row), Some([row.from.clone(), row.to.clone()]))
        }),
        Answer::Diff(view) => rows(&mut view.edges, |row| (difference(row), None)),
        Answer::Summary(_) => Ok(Vec::new()),
    }
}

fn rows<T: Serialize>(
    views: &mut Vec<T>,
    facts: impl Fn(&T) -> (Volume, Option<[String; 2]>),
) -> Result<Vec<Row>, Error> {
    let mut writer = Writer::default();
    let row = |view: T| {
        let (volume, ends) = facts(&view);
        let text = writer.write(&view)?;
        Ok(Row {
            text,
            volume,
            ends,
            left_out: LeftOut::new(),
        })
    };
    std::mem::take(views).into_iter().map(row).collect()
}

/// What edges lead between.
pub(super) fn ids(edges: &[Row]) -> BTreeSet<&str> {
    let ends = edges.iter().filter_map(|edge| edge.ends.as_ref());
    ends.flatten().map(String::as_str).collect()
}

fn flow(row: &FlowView) -> Volume {
    let TotalsView { pkts, bytes, .. } = row.totals;
    Volume { pkts, bytes }
}

fn workload(row: &WorkloadView) -> Volume {
    let StatsView {
        tx_pkts,
        rx_pkts,
        tx_bytes,
        rx_bytes,
        ..
    } = row.stats;
    Volume {
        pkts: tx_pkts.saturating_add(rx_pkts),
        bytes: tx_bytes.saturating_add(rx_bytes),
    }
}

fn edge(row: &EdgeView) -> Volume {
    let EdgeView { pkts, bytes, .. } = *row;
    Volume { pkts, bytes }
}

/// On the side with more.
fn difference(row: &EdgeDiffView) -> Volume {
    let sides = [&row.a, &row.b].into_iter().flatten();
    let volumes = sides.map(|side| Volume {
        pkts: side.pkts,
        bytes: side.bytes,
    });
    volumes.max_by_key(|side| side.bytes).unwrap_or_default()
}
