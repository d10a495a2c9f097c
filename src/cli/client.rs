//! The client of a running server: a question over HTTP, its answer or what the server said.
//!
//! **Shape** a server gives at most [`Page::LIMIT_MAX`] rows at once; who asks for more
//! gets the pages one after the other, in one answer; those of a live node end with the last
//! interval that is over.
//! **Errors** where it was asked, what came back, what was expected.

use std::collections::BTreeSet;

use analyzer::query::view::dependencies::{DependenciesView, NodeView};
use analyzer::query::view::diff::DiffView;
use analyzer::query::view::workloads::WorkloadsView;
use analyzer::query::view::{ConnectionsView, CoverageView, FlowsView};
use analyzer::query::{Answer, Operation, Page};
use analyzer::snapshot::Source;
use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cli::answer::ALL;
use crate::cli::client::settled::settled;
use crate::cli::parameters::{Pair, spelled};
use crate::cli::question::Question;

mod server;
mod settled;

pub(crate) use crate::cli::client::server::{Server, args, args_of_default};

/// What a server says when it refuses.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The body of the answer, as it came.
pub(crate) fn body(server: &Server, question: &Question) -> anyhow::Result<Vec<u8>> {
    let body = ask(server, question.operation, &question.asked)?;
    parsed(server, question.operation, &body)?;
    Ok(body)
}

/// The answer, with all rows that were asked for.
pub(crate) fn answer(server: &Server, question: &Question) -> anyhow::Result<Answer> {
    if let Some(rows) = rows_in_pages(question) {
        return pages(server, question, rows);
    }
    let body = ask(server, question.operation, &question.asked)?;
    parsed(server, question.operation, &body)
}

/// How many rows are asked for, where a server does not give them at once.
pub(crate) fn rows_in_pages(question: &Question) -> Option<usize> {
    let (_, limit) = question.asked.iter().find(|(name, _)| name == "limit")?;
    let rows = match limit.as_str() {
        ALL => usize::MAX,
        // It was read once, so it is a number.
        number => number.parse().ok()?,
    };
    (rows > Page::LIMIT_MAX).then_some(rows)
}

fn pages(server: &Server, question: &Question, mut rows_left: usize) -> anyhow::Result<Answer> {
    let (paging, mut fixed): (Vec<Pair>, Vec<Pair>) = question
        .asked
        .iter()
        .cloned()
        .partition(|(name, _)| name == "limit" || name == "offset");
    let first = paging.iter().find(|(name, _)| name == "offset");
    let mut offset: usize = first.map_or(Ok(0), |(_, value)| value.parse())?;
    let mut whole: Option<Answer> = None;
    let mut is_settled = false;
    loop {
        let limit = rows_left.min(Page::LIMIT_MAX);
        let mut pairs = fixed.clone();
        pairs.push(("limit".to_owned(), limit.to_string()));
        pairs.push(("offset".to_owned(), offset.to_string()));
        let body = ask(server, question.operation, &pairs)?;
        let page = parsed(server, question.operation, &body)?;
        let (rows, total) = extent(&page);
        let next = offset.saturating_add(rows);
        let is_last = rows < limit || next >= total || rows_left <= rows;
        if !is_last && !is_settled {
            is_settled = true;
            let bounded = settled(server, &page, &fixed)?;
            if bounded != fixed {
                fixed = bounded;
                continue;
            }
        }
        offset = next;
        rows_left = rows_left.saturating_sub(rows);
        match &mut whole {
            None => whole = Some(page),
            Some(whole) => append(whole, page)?,
        }
        if is_last {
            return whole.context("no page came");
        }
    }
}

/// How many rows an answer shows, and how many there are.
fn extent(answer: &Answer) -> (usize, usize) {
    match answer {
        Answer::Flows(view) => (view.flows.len(), view.total),
        Answer::Connections(view) => (view.connections.len(), view.total),
        Answer::Workloads(view) => (view.workloads.len(), view.total),
        Answer::Dependencies(view) => (view.edges.len(), view.total),
        Answer::Diff(view) => (view.edges.len(), view.total),
        Answer::Summary(_) => (0, 0),
    }
}

/// Adds the rows of the next page. Pages of different moments would miss rows or repeat them.
fn append(whole: &mut Answer, page: Answer) -> anyhow::Result<()> {
    let bounds = |of: &CoverageView| of.window.as_ref().map(|of| (of.start, of.end));
    let same = |a: &CoverageView, b: &CoverageView| match a.source {
        Source::Replay => a.frames == b.frames && a.to == b.to,
        // It counts on, but not in a window that is over.
        Source::Live => bounds(a) == bounds(b),
    };
    let is_as_long = extent(whole).1 == extent(&page).1;
    let joined = match (whole, page) {
        (
            Answer::Flows(FlowsView {
                flows,
                coverage,
                truncated,
                ..
            }),
            Answer::Flows(page),
        ) => {
            flows.extend(page.flows);
            *truncated = flows.len() < page.total;
            same(coverage, &page.coverage)
        }
        (
            Answer::Connections(ConnectionsView {
                connections,
                coverage,
                truncated,
                ..
            }),
            Answer::Connections(page),
        ) => {
            connections.extend(page.connections);
            *truncated = connections.len() < page.total;
            same(coverage, &page.coverage)
        }
        (
            Answer::Workloads(WorkloadsView {
                workloads,
                coverage,
                truncated,
                ..
            }),
            Answer::Workloads(page),
        ) => {
            workloads.extend(page.workloads);
            *truncated = workloads.len() < page.total;
            same(coverage, &page.coverage)
        }
        (
            Answer::Dependencies(DependenciesView {
                nodes,
                edges,
                coverage,
                truncated,
                ..
            }),
            Answer::Dependencies(page),
        ) => {
            add_nodes(nodes, page.nodes);
            edges.extend(page.edges);
            *truncated = edges.len() < page.total;
            same(coverage, &page.coverage)
        }
        (
            Answer::Diff(DiffView {
                edges,
                coverage,
                truncated,
                ..
            }),
            Answer::Diff(page),
        ) => {
            edges.extend(page.edges);
            *truncated = edges.len() < page.total;
            same(coverage, &page.coverage)
        }
        _ => false,
    };
    if joined && is_as_long {
        return Ok(());
    }
    bail!(
        "the server's data changed between two pages of the answer, expected it to stay: \
         ask again when it has read its captures, or for one page with --limit {}",
        Page::LIMIT_MAX
    )
}

/// Adds the nodes that edges before did not have.
fn add_nodes(nodes: &mut Vec<NodeView>, more: Vec<NodeView>) {
    let known: BTreeSet<String> = nodes.iter().map(|node| node.id.clone()).collect();
    nodes.extend(more.into_iter().filter(|node| !known.contains(&node.id)));
}

fn ask(server: &Server, operation: Operation, pairs: &[Pair]) -> anyhow::Result<Vec<u8>> {
    let (status, body) = server.get(operation.path(), pairs)?;
    if status == 200 {
        return Ok(body);
    }
    match serde_json::from_slice::<Refusal>(&body) {
        Ok(Refusal { error }) => bail!("{}", spelled(&error)),
        Err(_) => bail!("{server}: no pilotfish answers there (HTTP status {status})"),
    }
}

fn parsed(server: &Server, operation: Operation, body: &[u8]) -> anyhow::Result<Answer> {
    match operation {
        Operation::Flows => view(body).map(Answer::Flows),
        Operation::Summary => view(body).map(Answer::Summary),
        Operation::Connections => view(body).map(Answer::Connections),
        Operation::Workloads => view(body).map(Answer::Workloads),
        Operation::Dependencies => view(body).map(Answer::Dependencies),
        Operation::Diff => view(body).map(Answer::Diff),
    }
    .map_err(|error| {
        let path = operation.path();
        anyhow!("{server}: no pilotfish answers there: {path} gave something else ({error})")
    })
}

fn view<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(body)
}
