//! What is shown and what is asked: a value that keys and answers change.

use analyzer::query::view::FlowsView;

use crate::cli::parameters::{self, Pair};
use crate::cli::top::asker::{Asked, Pace, Reply};

/// The rows that are asked for: more than anyone scrolls through.
const ROWS: usize = 1_000;

/// What `s` goes through.
pub(crate) const SORTS: [&str; 4] = ["bps", "pps", "bytes", "rtt"];
/// What `a` goes through, after the flows themselves.
pub(crate) const LEVELS: [&str; 5] = ["pod", "workload", "service", "namespace", "node"];

/// What keys do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Choose rows.
    Rows,
    /// Write a filter.
    Typing(Line),
    /// End the help.
    Help,
}

/// A filter that is being written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Line {
    /// As far as it goes.
    pub(crate) text: String,
    /// Why it was refused, until it is changed.
    pub(crate) problem: Option<String>,
}

/// What follows from a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// Nothing but the next screen.
    Draw,
    /// The question is another one.
    Ask,
    /// The end.
    Quit,
}

/// All that the screen is made of.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Who is asked.
    pub(crate) place: String,
    /// Which flows.
    pub(crate) filter: Vec<Pair>,
    /// In which order.
    pub(crate) sort: String,
    /// Merged at which level, if at all.
    pub(crate) level: Option<String>,
    /// Whether it is asked again.
    pub(crate) pace: Pace,
    /// What keys do.
    pub(crate) mode: Mode,
    /// The last answer.
    pub(crate) shown: Option<FlowsView>,
    /// Why there is none newer.
    pub(crate) problem: Option<String>,
    /// The row that stands first.
    pub(crate) first: usize,
    /// How many rows the screen has room for.
    room: usize,
}

impl State {
    /// The first state, of the parameters that were given.
    pub(crate) fn new(place: String, given: Vec<Pair>) -> Self {
        let (filter, shape): (Vec<Pair>, Vec<Pair>) = given
            .into_iter()
            .partition(|(name, _)| parameters::is_filter(name));
        let value = |wanted: &str| {
            let pair = shape.iter().find(|(name, _)| name == wanted);
            pair.map(|(_, value)| value.clone())
        };
        Self {
            place,
            filter,
            sort: value("sort").unwrap_or_else(|| "bps".to_owned()),
            level: value("aggregate"),
            pace: Pace::Running,
            mode: Mode::Rows,
            shown: None,
            problem: None,
            first: 0,
            room: 1,
        }
    }

    /// What is asked.
    pub(crate) fn question(&self) -> Asked {
        Asked {
            pairs: self.pairs(),
            pace: self.pace,
        }
    }

    fn pairs(&self) -> Vec<Pair> {
        let mut pairs = self.filter.clone();
        let mut add = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
        add("sort", &self.sort);
        if let Some(level) = &self.level {
            add("aggregate", level);
        }
        add("limit", &ROWS.to_string());
        add("format", "full");
        pairs
    }

    /// Takes an answer, unless something else is asked by now.
    pub(crate) fn take(&mut self, reply: Reply) {
        if reply.pairs != self.pairs() {
            return;
        }
        match reply.outcome {
            Ok(view) => {
                self.shown = Some(view);
                self.problem = None;
                self.scroll_to(self.first);
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Takes how many rows the screen has room for.
    pub(crate) fn set_room(&mut self, room: usize) {
        self.room = room.max(1);
        self.scroll_to(self.first);
    }

    /// How many rows the screen has room for.
    pub(crate) const fn room(&self) -> usize {
        self.room
    }

    /// Puts a row first, but leaves no room empty that rows could fill.
    pub(crate) fn scroll_to(&mut self, row: usize) {
        let rows = self.shown.as_ref().map_or(0, |view| view.flows.len());
        self.first = row.min(rows.saturating_sub(self.room));
    }
}
