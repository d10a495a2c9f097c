//! Scalars in quotes, on one line or several.

use std::borrow::Cow;

use crate::document::fast::plain::fold;
use crate::document::fast::reader::Reader;
use crate::document::{Content, Keep, Quoting, Value};

impl<'t> Reader<'t> {
    /// A value in quotes.
    pub(super) fn quoted_value(&mut self, keep: Option<Keep>) -> Option<Value<'t>> {
        let line = self.line();
        let text = self.quoted(keep.is_some())?;
        self.made(keep, line, Content::Scalar(text, Quoting::Quoted))
    }

    /// The text in the quotes that open here; where it is not kept, perhaps not all of it.
    pub(super) fn quoted(&mut self, is_kept: bool) -> Option<Cow<'t, str>> {
        let quote = self.byte(0);
        self.at += 1;
        let rest = self.rest();
        let is_special =
            |octet: u8| octet == quote || octet == b'\n' || octet == b'\\' && quote == b'"';
        let end = rest.bytes().position(is_special)?;
        let is_closed = rest.as_bytes().get(end) == Some(&quote);
        let is_doubled = quote == b'\'' && rest.as_bytes().get(end + 1) == Some(&quote);
        if is_closed && !is_doubled {
            self.at += end + 1;
            return rest.get(..end).map(Cow::Borrowed);
        }
        self.unquoted(quote, is_kept).map(Cow::Owned)
    }

    /// The text before a quote, with escapes and ends of lines.
    fn unquoted(&mut self, quote: u8, is_kept: bool) -> Option<String> {
        let mut text = Unquoted::default();
        loop {
            let rest = self.rest();
            let is_special = |o: u8| {
                matches!(o, b' ' | b'\t' | b'\n') || o == quote || o == b'\\' && quote == b'"'
            };
            let run = rest.bytes().position(is_special)?;
            if is_kept {
                text.push_str(rest.get(..run)?);
            }
            self.at += run;
            match self.byte(0) {
                b'\n' => text.fold(self.breaks()?),
                b'\\' if self.byte(1) == b'\n' => {
                    self.at += 1;
                    text.breaks(self.breaks()? - 1);
                }
                b'\\' => text.push(self.escaped()?),
                octet if octet == quote => {
                    self.at += 1;
                    if quote == b'"' || self.byte(0) != quote {
                        return Some(text.text);
                    }
                    self.at += 1;
                    text.push('\'');
                }
                blank => {
                    self.at += 1;
                    text.text.push(char::from(blank));
                }
            }
        }
    }

    /// How many lines end here, with the blanks that begin the next one; none where a document
    /// does.
    fn breaks(&mut self) -> Option<usize> {
        let mut breaks = 0;
        while self.byte(0) == b'\n' {
            self.line_break();
            if self.is_marker() {
                return None;
            }
            while matches!(self.byte(0), b' ' | b'\t') {
                self.at += 1;
            }
            breaks += 1;
        }
        Some(breaks)
    }

    /// The character that is escaped here.
    fn escaped(&mut self) -> Option<char> {
        let kind = self.byte(1);
        self.at += 2;
        Some(match kind {
            b'0' => '\0',
            b'a' => '\u{7}',
            b'b' => '\u{8}',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\u{b}',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'e' => '\u{1b}',
            b'N' => '\u{85}',
            b'_' => '\u{a0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            b' ' | b'"' | b'/' | b'\\' => char::from(kind),
            b'x' => self.hexadecimal(2)?,
            // Halves of a character are left to the general reader.
            b'u' => self.hexadecimal(4)?,
            b'U' => self.hexadecimal(8)?,
            _ => return None,
        })
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<char> {
        let text = self.rest().get(..digits)?;
        self.at += digits;
        let are_digits = text.bytes().all(|octet| octet.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok()?;
        char::from_u32(number).filter(|_| are_digits)
    }
}

/// What was in quotes so far.
#[derive(Default)]
struct Unquoted {
    text: String,
    /// Blanks from here on are dropped where the line ends.
    settled: usize,
}

impl Unquoted {
    fn push_str(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.settled = self.text.len();
        }
    }

    fn push(&mut self, c: char) {
        self.text.push(c);
        self.settled = self.text.len();
    }

    /// Ends of lines that are not escaped.
    fn fold(&mut self, breaks: usize) {
        self.text.truncate(self.settled);
        fold(&mut self.text, breaks);
        self.settled = self.text.len();
    }

    /// Ends of lines after one that is escaped.
    fn breaks(&mut self, breaks: usize) {
        self.text.extend((0..breaks).map(|_| '\n'));
        self.settled = self.text.len();
    }
}
