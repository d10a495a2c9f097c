//! Fitting: as many rows as an answer has room for, and what is said of the others.

use std::io;

use analyzer::query::row::Volume;
use analyzer::query::{Answer, Operation};
use analyzer::time::Timestamp;
use serde::de::Error as _;
use serde_json::{Map, Value, json};

use crate::mcp::arguments::Asked;
use crate::mcp::cursor::Cursor;
use crate::mcp::cut::LeftOut;
use crate::mcp::drawing::Drawing;
use crate::mcp::grain::Grain;
use crate::mcp::lesson::Lesson;
use crate::mcp::notes;
use crate::mcp::row::{self, Row};
use crate::mcp::written::Written;

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

/// A row has at most this part of an answer that has not room for all.
const FOR_A_ROW: usize = 4;

/// An answer before it is written: its rows apart from the rest.
pub(super) struct Sheet<'a> {
    asked: &'a Asked,
    grain: Grain,
    fields: Map<String, Value>,
    rows: Vec<Row>,
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
    pub(super) fn of(asked: &'a Asked, grain: Grain, mut answer: Answer) -> Result<Self, Lesson> {
        let ((total, rest), until) = (extent(&answer), until(&answer));
        let drawing = Drawing::of(&answer, asked.query.form);
        let rows = row::take(&mut answer).map_err(|_| unwritten())?;
        let Ok(Value::Object(mut fields)) = serde_json::to_value(&answer) else {
            return Err(unwritten());
        };
        let nodes = match (&answer, fields.remove("nodes")) {
            (Answer::Dependencies(_), Some(Value::Array(nodes))) => nodes,
            _ => Vec::new(),
        };
        if let Some(name) = asked.operation.facts().rows {
            fields.remove(name);
        }
        notes::trim_coverage(&mut fields);
        let mut sheet = Self {
            asked,
            grain,
            fields,
            shown: rows.len(),
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
        let bytes = |rows: &[Row]| rows.iter().map(|row| row.volume.bytes).sum::<u64>();
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
    pub(super) fn write(self) -> Result<Written, Lesson> {
        let fields = self.frame(self.shown);
        let rows = self.rows.get(..self.shown).unwrap_or_default();
        let list = match self.drawing {
            Some(_) => None,
            None => self.asked.operation.facts().rows,
        };
        let length = |(name, value): (&String, &Value)| match value {
            Value::Array(_) if list == Some(name) => Some(rows.len()),
            Value::Array(values) => Some(values.len()),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => None,
        };
        let longest = fields.iter().filter_map(length).max();
        let text = write(&fields, |name| (list == Some(name)).then_some(rows));
        let text = text.map_err(|_| unwritten())?;
        Ok(Written::new(text, longest.unwrap_or(1)))
    }

    /// Takes rows away until the answer is short enough, and first from each what would leave little
    /// room for others: a row that did not fit alone could not be passed by any cursor.
    fn shorten(&mut self) {
        if self.is_short(self.shown) {
            return;
        }
        for row in &mut self.rows {
            row.cut(self.asked.budget / FOR_A_ROW);
        }
        // The most rows that are not too long.
        let (mut least, mut most) = (0, self.shown + 1);
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

    /// Whether the answer with the first `shown` rows is short enough, each with what parts it from
    /// the next. Those of a drawing are in its text.
    fn is_short(&self, shown: usize) -> bool {
        let rows = match self.drawing {
            Some(_) => 0,
            None => self
                .rows
                .iter()
                .take(shown)
                .map(|row| row.text.len() + 1)
                .sum(),
        };
        let mut length = Length(rows);
        serde_json::to_writer(&mut length, &self.frame(shown)).is_ok()
            && length.0 <= self.asked.budget
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
            let left_out = self.left_out(shown);
            if !left_out.is_empty() {
                fields.insert("left_out".to_owned(), json!(left_out));
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

    /// What the lists of the first rows have lost.
    fn left_out(&self, shown: usize) -> LeftOut {
        let mut all = LeftOut::new();
        for (list, lost) in self.rows.iter().take(shown).flat_map(|row| &row.left_out) {
            *all.entry(list.clone()).or_default() += lost;
        }
        all
    }

    /// The remainder row, and the cursor that goes on with it.
    fn say_rest(&self, fields: &mut Map<String, Value>, shown: usize, left: usize) {
        let taken = self.rows.get(shown..).unwrap_or_default();
        let taken = taken.iter().map(|row| row.volume);
        let rest = taken.fold(self.rest, Volume::plus);
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
    fn nodes_of(&self, edges: &[Row]) -> Vec<Value> {
        let (kept, all) = (row::ids(edges), row::ids(&self.rows));
        let is_shown = |node: &&Value| {
            let id = node.get("id").and_then(Value::as_str).unwrap_or_default();
            kept.contains(id) || !all.contains(id)
        };
        self.nodes.iter().filter(is_shown).cloned().collect()
    }
}

/// How many octets were written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0 += octets.len();
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes an object, of which one field may be a list of rows.
fn write<'r>(
    fields: &Map<String, Value>,
    rows: impl Fn(&str) -> Option<&'r [Row]>,
) -> Result<String, serde_json::Error> {
    let mut out = vec![b'{'];
    for (name, value) in fields {
        if out.len() > 1 {
            out.push(b',');
        }
        serde_json::to_writer(&mut out, name)?;
        out.push(b':');
        match rows(name) {
            None => serde_json::to_writer(&mut out, value)?,
            Some(rows) => {
                let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
                out.push(b'[');
                out.extend_from_slice(texts.join(",").as_bytes());
                out.push(b']');
            }
        }
    }
    out.push(b'}');
    String::from_utf8(out).map_err(serde_json::Error::custom)
}

fn unwritten() -> Lesson {
    Lesson::new("the answer could not be written")
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
