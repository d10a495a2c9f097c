//! Screens of a few states, as a terminal would show them.

use analyzer::query::view::FlowsView;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use crate::cli::top::asker::{Pace, Reply};
use crate::cli::top::screen::{render, room};
use crate::cli::top::state::{Line, Mode, State};

/// An answer of so many flows, the busiest first.
pub(in crate::cli::top) fn view(flows: u64) -> FlowsView {
    let rows: Vec<Value> = (0..flows).map(|n| flow(n, flows - n)).collect();
    serde_json::from_value(json!({
        "flows": rows, "total": flows, "truncated": false,
        "coverage": {
            "source": "replay", "complete": true, "frames": 1234, "counted": 1234, "copies": 0,
            "skipped": {}, "dropped": 0, "evicted": 0, "truncated_records": 0,
            "merged_frames": 0, "suspected_duplicates": 0, "connections_not_kept": 0,
            "files": 1, "identity": {}, "warnings": [],
        },
    }))
    .unwrap()
}

fn flow(n: u64, scale: u64) -> Value {
    // The third one is hostile: its name clears a terminal.
    let pod = if n == 2 {
        "\u{1b}[2Jevil"
    } else {
        "checkout-7d9c8b6f5-x2x4z"
    };
    let stats = json!({
        "tx_pkts": scale, "rx_pkts": scale, "tx_bytes": scale, "rx_bytes": scale,
        "tcp_handshake_p50_us": 250 * scale,
    });
    json!({
        "proto": "tcp",
        "client": {"ip": "10.244.1.5", "pod": pod, "ns": "shop"},
        "server": {"ip": "203.0.113.7", "port": 443, "kind": "external"},
        "client_stats": stats, "server_stats": stats,
        "totals": {"pkts": 4 * scale, "bytes": 4 * scale, "pps": 0.0, "bps": 0.0},
        "wire": {"pkts": 2 * scale, "bytes": 123_456 * scale, "pps": 12.5, "bps": 98_765.0},
        "state": "active",
    })
}

fn state(answer: Option<FlowsView>) -> State {
    let mut state = State::new(
        "http://127.0.0.1:8898".to_owned(),
        vec![("window".to_owned(), "1m".to_owned())],
    );
    if let Some(view) = answer {
        let pairs = state.question().pairs;
        let outcome = Ok(view);
        state.take(Reply { pairs, outcome });
    }
    state
}

fn fail(state: &mut State, problem: &str) {
    let pairs = state.question().pairs;
    let outcome = Err(problem.to_owned());
    state.take(Reply { pairs, outcome });
}

/// The screen as text, lines without the room behind them.
fn screen(state: &State, width: u16, height: u16) -> String {
    let mut state = state.clone();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| {
            state.set_room(room(frame.area()));
            render(frame, &state);
        })
        .unwrap();
    let shown = terminal.backend().to_string();
    let lines = shown.lines().map(|line| line.trim_matches('"').trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

/// Compares a screen with the snapshot of that name in `snapshots/top`.
fn assert_accepted(name: &str, state: &State, width: u16, height: u16) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../../snapshots/top");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, screen(state, width, height)));
}

#[test]
fn flows_at_the_usual_width() {
    assert_accepted("flows_at_the_usual_width", &state(Some(view(30))), 80, 24);
}

#[test]
fn flows_where_there_is_room() {
    let mut state = state(Some(view(30)));
    state.pace = Pace::Paused;
    state.level = Some("workload".to_owned());
    assert_accepted("flows_where_there_is_room", &state, 120, 40);
}

#[test]
fn flows_where_there_is_almost_none() {
    assert_accepted(
        "flows_where_there_is_almost_none",
        &state(Some(view(30))),
        24,
        6,
    );
}

#[test]
fn no_flows() {
    assert_accepted("no_flows", &state(Some(view(0))), 80, 8);
}

#[test]
fn a_server_that_does_not_answer() {
    let mut state = state(None);
    fail(
        &mut state,
        "http://127.0.0.1:8898: no answer\u{1b}[2J, expected a running pilotfish there",
    );
    assert_accepted("a_server_that_does_not_answer", &state, 60, 8);
}

#[test]
fn a_server_that_answers_no_more() {
    let mut state = state(Some(view(2)));
    fail(&mut state, "http://127.0.0.1:8898: no answer");
    assert_accepted("a_server_that_answers_no_more", &state, 80, 8);
}

#[test]
fn a_filter_that_is_refused() {
    let mut state = state(Some(view(2)));
    state.mode = Mode::Typing(Line {
        text: "window=1m nss=shop".to_owned(),
        problem: Some("nss: no such parameter, did you mean ns?".to_owned()),
    });
    assert_accepted("a_filter_that_is_refused", &state, 80, 8);
}

#[test]
fn the_help() {
    let mut state = state(Some(view(2)));
    state.mode = Mode::Help;
    assert_accepted("the_help", &state, 80, 16);
}

#[test]
fn every_size_can_be_drawn() {
    let mut typing = state(Some(view(3)));
    typing.mode = Mode::Typing(Line {
        text: "漢字".repeat(40),
        problem: Some("no".to_owned()),
    });
    let mut failed = state(None);
    fail(&mut failed, "no answer");
    for width in 1..40 {
        for height in 1..8 {
            for state in [&typing, &failed, &state(Some(view(3)))] {
                let shown = screen(state, width, height);
                assert!(!shown.contains('\u{1b}'));
            }
        }
    }
}
