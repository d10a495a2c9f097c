//! Tables of text: rows and columns in, aligned lines out.
//!
//! **Shape** a table as wide as its text, or one that fits a terminal: the columns that matter
//! least are left out first, then names are cut in the middle, where `…` shows it. Columns that
//! are empty in every row are not shown.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::cli::color;
use crate::cli::output::text::printable;

const GAP: usize = 2;
/// Names are not cut below this as long as a column can be left out instead.
const NAME_WANTED: usize = 16;
/// Names are not cut below this at all.
const NAME_LEAST: usize = 8;

/// A column of rows of type `R`.
pub(crate) struct Column<R> {
    title: &'static str,
    align: Align,
    cut: Cut,
    /// In a narrow terminal the column with the smallest number goes first.
    optional: Option<u8>,
    cell: fn(&R) -> String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Never,
    WhenNarrow,
}

/// How much room there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Room {
    /// As much as is needed.
    Unlimited,
    /// So many cells of a terminal, and columns may be left out.
    Cells(usize),
    /// So many cells of a terminal, but every column was asked for.
    CellsForAll(usize),
}

/// A table that was laid out.
pub(crate) struct Laid {
    /// Its lines, the heading first.
    pub(crate) lines: String,
    /// The columns that did not fit.
    pub(crate) left_out: Vec<&'static str>,
}

impl<R> Column<R> {
    /// A name: cut when there is no room for it.
    pub(crate) const fn name(title: &'static str, cell: fn(&R) -> String) -> Self {
        Self::new(title, Align::Left, Cut::WhenNarrow, cell)
    }

    /// A word: never cut.
    pub(crate) const fn word(title: &'static str, cell: fn(&R) -> String) -> Self {
        Self::new(title, Align::Left, Cut::Never, cell)
    }

    /// A number: never cut, aligned to the right.
    pub(crate) const fn number(title: &'static str, cell: fn(&R) -> String) -> Self {
        Self::new(title, Align::Right, Cut::Never, cell)
    }

    /// The same, left out where there is no room; smaller numbers first.
    pub(crate) const fn optional(self, order: u8) -> Self {
        Self {
            optional: Some(order),
            ..self
        }
    }

    const fn new(title: &'static str, align: Align, cut: Cut, cell: fn(&R) -> String) -> Self {
        Self {
            title,
            align,
            cut,
            optional: None,
            cell,
        }
    }
}

/// Lays `rows` out in `columns`.
pub(crate) fn lay_out<R>(columns: &[Column<R>], rows: &[R], room: Room) -> Laid {
    let mut filled: Vec<Filled> = columns
        .iter()
        .map(|column| Filled::of(column, rows))
        .filter(|column| column.cells.iter().any(|cell| !cell.is_empty()))
        .collect();
    let left_out = match room {
        Room::Unlimited => Vec::new(),
        Room::Cells(cells) => {
            let left_out = leave_out(&mut filled, cells);
            shrink(&mut filled, cells);
            left_out
        }
        Room::CellsForAll(cells) => {
            // Where lines will not fit anyway, short names would be lost for nothing.
            if least(&filled, NAME_LEAST) <= cells {
                shrink(&mut filled, cells);
            }
            Vec::new()
        }
    };
    Laid {
        lines: lines(&filled, rows.len()),
        left_out,
    }
}

struct Filled {
    title: &'static str,
    align: Align,
    cut: Cut,
    optional: Option<u8>,
    cells: Vec<String>,
    width: usize,
}

impl Filled {
    fn of<R>(column: &Column<R>, rows: &[R]) -> Self {
        let cells: Vec<String> = rows
            .iter()
            .map(|row| printable(&(column.cell)(row)).into_owned())
            .collect();
        let widest = cells.iter().map(|cell| cell.width()).max().unwrap_or(0);
        Self {
            title: column.title,
            align: column.align,
            cut: column.cut,
            optional: column.optional,
            cells,
            width: widest.max(column.title.width()),
        }
    }

    /// The width it can do with.
    fn least(&self, name: usize) -> usize {
        match self.cut {
            Cut::Never => self.width,
            Cut::WhenNarrow => self.width.min(name.max(self.title.width())),
        }
    }
}

/// The width that all columns can do with.
fn least(columns: &[Filled], name: usize) -> usize {
    columns.iter().map(|c| c.least(name)).sum::<usize>() + gaps(columns)
}

fn gaps(columns: &[Filled]) -> usize {
    columns.len().saturating_sub(1) * GAP
}

fn leave_out(columns: &mut Vec<Filled>, cells: usize) -> Vec<&'static str> {
    let mut left_out = Vec::new();
    while least(columns, NAME_WANTED) > cells {
        let optional = columns.iter().enumerate();
        let next = optional
            .filter_map(|(at, column)| Some((column.optional?, at)))
            .min();
        let Some((_, at)) = next else { break };
        left_out.push(columns.remove(at).title);
    }
    left_out
}

/// Cuts the widest names until the table fits, or none can be cut any more.
fn shrink(columns: &mut [Filled], cells: usize) {
    let gaps = gaps(columns);
    let mut wide = (columns.iter().map(|c| c.width).sum::<usize>() + gaps).saturating_sub(cells);
    while wide > 0 {
        let widest = columns
            .iter_mut()
            .filter(|column| column.width > column.least(NAME_LEAST))
            .max_by_key(|column| column.width);
        let Some(widest) = widest else { break };
        widest.width -= 1;
        wide -= 1;
    }
}

fn lines(columns: &[Filled], rows: usize) -> String {
    let heading: Vec<String> = columns.iter().map(|c| padded(c, c.title)).collect();
    let (bold, plain) = (color::HEADING, color::HEADING.render_reset());
    let mut text = format!("{bold}{}{plain}\n", joined(&heading));
    for row in 0..rows {
        let cell = |column: &Filled| padded(column, column.cells.get(row).map_or("", |c| c));
        let cells: Vec<String> = columns.iter().map(cell).collect();
        text.push_str(&joined(&cells));
        text.push('\n');
    }
    text
}

fn joined(cells: &[String]) -> String {
    let line = cells.join(&" ".repeat(GAP));
    line.trim_end().to_owned()
}

fn padded(column: &Filled, cell: &str) -> String {
    let cell = shortened(cell, column.width);
    let padding = " ".repeat(column.width.saturating_sub(cell.width()));
    match column.align {
        Align::Left => cell + &padding,
        Align::Right => padding + &cell,
    }
}

/// The start and the end of `text`, for names of pods differ at both; of an address and what is
/// known of it, the address.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let tail = if text.contains(" (") {
        0
    } else {
        width.saturating_sub(1) / 3
    };
    let head = width.saturating_sub(1 + tail);
    let start = within(text.chars(), head);
    let end: String = within(text.chars().rev(), tail).chars().rev().collect();
    format!("{start}…{end}")
}

fn within(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut room = width;
    chars
        .take_while(|c| match room.checked_sub(c.width().unwrap_or(0)) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        })
        .collect()
}

#[cfg(test)]
mod tests;
