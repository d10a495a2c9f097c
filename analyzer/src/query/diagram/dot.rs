//! Graphs of Graphviz.
//!
//! **Source** graphviz.org, "DOT Language" (quoted strings), "escString" (a backslash begins an
//! escape) and "Character Entities" (an ampersand begins one).

use crate::query::diagram::{Shape, Syntax};

pub(super) const SYNTAX: Syntax = Syntax {
    comment: "//",
    begin: "digraph dependencies {\n  rankdir=LR;\n  node [shape=box];",
    end: "}\n",
    quoted,
    node,
    edge,
};

fn quoted(text: &str) -> String {
    let safe = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('&', "&amp;");
    format!("\"{safe}\"")
}

fn node(number: usize, label: &str, shape: Shape) -> String {
    match shape {
        Shape::Inside => format!("n{number} [label={label}];"),
        Shape::Outside => format!("n{number} [label={label}, shape=ellipse];"),
    }
}

fn edge(from: usize, to: usize, label: &str) -> String {
    format!("n{from} -> n{to} [label={label}];")
}
