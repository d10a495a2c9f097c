//! The screen: a function of the state.
//!
//! **Shape** a line for what is asked, one for the filter, the rows, a line for what they rest on.
//! Whatever packets, captures or a server brought is shown without what a terminal obeys.

use analyzer::query::view::FlowsView;
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table, Wrap};
use unicode_width::UnicodeWidthStr;

use crate::cli::output::coverage_line;
use crate::cli::output::text::printable;
use crate::cli::top::asker::Pace;
use crate::cli::top::state::{Line as Written, Mode, State};
use crate::cli::top::{columns, filter, keys};
use crate::cli::units;

/// Lines that are no rows: what is asked, the filter, titles, what it rests on.
const AROUND: u16 = 4;

const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
const QUIET: Style = Style::new().add_modifier(Modifier::DIM);
const TITLES: Style = Style::new().add_modifier(Modifier::REVERSED);
const WRONG: Style = Style::new().fg(ratatui::style::Color::Red);

/// How many rows an area has room for.
pub(crate) fn room(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(AROUND))
}

/// Draws the state.
pub(crate) fn render(frame: &mut Frame<'_>, state: &State) {
    let lines = [
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ];
    let [asked, filter, body, foot] = Layout::vertical(lines).areas(frame.area());
    frame.render_widget(headline(state, asked.width), asked);
    render_filter(frame, state, filter);
    match (&state.mode, &state.shown) {
        (Mode::Help, _) => frame.render_widget(help(), body),
        (Mode::Rows | Mode::Typing(_), Some(view)) => {
            frame.render_widget(rows(state, view, body.width), body);
        }
        (Mode::Rows | Mode::Typing(_), None) => frame.render_widget(nothing_yet(state), body),
    }
    frame.render_widget(footline(state), foot);
}

/// Who is asked, how rows are made, and how to learn more.
fn headline(state: &State, width: u16) -> Paragraph<'_> {
    let order = match state.sort.as_str() {
        "bps" => "by bits a second",
        "pps" => "by packets a second",
        "bytes" => "by bytes",
        "rtt" => "by handshake time",
        "pkts" => "by packets",
        "first_seen" => "the newest first",
        "last_seen" => "the last seen first",
        other => other,
    };
    let merged = match &state.level {
        Some(level) => format!("merged by {level}"),
        None => "flows".to_owned(),
    };
    let pace = match state.pace {
        Pace::Running => "",
        Pace::Paused => "  PAUSED",
    };
    let left = vec![
        Span::styled(printable(&state.place), STRONG),
        Span::raw(format!("  {merged}, {order}")),
        Span::styled(pace, STRONG),
    ];
    let (left, hint) = (Line::from(left), "? help");
    // The hint goes where it would stand too close.
    let free = usize::from(width).saturating_sub(left.width());
    if free < hint.width() + 2 {
        return Paragraph::new(left);
    }
    let mut whole = left;
    whole.push_span(Span::raw(" ".repeat(free - hint.width())));
    whole.push_span(Span::styled(hint, QUIET));
    Paragraph::new(whole)
}

fn render_filter(frame: &mut Frame<'_>, state: &State, area: Rect) {
    if let Mode::Typing(written) = &state.mode {
        return render_typing(frame, written, area);
    }
    let filter = if state.filter.is_empty() {
        "no filter".to_owned()
    } else {
        format!("filter {}", filter::typed(&state.filter))
    };
    let filter = printable(&filter).into_owned();
    frame.render_widget(Paragraph::new(filter).style(QUIET), area);
}

/// What is typed, its end in sight, and behind it what is wrong with it.
fn render_typing(frame: &mut Frame<'_>, written: &Written, area: Rect) {
    let text = format!("/{}", printable(&written.text));
    let mut line = Line::from(text.clone());
    if let Some(problem) = &written.problem {
        let problem = printable(problem).into_owned();
        line.push_span(Span::styled(format!("  {problem}"), WRONG));
    }
    let width = usize::from(area.width);
    let hidden = (text.width() + 1).saturating_sub(width);
    let cells = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    frame.render_widget(Paragraph::new(line).scroll((0, cells(hidden))), area);
    let at = area
        .x
        .saturating_add(cells(text.width() - hidden.min(text.width())));
    if area.width > 0 && area.height > 0 {
        frame.set_cursor_position((at, area.y));
    }
}

fn rows<'a>(state: &State, view: &FlowsView, width: u16) -> Table<'a> {
    let layout = columns::layout(usize::from(width));
    let [client, server] = layout.names;
    let widths = [client, server].into_iter();
    let widths = widths.chain(layout.columns.iter().map(|column| column.width));
    let widths = widths.map(|cells| Constraint::Length(u16::try_from(cells).unwrap_or(u16::MAX)));
    let titles = layout.columns.iter().map(|column| {
        let sorted = column.sort == Some(state.sort.as_str());
        let title = Line::from(column.title).alignment(Alignment::Right);
        Cell::from(title).style(if sorted { STRONG } else { Style::new() })
    });
    let header = [Cell::from("CLIENT"), Cell::from("SERVER")]
        .into_iter()
        .chain(titles);
    let body = view.flows.iter().skip(state.first).take(state.room());
    let body = body.map(|flow| {
        let names = [columns::client(flow, client), columns::server(flow, server)];
        let names = names.into_iter().map(Cell::from);
        let numbers = layout
            .columns
            .iter()
            .map(|column| Cell::from(Line::from((column.text)(flow)).alignment(Alignment::Right)));
        Row::new(names.chain(numbers))
    });
    Table::new(body, widths)
        .column_spacing(1)
        .header(Row::new(header).style(TITLES))
}

/// What stands in the place of rows before the first ones came.
fn nothing_yet(state: &State) -> Paragraph<'_> {
    match &state.problem {
        Some(problem) => Paragraph::new(printable(problem).into_owned())
            .style(WRONG)
            .wrap(Wrap { trim: true }),
        None => Paragraph::new("asking …"),
    }
}

fn help<'a>() -> Paragraph<'a> {
    let lines = keys::HELP.map(|(keys, what)| {
        let keys = Span::styled(format!("{keys:<14} "), STRONG);
        Line::from(vec![keys, Span::raw(what)])
    });
    Paragraph::new(lines.to_vec())
}

/// Which rows these are and what they rest on, or why there are no newer ones.
fn footline(state: &State) -> Paragraph<'_> {
    let Some(view) = &state.shown else {
        return Paragraph::new("q quit");
    };
    if let Some(problem) = &state.problem {
        return Paragraph::new(format!("not refreshed: {}", printable(problem))).style(WRONG);
    }
    let coverage = coverage_line(&view.coverage);
    let shown = view
        .flows
        .len()
        .saturating_sub(state.first)
        .min(state.room());
    let rows = if shown == 0 {
        "no flow matches".to_owned()
    } else {
        let (first, last) = (state.first + 1, state.first + shown);
        format!(
            "{first}–{last} of {}",
            units::counted(view.total as u64, "row")
        )
    };
    Paragraph::new(format!("{rows}; {}", printable(&coverage))).style(QUIET)
}

#[cfg(test)]
pub(in crate::cli::top) mod tests;
