//! Mappings and lists whose lines are indented.

use std::borrow::Cow;

use crate::document::fast::plain::Within;
use crate::document::fast::reader::{END, Reader};
use crate::document::{Content, Keep, MAX_DEPTH, Value, duplicate};

/// The longest key, in octets; in characters it may be as long.
const MAX_KEY: usize = 1024;

impl<'t> Reader<'t> {
    /// The value of a document.
    pub(super) fn root(&mut self, column: usize, keep: Keep) -> Option<Value<'t>> {
        let keep = Some(keep);
        match self.byte(0) {
            b'-' if self.is_item() => self.list(column, keep, 0),
            b'[' | b'{' => self.flow_lines(keep, 0),
            _ => self.mapping(column, keep, 0),
        }
    }

    /// A value that begins a line, or follows the dash of a list.
    fn node(
        &mut self,
        column: usize,
        parent: usize,
        keep: Option<Keep>,
        depth: usize,
    ) -> Option<Value<'t>> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.is_item() {
            return self.list(column, keep, depth);
        }
        if self.is_key() {
            return self.mapping(column, keep, depth);
        }
        self.scalar(parent, keep, depth)
    }

    /// A mapping whose keys begin at this column.
    fn mapping(&mut self, column: usize, keep: Option<Keep>, depth: usize) -> Option<Value<'t>> {
        let line = self.line();
        let mut entries = Vec::new();
        loop {
            let key = self.key(Within::Block, keep.is_some())?;
            let below = keep.and_then(|keep| keep.below(&key));
            let value = self.value(column, below, depth + 1)?;
            if below.is_some() {
                entries.push((key, value));
            }
            match self.column() {
                Some(next) if next == column => {}
                Some(next) if next > column => return None,
                Some(_) | None => break,
            }
        }
        if duplicate(&entries).is_some() {
            return None;
        }
        self.made(keep, line, Content::Map(entries))
    }

    /// A list whose dashes are at this column.
    fn list(&mut self, column: usize, keep: Option<Keep>, depth: usize) -> Option<Value<'t>> {
        let line = self.line();
        let mut items = Vec::new();
        loop {
            let item = self.item(column, keep, depth + 1)?;
            if keep.is_some() {
                items.push(item);
            }
            match self.column() {
                Some(next) if next == column && self.is_item() => {}
                Some(next) if next > column => return None,
                Some(_) | None => break,
            }
        }
        self.made(keep, line, Content::List(items))
    }

    /// What follows a key of the mapping at this column.
    fn value(&mut self, parent: usize, keep: Option<Keep>, depth: usize) -> Option<Value<'t>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (begin, line) = (self.at, self.line());
        self.spaces();
        if !self.is_end() {
            return self.scalar(parent, keep, depth);
        }
        self.at = begin;
        self.end_line()?;
        match self.column() {
            Some(column) if column > parent => self.node(column, parent, keep, depth),
            // The dashes of a list may stand where its key does.
            Some(column) if column == parent && self.is_item() => self.list(column, keep, depth),
            Some(_) | None => self.made(keep, line, Content::Null),
        }
    }

    /// An item of the list at this column, its dash included.
    fn item(&mut self, parent: usize, keep: Option<Keep>, depth: usize) -> Option<Value<'t>> {
        self.at += 1;
        let (begin, line) = (self.at, self.line());
        self.spaces();
        if !self.is_end() {
            return self.node(self.distance(), parent, keep, depth);
        }
        self.at = begin;
        self.end_line()?;
        match self.column() {
            Some(column) if column > parent => self.node(column, parent, keep, depth),
            Some(_) | None if depth > MAX_DEPTH => None,
            Some(_) | None => self.made(keep, line, Content::Null),
        }
    }

    /// A value that is neither mapping nor list of lines, in a block that is indented so far.
    fn scalar(&mut self, parent: usize, keep: Option<Keep>, depth: usize) -> Option<Value<'t>> {
        match self.byte(0) {
            b'[' | b'{' => self.flow_lines(keep, depth),
            b'|' | b'>' => self.literal(parent, keep),
            b'"' | b'\'' => {
                let value = self.quoted_value(keep)?;
                self.end_line()?;
                Some(value)
            }
            _ => self.plain_lines(parent, keep),
        }
    }

    /// A value in brackets, up to what follows its last line.
    fn flow_lines(&mut self, keep: Option<Keep>, depth: usize) -> Option<Value<'t>> {
        let value = self.flow(keep, depth)?;
        self.end_line()?;
        Some(value)
    }

    /// A key and its colon; not its text where it is not kept.
    pub(super) fn key(&mut self, within: Within, is_kept: bool) -> Option<Cow<'t, str>> {
        let (begin, line) = (self.at, self.line());
        let is_quoted = matches!(self.byte(0), b'"' | b'\'');
        let key = if is_quoted {
            self.quoted(is_kept)?
        } else {
            let key = self.plain(within)?;
            // Spaces before the colon are left to the general reader.
            (begin + key.len() == self.at).then_some(Cow::Borrowed(key))?
        };
        let may_touch = is_quoted && within == Within::Brackets;
        let is_key = self.byte(0) == b':'
            && (may_touch || matches!(self.byte(1), b' ' | b'\n' | END))
            && self.line() == line
            && self.at - begin <= MAX_KEY
            && key != "<<";
        self.at += 1;
        is_key.then_some(key)
    }

    /// Whether a key is next.
    fn is_key(&self) -> bool {
        if matches!(self.byte(0), b'[' | b'{' | b'|' | b'>') {
            return false;
        }
        self.clone().key(Within::Block, false).is_some()
    }

    /// Whether an item of a list is next.
    fn is_item(&self) -> bool {
        self.byte(0) == b'-' && matches!(self.byte(1), b' ' | b'\n' | END)
    }

    /// Whether this is the end of the line, but for a comment.
    fn is_end(&self) -> bool {
        matches!(self.byte(0), b'\n' | b'#' | END)
    }
}
