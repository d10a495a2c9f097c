//! Where the reader is: lines, columns, comments and the marks between documents.

use crate::document::{Budget, Content, Keep, MAX_VALUES, Value};

/// What [`Reader::byte`] shows at the end of the text; no text that is read here has it.
pub(super) const END: u8 = 0;

/// A text and how far it is read.
#[derive(Clone)]
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    /// The octet that is read next.
    pub(super) at: usize,
    line: usize,
    line_start: usize,
    column: Option<usize>,
    budget: Budget,
}

impl<'t> Reader<'t> {
    /// At the first value or marker of a text.
    pub(super) fn new(text: &'t str) -> Self {
        let mut reader = Self {
            text,
            at: 0,
            line: 1,
            line_start: 0,
            column: None,
            budget: Budget { values: MAX_VALUES },
        };
        reader.spaces();
        reader.next_line();
        reader
    }

    /// The number of this line, from 1.
    pub(super) const fn line(&self) -> usize {
        self.line
    }

    /// How far the line is indented at whose beginning the reader is; `None` where its document
    /// has no more.
    pub(super) const fn column(&self) -> Option<usize> {
        self.column
    }

    /// How far the next octet is from the beginning of its line.
    pub(super) const fn distance(&self) -> usize {
        self.at - self.line_start
    }

    /// The octet so far ahead.
    #[inline]
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        let octets = self.text.as_bytes();
        octets.get(self.at + ahead).copied().unwrap_or(END)
    }

    /// The text that is still to be read.
    #[inline]
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes over spaces.
    #[inline]
    pub(super) fn spaces(&mut self) {
        while self.byte(0) == b' ' {
            self.at += 1;
        }
    }

    /// Passes over the end of a line.
    #[inline]
    pub(super) fn line_break(&mut self) {
        self.at += 1;
        self.line += 1;
        self.line_start = self.at;
    }

    /// Passes over what is left of the line, which is not its end.
    pub(super) fn rest_of_line(&mut self) -> &'t str {
        let rest = self.rest();
        let line = rest.split_once('\n').map_or(rest, |(line, _)| line);
        self.at += line.len();
        line
    }

    /// Goes from behind a value to the next one: nothing but a comment may be between it and the
    /// end of its line.
    pub(super) fn end_line(&mut self) -> Option<()> {
        let begin = self.at;
        self.spaces();
        match self.byte(0) {
            b'\n' | END => {}
            b'#' if self.at > begin => {
                self.rest_of_line();
            }
            _ => return None,
        }
        self.next_line();
        Some(())
    }

    /// Passes over empty lines and comments, from the end of a line or the first octet of one.
    pub(super) fn next_line(&mut self) {
        loop {
            match self.byte(0) {
                b'\n' => {
                    self.line_break();
                    self.spaces();
                }
                b'#' => {
                    self.rest_of_line();
                }
                END => {
                    self.column = None;
                    return;
                }
                _ => break,
            }
        }
        let is_within = !self.is_marker();
        self.column = is_within.then_some(self.distance());
    }

    /// Passes over the marker between documents that is next, up to what follows it.
    pub(super) fn marker(&mut self) -> Option<()> {
        self.at += 3;
        self.end_line()
    }

    /// Whether here documents are divided.
    pub(super) fn is_marker(&self) -> bool {
        let is_mark = |mark| self.rest().starts_with(mark);
        self.distance() == 0
            && matches!(self.byte(0), b'-' | b'.')
            && (is_mark("---") || is_mark("..."))
            && matches!(self.byte(3), b' ' | b'\t' | b'\n' | END)
    }

    /// Makes a value, if it is kept.
    #[inline]
    pub(super) fn made(
        &mut self,
        keep: Option<Keep>,
        line: usize,
        content: Content<'t>,
    ) -> Option<Value<'t>> {
        if keep.is_some() {
            self.budget.take(1).ok()?;
        }
        Some(Value { line, content })
    }
}
