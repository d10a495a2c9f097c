//! Flowcharts of Mermaid.
//!
//! **Source** mermaid.js.org, "Flowcharts", "Entity codes to escape characters": within quotes a
//! character may be given by its number, as `#34;`. All but letters, digits and a few more are.

use std::fmt::Write;

use crate::query::diagram::{Shape, Syntax};

pub(super) const SYNTAX: Syntax = Syntax {
    comment: "%%",
    begin: "flowchart LR",
    end: "",
    quoted,
    node,
    edge,
};

fn quoted(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ':' | ',' | '(' | ')') {
            safe.push(c);
        } else {
            let _ = write!(safe, "#{};", u32::from(c));
        }
    }
    format!("\"{safe}\"")
}

fn node(number: usize, label: &str, shape: Shape) -> String {
    match shape {
        Shape::Inside => format!("n{number}[{label}]"),
        Shape::Outside => format!("n{number}([{label}])"),
    }
}

fn edge(from: usize, to: usize, label: &str) -> String {
    format!("n{from} -->|{label}| n{to}")
}
