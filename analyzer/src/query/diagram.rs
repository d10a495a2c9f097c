//! Graphs as text that other programs draw.
//!
//! In: the view of dependencies. Out: Mermaid or DOT. Nodes are numbered in the order of the view,
//! so that no name has to be an identifier; names stand in quotes, where nothing of them can be
//! taken for anything but text.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::cluster::EndKind;
use crate::query::Form;
use crate::query::label::label;
use crate::query::view::EndView;
use crate::query::view::dependencies::{DependenciesView, EdgeView};
use crate::snapshot::Source;

mod dot;
mod mermaid;

/// Ports that an edge names before it counts them.
const PORTS: usize = 3;

/// The graph in a form; `None` when that is JSON, which is the view itself.
#[must_use]
pub fn render(view: &DependenciesView, form: Form) -> Option<String> {
    match form {
        Form::Json => None,
        Form::Mermaid => Some(draw(view, &mermaid::SYNTAX)),
        Form::Dot => Some(draw(view, &dot::SYNTAX)),
    }
}

/// How a language writes a graph.
struct Syntax {
    comment: &'static str,
    begin: &'static str,
    end: &'static str,
    /// Text that is safe between its quotes.
    quoted: fn(&str) -> String,
    node: fn(usize, &str, Shape) -> String,
    edge: fn(usize, usize, &str) -> String,
}

/// What a node looks like.
#[derive(Clone, Copy)]
enum Shape {
    /// Of the cluster.
    Inside,
    /// Any other address.
    Outside,
}

impl Shape {
    const fn of(end: &EndView) -> Self {
        match end.kind {
            Some(EndKind::External | EndKind::Unresolved) => Self::Outside,
            Some(EndKind::Pod | EndKind::Service | EndKind::Node) | None => Self::Inside,
        }
    }
}

fn draw(view: &DependenciesView, syntax: &Syntax) -> String {
    let mut text = format!("{} {}\n{}\n", syntax.comment, extent(view), syntax.begin);
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, node) in view.nodes.iter().enumerate() {
        numbers.insert(&node.id, number);
        let label = (syntax.quoted)(&visible(&label(&node.end, None)));
        let node = (syntax.node)(number, &label, Shape::of(&node.end));
        let _ = writeln!(text, "  {node}");
    }
    for edge in &view.edges {
        let ends = (numbers.get(&*edge.from), numbers.get(&*edge.to));
        if let (Some(from), Some(to)) = ends {
            let label = (syntax.quoted)(&visible(&ports(edge)));
            let edge = (syntax.edge)(*from, *to, &label);
            let _ = writeln!(text, "  {edge}");
        }
    }
    text.push_str(syntax.end);
    text
}

/// What the graph shows, and of how much.
fn extent(view: &DependenciesView) -> String {
    let (shown, coverage) = (view.edges.len(), &view.coverage);
    // A live node never reads to an end.
    let reading = if coverage.complete || coverage.source == Source::Live {
        ""
    } else {
        ", not read to the end"
    };
    format!(
        "{shown} of {} edges, from {} frames counted of {}{reading}",
        view.total, coverage.counted, coverage.frames
    )
}

/// `80/tcp, 443/tcp`, or the first ones and how many others there are.
fn ports(edge: &EdgeView) -> String {
    let mut named: Vec<String> = edge.ports.iter().take(PORTS).cloned().collect();
    let others = edge.ports.len().saturating_sub(PORTS);
    if others > 0 {
        named.push(format!("{others} more"));
    }
    named.join(", ")
}

/// A text of which nothing is hidden: control characters, and those that reorder it, are spelled.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ' {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

#[cfg(test)]
mod tests;
