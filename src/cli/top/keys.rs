//! Keys: what each does to the state.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::cli::top::asker::Pace;
use crate::cli::top::filter;
use crate::cli::top::state::{Act, LEVELS, Line, Mode, SORTS, State};

/// The longest filter that can be typed.
const LONGEST: usize = 1_000;

/// The keys, for the help.
pub(crate) const HELP: [(&str, &str); 10] = [
    ("q, Ctrl-C", "quit"),
    ("↑ ↓ PgUp PgDn", "scroll; Home and End too"),
    ("s", "next order: bits, packets, bytes, handshake time"),
    ("b  p", "by bits a second; by packets a second"),
    ("t  r", "by bytes; by handshake time"),
    (
        "a",
        "flows, or merged: pod, workload, service, namespace, node",
    ),
    ("/", "filter, as over HTTP: ns=shop port=443 window=5m"),
    ("Enter  Esc", "of a filter: take it; leave it as it was"),
    ("space", "pause, and go on; other keys ask once"),
    ("?", "this"),
];

impl State {
    /// What a key does, and what follows.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Act {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            return Act::Quit;
        }
        match std::mem::replace(&mut self.mode, Mode::Rows) {
            Mode::Rows if control => Act::Draw,
            Mode::Rows => self.choose(key.code),
            Mode::Typing(line) => self.write(line, key.code, control),
            Mode::Help if key.code == KeyCode::Char('q') => Act::Quit,
            // Any other key ends the help.
            Mode::Help => Act::Draw,
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "keyboards have more keys than are of use here"
    )]
    fn choose(&mut self, key: KeyCode) -> Act {
        match key {
            KeyCode::Char('q') => return Act::Quit,
            KeyCode::Up => self.scroll_to(self.first.saturating_sub(1)),
            KeyCode::Down => self.scroll_to(self.first.saturating_add(1)),
            KeyCode::PageUp => self.scroll_to(self.first.saturating_sub(self.room())),
            KeyCode::PageDown => self.scroll_to(self.first.saturating_add(self.room())),
            KeyCode::Home => self.scroll_to(0),
            KeyCode::End => self.scroll_to(usize::MAX),
            KeyCode::Char('s') => {
                let next = next(&SORTS, &self.sort).or(SORTS.first().copied());
                return self.sort_by(next.unwrap_or("bps"));
            }
            KeyCode::Char('b') => return self.sort_by("bps"),
            KeyCode::Char('p') => return self.sort_by("pps"),
            KeyCode::Char('t') => return self.sort_by("bytes"),
            KeyCode::Char('r') => return self.sort_by("rtt"),
            KeyCode::Char('a') => return self.merge_next(),
            KeyCode::Char(' ') => return self.pause(),
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Char('/') => {
                let (text, problem) = (filter::typed(&self.filter), None);
                self.mode = Mode::Typing(Line { text, problem });
            }
            _ => {}
        }
        Act::Draw
    }

    fn sort_by(&mut self, sort: &str) -> Act {
        sort.clone_into(&mut self.sort);
        self.first = 0;
        Act::Ask
    }

    fn merge_next(&mut self) -> Act {
        let level = match &self.level {
            None => LEVELS.first().copied(),
            Some(level) => next(&LEVELS, level),
        };
        self.level = level.map(str::to_owned);
        self.first = 0;
        Act::Ask
    }

    fn pause(&mut self) -> Act {
        self.pace = match self.pace {
            Pace::Running => Pace::Paused,
            Pace::Paused => Pace::Running,
        };
        Act::Ask
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "keyboards have more keys than are of use here"
    )]
    fn write(&mut self, mut line: Line, key: KeyCode, control: bool) -> Act {
        match key {
            KeyCode::Esc => return Act::Draw,
            KeyCode::Enter => match filter::parse(&line.text) {
                Ok(pairs) => {
                    self.filter = pairs;
                    self.first = 0;
                    return Act::Ask;
                }
                Err(problem) => line.problem = Some(problem),
            },
            KeyCode::Backspace => {
                line.text.pop();
                line.problem = None;
            }
            KeyCode::Char('u') if control => line = Line::default(),
            KeyCode::Char(c) if !control && line.text.len() < LONGEST => {
                line.text.push(c);
                line.problem = None;
            }
            _ => {}
        }
        self.mode = Mode::Typing(line);
        Act::Draw
    }
}

/// What stands after `one`.
fn next(all: &[&'static str], one: &str) -> Option<&'static str> {
    let at = all.iter().position(|each| *each == one)?;
    all.get(at + 1).copied()
}

#[cfg(test)]
mod tests;
