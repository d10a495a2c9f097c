//! Text of several lines, as it stands (`|`) or folded (`>`).

use crate::document::fast::plain::fold;
use crate::document::fast::reader::{END, Reader};
use crate::document::{Content, Keep, Quoting, Value};

/// What becomes of the ends of the last lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// None is kept.
    Strip,
    /// One is.
    Clip,
    /// All are.
    Keep,
}

/// What the first line says of the others.
struct Header {
    is_folded: bool,
    chomping: Chomping,
    /// How much further than its block the text is indented; 0 where the text tells.
    indent: usize,
}

impl<'t> Reader<'t> {
    /// The text below the header that is next, in a block that is indented so far.
    ///
    /// Text that the file ends before is left to the general reader.
    pub(super) fn literal(&mut self, parent: usize, keep: Option<Keep>) -> Option<Value<'t>> {
        let header = self.header()?;
        let mut breaks = 0;
        let indent = if header.indent > 0 {
            self.indentation(parent + header.indent, &mut breaks);
            parent + header.indent
        } else {
            self.first_indentation(&mut breaks)?.max(parent + 1)
        };
        if self.byte(0) == END || self.distance() < indent && self.distance() > parent {
            return None;
        }
        let line = self.line();
        let mut lines = Lines::default();
        while self.distance() == indent && self.byte(0) != END {
            let content = self.rest_of_line();
            if keep.is_some() {
                lines.push(content, breaks, header.is_folded);
            }
            breaks = 0;
            if self.byte(0) == b'\n' {
                self.line_break();
                self.indentation(indent, &mut breaks);
            }
        }
        self.next_line();
        if keep.is_some() {
            lines.chomp(header.chomping, breaks);
        }
        self.made(
            keep,
            line,
            Content::Scalar(lines.text.into(), Quoting::Quoted),
        )
    }

    /// Reads the first line, up to the beginning of the next one.
    fn header(&mut self) -> Option<Header> {
        let mut header = Header {
            is_folded: self.byte(0) == b'>',
            chomping: Chomping::Clip,
            indent: 0,
        };
        self.at += 1;
        for _ in 0..2 {
            match self.byte(0) {
                b'-' if header.chomping == Chomping::Clip => header.chomping = Chomping::Strip,
                b'+' if header.chomping == Chomping::Clip => header.chomping = Chomping::Keep,
                digit @ b'1'..=b'9' if header.indent == 0 => {
                    header.indent = usize::from(digit - b'0');
                }
                _ => break,
            }
            self.at += 1;
        }
        let begin = self.at;
        self.spaces();
        if self.byte(0) == b'#' && self.at > begin {
            self.rest_of_line();
        }
        if self.byte(0) != b'\n' {
            return None;
        }
        self.line_break();
        Some(header)
    }

    /// How far the first line that is not empty is indented; none where one before is further.
    fn first_indentation(&mut self, breaks: &mut usize) -> Option<usize> {
        let mut furthest = 0;
        loop {
            self.spaces();
            furthest = furthest.max(self.distance());
            if self.byte(0) != b'\n' {
                return (furthest == self.distance()).then_some(furthest);
            }
            self.line_break();
            *breaks += 1;
        }
    }

    /// Passes over empty lines and as much of the indentation as there is.
    fn indentation(&mut self, indent: usize, breaks: &mut usize) {
        loop {
            while self.distance() < indent && self.byte(0) == b' ' {
                self.at += 1;
            }
            if self.byte(0) != b'\n' {
                return;
            }
            self.line_break();
            *breaks += 1;
        }
    }
}

/// The lines so far.
#[derive(Default)]
struct Lines {
    text: String,
    has_any: bool,
    /// Whether the last line begins with a blank: it is not folded.
    is_indented: bool,
}

impl Lines {
    /// Adds a line that comes after so many empty ones.
    fn push(&mut self, line: &str, empty: usize, is_folded: bool) {
        let is_indented = line.starts_with([' ', '\t']);
        if self.has_any && is_folded && !self.is_indented && !is_indented {
            fold(&mut self.text, empty + 1);
        } else {
            let breaks = empty + usize::from(self.has_any);
            self.text.extend((0..breaks).map(|_| '\n'));
        }
        self.text.push_str(line);
        self.has_any = true;
        self.is_indented = is_indented;
    }

    /// Ends the last line, with so many empty ones behind it.
    fn chomp(&mut self, chomping: Chomping, empty: usize) {
        let breaks = match chomping {
            Chomping::Strip => 0,
            Chomping::Clip => usize::from(self.has_any),
            Chomping::Keep => usize::from(self.has_any) + empty,
        };
        self.text.extend((0..breaks).map(|_| '\n'));
    }
}
