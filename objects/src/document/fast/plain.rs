//! Plain scalars: text without quotes.

use std::borrow::Cow;

use crate::document::fast::reader::{END, Reader};
use crate::document::{Content, Keep, Quoting, Value};

/// Where a scalar stands, by which it ends elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    Block,
    Brackets,
}

impl<'t> Reader<'t> {
    /// A plain scalar of one line, without the spaces after it.
    ///
    /// The reader stays at what ended it: a colon, a comment, a bracket, a comma, the line.
    pub(super) fn plain(&mut self, within: Within) -> Option<&'t str> {
        if !self.may_begin(within) {
            return None;
        }
        self.plain_rest(within)
    }

    /// A plain scalar and the lines on which it goes on, indented further than its block.
    pub(super) fn plain_lines(&mut self, parent: usize, keep: Option<Keep>) -> Option<Value<'t>> {
        let line = self.line();
        let mut text = Cow::Borrowed(self.plain(Within::Block)?);
        while self.byte(0) == b'\n' {
            let mut breaks = 0;
            while self.byte(0) == b'\n' {
                self.line_break();
                self.spaces();
                breaks += 1;
            }
            if self.distance() <= parent || matches!(self.byte(0), b'#' | END) {
                self.next_line();
                return self.made(keep, line, plain_content(text));
            }
            let more = self.plain_rest(Within::Block)?;
            if keep.is_some() {
                fold(text.to_mut(), breaks);
                text.to_mut().push_str(more);
            }
        }
        if self.byte(0) == b'#' {
            self.rest_of_line();
        }
        // A colon here would be a second one, or that of a key of several lines.
        self.end_line()?;
        self.made(keep, line, plain_content(text))
    }

    /// Whether a plain scalar may begin here, and does in every reader's eyes.
    fn may_begin(&self, within: Within) -> bool {
        let next = self.byte(1);
        match self.byte(0) {
            b'-' | b':' if within == Within::Brackets && is_bracket(next) => false,
            b'-' | b':' => !matches!(next, b' ' | b'\t' | b'\n' | END),
            b' ' | b'\t' | b'\n' | END | b'?' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&'
            | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' => false,
            _ => true,
        }
    }

    /// The text up to what ends a plain scalar.
    fn plain_rest(&mut self, within: Within) -> Option<&'t str> {
        let begin = self.at;
        let mut end = begin;
        loop {
            let length = match within {
                Within::Block => run(self.rest(), |octet| {
                    matches!(octet, b' ' | b'\t' | b'\n' | b':')
                }),
                Within::Brackets => run(self.rest(), |octet| {
                    matches!(octet, b' ' | b'\t' | b'\n' | b':') || is_bracket(octet)
                }),
            };
            self.at += length;
            if length > 0 {
                end = self.at;
            }
            match self.byte(0) {
                b' ' => {
                    self.spaces();
                    if matches!(self.byte(0), b'#' | b'\n') {
                        break;
                    }
                }
                b':' => {
                    let next = self.byte(1);
                    let is_end = matches!(next, b' ' | b'\t' | b'\n' | END);
                    if is_end || within == Within::Brackets && is_bracket(next) {
                        break;
                    }
                    self.at += 1;
                    end = self.at;
                }
                b'\t' => return None,
                _ => break,
            }
        }
        self.text.get(begin..end)
    }
}

/// What a plain scalar is.
pub(super) fn plain_content(text: Cow<'_, str>) -> Content<'_> {
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        _ => Content::Scalar(text, Quoting::Plain),
    }
}

/// Joins lines: one end of a line is a space, each further one is kept.
pub(super) fn fold(text: &mut String, breaks: usize) {
    if breaks == 1 {
        text.push(' ');
    }
    text.extend((1..breaks).map(|_| '\n'));
}

const fn is_bracket(octet: u8) -> bool {
    matches!(octet, b',' | b'[' | b']' | b'{' | b'}')
}

/// How many octets there are before the first that ends a run.
#[inline]
fn run(text: &str, ends: impl Fn(u8) -> bool) -> usize {
    text.bytes().position(ends).unwrap_or(text.len())
}
