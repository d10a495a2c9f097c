//! Fitting: as many rows as an answer has room for, and what is said of the others.

use std::collections::BTreeSet;

use analyzer::query::row::Volume;
use analyzer::query::{Answer, Operation};
use analyzer::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::mcp::arguments::Asked;
use crate::mcp::cursor::Cursor;
use crate::mcp::drawing::Drawing;
use crate::mcp::grain::Grain;
use crate::mcp::lesson::Lesson;
use crate::mcp::notes;

/// The lists of a summary, from what is given up first.
const LISTS: [&str; 4] = [
    "cross_namespace",
    "by_namespace",
    "top_by_pkts",
    "top_by_bytes",
];

/// Rows that were taken away may have this part of the bytes of the others: where the finest rows
/// tell nearly all, no coarser ones are made.
const MOST: u64 = 9;

/// An answer before it is written: its rows apart from the rest.
pub(super) struct Sheet<'a> {
    asked: &'a Asked,
    grain: Grain,
    fields: Map<String, Value>,
    rows: Vec<Value>,
    /// How long each row is in the answer, with what parts it from the next; 0 of a drawing's.
    lengths: Vec<usize>,
    /// Of dependencies: what edges lead between.
    nodes: Vec<Value>,
    /// What is shown instead of edges and nodes, where that was asked for.
    drawing: Option<Drawing>,
    total: usize,
    /// What the rows after those of the page count.
    rest: Volume,
    /// The last frame that is counted.
    until: Timestamp,
    /// How many rows the page has, of which some may be taken away.
    shown: usize,
}

impl<'a> Sheet<'a> {
    /// Takes an answer apart.
    pub(super) fn of(asked: &'a Asked, grain: Grain, answer: Answer) -> Result<Self, Lesson> {
        let value = serde_json::to_value(&answer);
        let Ok(Value::Object(mut fields)) = value else {
            return Err(Lesson::new("the answer could not be written"));
        };
        let mut list = |name: &str| match fields.remove(name) {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        };
        let rows = asked
            .operation
            .facts()
            .rows
            .map(&mut list)
            .unwrap_or_default();
        let nodes = match asked.operation {
            Operation::Dependencies => list("nodes"),
            Operation::Flows
            | Operation::Summary
            | Operation::Connections
            | Operation::Workloads
            | Operation::Diff => Vec::new(),
        };
        let ((total, rest), until) = (extent(&answer), until(&answer));
        notes::trim_coverage(&mut fields);
        let drawing = Drawing::of(answer, asked.query.form);
        let length = |row: &Value| match drawing {
            Some(_) => 0,
            None => row.to_string().len() + 1,
        };
        let mut sheet = Self {
            asked,
            grain,
            fields,
            shown: rows.len(),
            lengths: rows.iter().map(length).collect(),
            rows,
            nodes,
            drawing,
            total,
            rest,
            until: until.unwrap_or_default(),
        };
        sheet.shorten();
        Ok(sheet)
    }

    /// Adds a field that the operation's answer does not have.
    pub(super) fn note(&mut self, field: &str, value: Value) {
        self.fields.insert(field.to_owned(), value);
    }

    /// Whether the rows that are shown tell most of what those of the page do. A graph of which a
    /// part is shown misleads: its edges must tell most of all, unless so many were asked for.
    pub(super) fn fits(&self) -> bool {
        let (shown, taken) = self.rows.split_at(self.shown.min(self.rows.len()));
        let bytes = |rows: &[Value]| rows.iter().map(|row| volume(row).bytes).sum::<u64>();
        let is_graph = matches!(
            self.asked.operation,
            Operation::Dependencies | Operation::Diff
        );
        let after = if is_graph && !self.asked.has("limit") {
            self.rest.bytes
        } else {
            0
        };
        bytes(taken).saturating_add(after) <= bytes(shown) / MOST
    }

    /// The whole answer.
    pub(super) fn write(mut self) -> Value {
        let mut fields = self.frame(self.shown);
        if let (Some(name), None) = (self.asked.operation.facts().rows, &self.drawing) {
            self.rows.truncate(self.shown);
            fields.insert(name.to_owned(), self.rows.into());
        }
        Value::Object(fields)
    }

    /// Takes rows away until the answer is short enough.
    fn shorten(&mut self) {
        if self.is_short(self.shown) {
            return;
        }
        // The most rows that are not too long.
        let (mut least, mut most) = (0, self.shown);
        while least + 1 < most {
            let middle = least.midpoint(most);
            if self.is_short(middle) {
                least = middle;
            } else {
                most = middle;
            }
        }
        self.shown = least;
        for list in LISTS {
            while !self.is_short(self.shown) && self.halve(list) {}
        }
    }

    /// Leaves out half of a list, the least; false where nothing is left of it.
    fn halve(&mut self, list: &str) -> bool {
        let left_out = match self.fields.get_mut(list) {
            Some(Value::Array(values)) if !values.is_empty() => {
                let keep = values.len() / 2;
                values.drain(keep..).count()
            }
            Some(Value::Object(counts)) if !counts.is_empty() => {
                let keep = counts.len() / 2;
                let mut least: Vec<(u64, String)> = counts
                    .iter()
                    .map(|(name, count)| (count.as_u64().unwrap_or(0), name.clone()))
                    .collect();
                least.sort_unstable_by(|a, b| b.cmp(a));
                let least: Vec<String> = least.into_iter().skip(keep).map(|(_, n)| n).collect();
                for name in &least {
                    counts.remove(name);
                }
                least.len()
            }
            _ => return false,
        };
        let all = self.fields.entry("left_out").or_insert_with(|| json!({}));
        if let Value::Object(all) = all {
            let before = all.get(list).and_then(Value::as_u64).unwrap_or(0);
            all.insert(list.to_owned(), (before + left_out as u64).into());
        }
        true
    }

    /// Whether the answer with the first `shown` rows is short enough. Each row was written once to
    /// know its length: an answer is not made to be measured.
    fn is_short(&self, shown: usize) -> bool {
        let rows = self.lengths.iter().take(shown).sum::<usize>();
        Value::Object(self.frame(shown)).to_string().len() + rows <= self.asked.budget
    }

    /// The answer with the first `shown` rows, but for the rows themselves.
    fn frame(&self, shown: usize) -> Map<String, Value> {
        let mut fields = self.fields.clone();
        if let Some(name) = self.asked.operation.facts().rows {
            let offset = self.asked.query.page.offset;
            let left = self.total.saturating_sub(offset.saturating_add(shown));
            fields.insert("truncated".to_owned(), (shown < self.total).into());
            fields.insert("rows_are".to_owned(), self.grain.name().into());
            fields.insert("shown".to_owned(), shown.into());
            if left > 0 {
                self.say_rest(&mut fields, shown, left);
            }
            match &self.drawing {
                Some(drawing) => fields.insert("diagram".to_owned(), drawing.text(shown).into()),
                None => fields.insert(name.to_owned(), json!([])),
            };
        }
        if self.asked.operation == Operation::Dependencies && self.drawing.is_none() {
            let rows = self.rows.get(..shown).unwrap_or_default();
            fields.insert("nodes".to_owned(), self.nodes_of(rows).into());
        }
        let mut hints = notes::hints(self.asked, self.grain, self.total, &fields);
        hints.extend(notes::moved_on(self.asked, self.until));
        if !hints.is_empty() {
            fields.insert("hints".to_owned(), hints.into());
        }
        fields.insert("units".to_owned(), notes::units());
        fields
    }

    /// The remainder row, and the cursor that goes on with it.
    fn say_rest(&self, fields: &mut Map<String, Value>, shown: usize, left: usize) {
        let taken = self.rows.get(shown..).unwrap_or_default();
        let rest = taken.iter().map(volume).fold(self.rest, Volume::plus);
        let remainder = json!({"rows": left, "bytes": rest.bytes, "pkts": rest.pkts});
        fields.insert("remainder".to_owned(), remainder);
        let cursor = Cursor {
            grain: self.grain,
            offset: self.asked.query.page.offset.saturating_add(shown),
            until: self.asked.cursor.map_or(self.until, |first| first.until),
        };
        let cursor = cursor.write(self.asked.operation, &self.asked.given);
        fields.insert("cursor".to_owned(), cursor.into());
    }

    /// The nodes of some edges, and those that no edge of the page has: what was asked for.
    fn nodes_of(&self, edges: &[Value]) -> Vec<Value> {
        let kept = ids(edges);
        let all = ids(&self.rows);
        let is_shown = |node: &&Value| {
            let id = node.get("id").and_then(Value::as_str).unwrap_or_default();
            kept.contains(id) || !all.contains(id)
        };
        self.nodes.iter().filter(is_shown).cloned().collect()
    }
}

/// What edges lead between.
fn ids(edges: &[Value]) -> BTreeSet<&str> {
    let ends = edges
        .iter()
        .flat_map(|edge| [edge.get("from"), edge.get("to")]);
    ends.flatten().filter_map(Value::as_str).collect()
}

/// Rows that match, and what those after the page count.
fn extent(answer: &Answer) -> (usize, Volume) {
    match answer {
        Answer::Flows(view) => (view.total, view.rest),
        Answer::Connections(view) => (view.total, view.rest),
        Answer::Workloads(view) => (view.total, view.rest),
        Answer::Dependencies(view) => (view.total, view.rest),
        Answer::Diff(view) => (view.total, view.rest),
        Answer::Summary(_) => (0, Volume::default()),
    }
}

/// The last frame that an answer counts.
fn until(answer: &Answer) -> Option<Timestamp> {
    match answer {
        Answer::Flows(view) => view.coverage.to,
        Answer::Summary(view) => view.coverage.to,
        Answer::Connections(view) => view.coverage.to,
        Answer::Workloads(view) => view.coverage.to,
        Answer::Dependencies(view) => view.coverage.to,
        Answer::Diff(view) => view.coverage.to,
    }
}

/// What a row counts, as it shows it; of an edge that differs, on the side with more.
fn volume(row: &Value) -> Volume {
    let number = |object: &Value, name: &str| object.get(name).and_then(Value::as_u64).unwrap_or(0);
    let sides = ["a", "b"].into_iter().filter_map(|side| row.get(side));
    if let Some(larger) = sides.max_by_key(|side| number(side, "bytes")) {
        return volume(larger);
    }
    if let Some(totals) = row.get("totals") {
        return Volume {
            pkts: number(totals, "pkts"),
            bytes: number(totals, "bytes"),
        };
    }
    let both = |sent: &str, received: &str| number(row, sent).saturating_add(number(row, received));
    Volume {
        pkts: number(row, "pkts").saturating_add(both("tx_pkts", "rx_pkts")),
        bytes: number(row, "bytes").saturating_add(both("tx_bytes", "rx_bytes")),
    }
}
