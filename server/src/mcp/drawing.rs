//! Drawings: as many edges of a graph as an answer has room for, as text that other programs draw.

use std::collections::BTreeSet;

use analyzer::query::view::dependencies::{DependenciesView, EdgeView};
use analyzer::query::{Answer, Form, diagram};

/// A graph that is drawn instead of listed.
pub(super) struct Drawing {
    view: DependenciesView,
    form: Form,
}

impl Drawing {
    /// Of an answer that is asked for in a form; `None` where that is no drawing.
    pub(super) fn of(answer: &Answer, form: Form) -> Option<Self> {
        match (answer, form) {
            (Answer::Dependencies(view), Form::Mermaid | Form::Dot) => Some(Self {
                view: view.clone(),
                form,
            }),
            (_, _) => None,
        }
    }

    /// The text with the first `shown` edges.
    pub(super) fn text(&self, shown: usize) -> String {
        let all = ids(&self.view.edges);
        let mut view = self.view.clone();
        view.edges.truncate(shown);
        let kept = ids(&view.edges);
        // What no edge of the page has was asked for.
        let nodes = self.view.nodes.iter();
        view.nodes = nodes
            .filter(|node| kept.contains(&*node.id) || !all.contains(&*node.id))
            .cloned()
            .collect();
        diagram::render(&view, self.form).unwrap_or_default()
    }
}

/// What edges lead between.
fn ids(edges: &[EdgeView]) -> BTreeSet<&str> {
    edges
        .iter()
        .flat_map(|edge| [&*edge.from, &*edge.to])
        .collect()
}
