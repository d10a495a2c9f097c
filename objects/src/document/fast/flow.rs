//! Mappings and lists in brackets, on one line or several.

use crate::document::fast::plain::{Within, plain_content};
use crate::document::fast::reader::Reader;
use crate::document::{Content, Keep, MAX_DEPTH, Value, duplicate};

impl<'t> Reader<'t> {
    /// What is in the brackets that open here.
    pub(super) fn flow(&mut self, keep: Option<Keep>, depth: usize) -> Option<Value<'t>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let line = self.line();
        let is_list = self.byte(0) == b'[';
        self.at += 1;
        let content = if is_list {
            self.flow_list(keep, depth)?
        } else {
            self.flow_mapping(keep, depth)?
        };
        self.made(keep, line, content)
    }

    fn flow_list(&mut self, keep: Option<Keep>, depth: usize) -> Option<Content<'t>> {
        let mut items = Vec::new();
        loop {
            self.space()?;
            if self.byte(0) == b']' {
                self.at += 1;
                return Some(Content::List(items));
            }
            let item = self.flow_value(keep, depth + 1)?;
            if keep.is_some() {
                items.push(item);
            }
            self.comma(b']')?;
        }
    }

    fn flow_mapping(&mut self, keep: Option<Keep>, depth: usize) -> Option<Content<'t>> {
        let mut entries = Vec::new();
        loop {
            self.space()?;
            if self.byte(0) == b'}' {
                self.at += 1;
                let is_whole = duplicate(&entries).is_none();
                return is_whole.then_some(Content::Map(entries));
            }
            let key = self.key(Within::Brackets, keep.is_some())?;
            let below = keep.and_then(|keep| keep.below(&key));
            let line = self.line();
            self.space()?;
            let value = match self.byte(0) {
                b',' | b'}' if depth < MAX_DEPTH => self.made(below, line, Content::Null)?,
                _ => self.flow_value(below, depth + 1)?,
            };
            if below.is_some() {
                entries.push((key, value));
            }
            self.comma(b'}')?;
        }
    }

    fn flow_value(&mut self, keep: Option<Keep>, depth: usize) -> Option<Value<'t>> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.byte(0) {
            b'[' | b'{' => self.flow(keep, depth),
            b'"' | b'\'' => self.quoted_value(keep),
            _ => {
                let line = self.line();
                let text = self.plain(Within::Brackets)?;
                self.made(keep, line, plain_content(text.into()))
            }
        }
    }

    /// Passes over the comma after a value, or stays at the bracket that closes.
    ///
    /// A text that goes on in the next line is left to the general reader here.
    fn comma(&mut self, close: u8) -> Option<()> {
        self.space()?;
        match self.byte(0) {
            b',' => self.at += 1,
            other if other == close => {}
            _ => return None,
        }
        Some(())
    }

    /// Passes over spaces, ends of lines and comments.
    fn space(&mut self) -> Option<()> {
        loop {
            match self.byte(0) {
                b' ' => self.at += 1,
                b'\n' => {
                    self.line_break();
                    if self.is_marker() {
                        return None;
                    }
                }
                b'#' => {
                    let before = self.text.as_bytes().get(self.at.wrapping_sub(1));
                    if !matches!(before, Some(b' ' | b'\n')) {
                        return None;
                    }
                    self.rest_of_line();
                }
                _ => return Some(()),
            }
        }
    }
}
