//! Keys as data: what is pressed, and the state that it leads to.

use analyzer::query::Operation;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::cli::parameters;
use crate::cli::top::asker::{Pace, Reply};
use crate::cli::top::filter;
use crate::cli::top::screen;
use crate::cli::top::state::{Act, LEVELS, Mode, SORTS, State};

fn state() -> State {
    let mut state = State::new(
        "http://127.0.0.1:8898".to_owned(),
        vec![("window".to_owned(), "1m".to_owned())],
    );
    state.take(Reply {
        pairs: state.question().pairs,
        outcome: Ok(screen::tests::view(10)),
    });
    state.set_room(4);
    state
}

/// One key a character; `⏎`, `⎋`, `⌫`, `^` (Ctrl-U), arrows and ⇞ ⇟ ⇱ ⇲ are themselves.
fn key(c: char) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match c {
        '⏎' => plain(KeyCode::Enter),
        '⎋' => plain(KeyCode::Esc),
        '⌫' => plain(KeyCode::Backspace),
        '^' => KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
        '↑' => plain(KeyCode::Up),
        '↓' => plain(KeyCode::Down),
        '⇞' => plain(KeyCode::PageUp),
        '⇟' => plain(KeyCode::PageDown),
        '⇱' => plain(KeyCode::Home),
        '⇲' => plain(KeyCode::End),
        c => plain(KeyCode::Char(c)),
    }
}

fn press(keys: &str) -> (State, Act) {
    let mut state = state();
    let mut act = Act::Draw;
    for c in keys.chars() {
        act = state.press(key(c));
    }
    (state, act)
}

#[test]
fn keys_sort_merge_filter_and_pause() {
    for (keys, expected) in [
        ("", "Draw: bps - [window=1m]"),
        ("s", "Ask: pps - [window=1m]"),
        ("sss", "Ask: rtt - [window=1m]"),
        ("ssss", "Ask: bps - [window=1m]"),
        ("t", "Ask: bytes - [window=1m]"),
        ("rp", "Ask: pps - [window=1m]"),
        ("pb", "Ask: bps - [window=1m]"),
        ("a", "Ask: bps pod [window=1m]"),
        ("aaaaa", "Ask: bps node [window=1m]"),
        ("aaaaaa", "Ask: bps - [window=1m]"),
        (" ", "Ask: bps - [window=1m] paused"),
        ("  ", "Ask: bps - [window=1m]"),
        ("x", "Draw: bps - [window=1m]"),
        ("/ ns=shop⏎", "Ask: bps - [window=1m ns=shop]"),
        ("/^port=443 ns=a⏎", "Ask: bps - [port=443 ns=a]"),
        ("/⌫⌫2m⏎", "Ask: bps - [window=2m]"),
        ("/^⏎", "Ask: bps - []"),
        // Keys are letters while a filter is typed, and what was refused changes nothing.
        ("/ q⏎", "Draw: bps - [window=1m] typing"),
        ("/ q⏎⎋", "Draw: bps - [window=1m]"),
        ("/^ns=x⎋", "Draw: bps - [window=1m]"),
        ("?", "Draw: bps - [window=1m] help"),
        ("?s", "Draw: bps - [window=1m]"),
    ] {
        let (state, act) = press(keys);
        let level = state.level.as_deref().unwrap_or("-");
        let filter = filter::typed(&state.filter);
        let pace = match state.pace {
            Pace::Running => "",
            Pace::Paused => " paused",
        };
        let mode = match state.mode {
            Mode::Rows => "",
            Mode::Typing(_) => " typing",
            Mode::Help => " help",
        };
        let told = format!("{act:?}: {} {level} [{filter}]{pace}{mode}", state.sort);
        assert_eq!(told, expected, "after {keys:?}");
    }
}

#[test]
fn rows_scroll_to_their_ends_and_not_beyond() {
    for (keys, first) in [
        ("↑", 0),
        ("↓↓↓", 3),
        ("↓↓↓↑", 2),
        ("⇟", 4),
        ("⇟⇟⇟", 6),
        ("⇲", 6),
        ("⇲⇞", 2),
        ("⇲⇱", 0),
        // Another order begins at its first row.
        ("⇲b", 0),
        ("⇲/⏎", 0),
    ] {
        assert_eq!(press(keys).0.first, first, "after {keys:?}");
    }
}

#[test]
fn q_and_ctrl_c_end_it() {
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for before in ["", "/", "/ns=", "?", " "] {
        let (mut state, _) = press(before);
        assert_eq!(state.press(control_c), Act::Quit, "after {before:?}");
    }
    assert_eq!(press("q").1, Act::Quit);
    assert_eq!(press("?q").1, Act::Quit);
}

#[test]
fn whatever_is_asked_can_be_answered() {
    for sort in SORTS {
        for level in LEVELS {
            let mut state = state();
            state.sort = sort.to_owned();
            state.level = Some(level.to_owned());
            let asked = state.question().pairs;
            assert!(
                parameters::query(Operation::Flows, &asked).is_ok(),
                "{asked:?}"
            );
        }
    }
}

#[test]
fn an_answer_to_an_older_question_changes_nothing() {
    let mut state = state();
    let pairs = state.question().pairs;
    state.press(key('t'));
    let older = Reply {
        pairs,
        outcome: Ok(screen::tests::view(1)),
    };
    state.take(older);
    assert_eq!(state.shown.map(|view| view.flows.len()), Some(10));
}
