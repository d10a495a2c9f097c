//! YAML, any number of documents, with anchors, aliases and merge keys: the general reader.
//!
//! **Errors** besides wrong syntax: a key twice, keys that are no text, aliases that multiply
//! beyond the limit of values.
//! **Source** YAML 1.2; merge keys `<<` as in YAML 1.1.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "the parser may add events: all others are wrong"
)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use crate::document::{
    Budget, Content, DocumentError, Keep, MAX_DEPTH, MAX_VALUES, Quoting, Value, duplicate,
};

/// Reads all documents of a YAML text; an empty one is [`Content::Null`].
///
/// # Errors
/// Where the syntax is wrong, or a limit is exceeded.
pub fn documents(text: &str, keep: Keep) -> Result<Vec<Value<'_>>, DocumentError> {
    // Comments are no values. Whether the parser tells of them depends on who else uses it.
    let mut options = Options::default();
    options.emit_comments = false;
    let mut composer = Composer {
        events: Parser::new_from_str_with_options(text, options),
        keep,
        budget: Budget { values: MAX_VALUES },
        anchors: BTreeMap::new(),
    };
    let mut documents = Vec::new();
    while let Some((event, span)) = composer.next()? {
        match event {
            Event::DocumentStart(..) => {
                composer.anchors.clear();
                documents.push(composer.document()?);
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            _ => return Err(wrong(span, "a value outside any document")),
        }
    }
    Ok(documents)
}

fn wrong(span: Span, problem: impl Into<String>) -> DocumentError {
    DocumentError {
        line: span.start.line(),
        column: span.start.col() + 1,
        problem: problem.into(),
    }
}

/// Builds values from events.
struct Composer<'t> {
    events: Parser<'t, StrInput<'t>>,
    keep: Keep,
    budget: Budget,
    anchors: BTreeMap<usize, Value<'t>>,
}

impl<'t> Composer<'t> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, DocumentError> {
        let event = self.events.next_event().transpose();
        event.map_err(|error: ScanError| DocumentError {
            line: error.marker().line(),
            column: error.marker().col() + 1,
            problem: error.info(),
        })
    }

    /// The next event, which the grammar promises.
    fn within(&mut self) -> Result<(Event<'t>, Span), DocumentError> {
        let end = DocumentError {
            line: 0,
            column: 0,
            problem: "the document has no end".to_owned(),
        };
        self.next()?.ok_or(end)
    }

    fn document(&mut self) -> Result<Value<'t>, DocumentError> {
        let (event, span) = self.within()?;
        if event == Event::DocumentEnd {
            return Ok(Value {
                line: span.start.line(),
                content: Content::Null,
            });
        }
        self.value(event, span, 0)
    }

    /// The value that begins with an event.
    fn value(
        &mut self,
        event: Event<'t>,
        span: Span,
        depth: usize,
    ) -> Result<Value<'t>, DocumentError> {
        if depth > MAX_DEPTH {
            return Err(wrong(span, format!("more than {MAX_DEPTH} levels deep")));
        }
        let (content, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(text, style, tag.as_deref()), anchor)
            }
            Event::SequenceStart(_, anchor, _) => (Content::List(self.list(depth)?), anchor),
            Event::MappingStart(_, anchor, _) => (Content::Map(self.map(span, depth)?), anchor),
            Event::Alias(anchor) => return self.alias(anchor, span),
            _ => return Err(wrong(span, "expected a value")),
        };
        self.take(1, span)?;
        let value = Value {
            line: span.start.line(),
            content,
        };
        if anchor > 0 {
            self.take(value.count(), span)?;
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn take(&mut self, values: usize, span: Span) -> Result<(), DocumentError> {
        self.budget
            .take(values)
            .map_err(|problem| wrong(span, problem))
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Value<'t>, DocumentError> {
        let Some(values) = self.anchors.get(&anchor).map(Value::count) else {
            return Err(wrong(span, "an alias within its own anchor"));
        };
        self.take(values, span)?;
        let value = self.anchors.get(&anchor).cloned();
        value.ok_or_else(|| wrong(span, "an alias within its own anchor"))
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value<'t>>, DocumentError> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.within()?;
            if event == Event::SequenceEnd {
                return Ok(items);
            }
            items.push(self.value(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Vec<Entry<'t>>, DocumentError> {
        let mut entries = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (key, span) = self.within()?;
            let key = match key {
                Event::MappingEnd => break,
                Event::Scalar(key, _, 0, _) => key,
                _ => return Err(wrong(span, "expected a key that is text")),
            };
            let (event, span) = self.within()?;
            if key == "<<" {
                merged.extend(merge_sources(self.value(event, span, depth + 1)?)?);
            } else if let Some(below) = self.keep.below(&key) {
                let keep = mem::replace(&mut self.keep, below);
                let value = self.value(event, span, depth + 1);
                self.keep = keep;
                entries.push((key, value?));
            } else {
                self.skip(event, span, depth + 1)?;
            }
        }
        if let Some((key, value)) = duplicate(&entries) {
            let problem = format!("key `{}` comes twice", key.escape_debug());
            let line = value.line.max(start.start.line());
            return Err(DocumentError {
                line,
                column: start.start.col() + 1,
                problem,
            });
        }
        Ok(with_merged(entries, merged))
    }

    /// Passes over a value that is not kept, but for what has an anchor in it.
    fn skip(&mut self, first: Event<'t>, span: Span, depth: usize) -> Result<(), DocumentError> {
        let mut open = 0_usize;
        let (mut event, mut span) = (first, span);
        loop {
            match event {
                Event::Scalar(_, _, 1.., _)
                | Event::SequenceStart(_, 1.., _)
                | Event::MappingStart(_, 1.., _) => {
                    self.value(event, span, depth + open)?;
                }
                Event::SequenceStart(..) | Event::MappingStart(..) => open += 1,
                Event::SequenceEnd | Event::MappingEnd => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                return Ok(());
            }
            (event, span) = self.within()?;
        }
    }
}

/// A key and its value.
type Entry<'t> = (Cow<'t, str>, Value<'t>);

fn scalar<'t>(text: Cow<'t, str>, style: ScalarStyle, tag: Option<&Tag>) -> Content<'t> {
    let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
    if style != ScalarStyle::Plain || is_text {
        return Content::Scalar(text, Quoting::Quoted);
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        _ => Content::Scalar(text, Quoting::Plain),
    }
}

/// The mappings that a merge key names.
fn merge_sources(value: Value<'_>) -> Result<Vec<Vec<Entry<'_>>>, DocumentError> {
    let line = value.line;
    let sources = match value.content {
        Content::List(items) => items,
        content @ (Content::Null | Content::Scalar(..) | Content::Map(_)) => {
            vec![Value { line, content }]
        }
    };
    let maps = sources.into_iter().map(|source| match source.content {
        Content::Map(entries) => Ok(entries),
        Content::Null | Content::Scalar(..) | Content::List(_) => Err(DocumentError {
            line,
            column: 1,
            problem: "expected a mapping to merge".to_owned(),
        }),
    });
    maps.collect()
}

/// Own entries first; of merged ones those whose key is not yet there.
fn with_merged<'t>(mut entries: Vec<Entry<'t>>, merged: Vec<Vec<Entry<'t>>>) -> Vec<Entry<'t>> {
    let own = entries.len();
    entries.extend(merged.into_iter().flatten());
    if entries.len() == own {
        return entries;
    }
    let mut known = BTreeSet::new();
    entries.retain(|(key, _)| known.insert(key.clone()));
    entries
}
