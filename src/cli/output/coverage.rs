//! Coverage in one line, and warnings: what to know before trusting the rest.

use std::io::{self, Write};

use analyzer::query::view::{CoverageView, WindowView};
use analyzer::snapshot::Source;
use analyzer::time::Timestamp;

use crate::cli::NAME;
use crate::cli::color;
use crate::cli::output::text::printable;
use crate::cli::units::{count, counted, duration};

/// Frames read, counted and skipped, from when to when, and how many warnings there are.
pub(crate) fn line(coverage: &CoverageView) -> String {
    let mut parts = vec![frames(coverage)];
    if let (Some(from), Some(to)) = (coverage.from, coverage.to) {
        parts.push(span(from, to));
    }
    if let Some(window) = &coverage.window {
        parts.push(bounds(window, coverage));
    }
    if !coverage.complete && coverage.source == Source::Replay {
        parts.push("not read to the end".to_owned());
    }
    let coarsened = coverage
        .coarsened
        .as_ref()
        .map_or(0, |coarse| coarse.intervals);
    let doubts = [
        (coverage.dropped, "frame", "dropped by the capture"),
        (coverage.truncated_records, "record", "cut"),
        (coverage.evicted, "record", "evicted"),
        (coarsened, "interval", "merged to longer ones"),
        (coverage.connections_not_kept, "connection", "not kept"),
    ];
    for (n, noun, what) in doubts.into_iter().filter(|(n, ..)| *n > 0) {
        parts.push(format!("{} {what}", counted(n, noun)));
    }
    if !coverage.warnings.is_empty() {
        parts.push(counted(coverage.warnings.len() as u64, "warning"));
    }
    parts.join(" · ")
}

fn frames(coverage: &CoverageView) -> String {
    let mut parts = vec![format!("{} counted", count(coverage.counted))];
    match coverage.copies {
        0 => {}
        1 => parts.push("1 copy".to_owned()),
        n => parts.push(format!("{} copies", count(n))),
    }
    let skipped: u64 = coverage.skipped.values().sum();
    if skipped > 0 {
        let reasons = coverage.skipped.iter().filter(|(_, n)| **n > 0);
        let reasons: Vec<String> = reasons
            .map(|(reason, n)| format!("{} {}", printable(reason), count(*n)))
            .collect();
        parts.push(format!(
            "{} skipped ({})",
            count(skipped),
            reasons.join(", ")
        ));
    }
    format!(
        "{} read: {}",
        counted(coverage.frames, "frame"),
        parts.join(", ")
    )
}

/// `2026-11-22 19:39:42 to 19:40:41 UTC (58.6 s)`.
fn span(from: Timestamp, to: Timestamp) -> String {
    format!("{} ({})", between(from, to), duration(to.nanos_since(from)))
}

/// `window 2026-11-22 19:40:00 to 19:40:50 UTC`, and whether anything was read in it.
fn bounds(window: &WindowView, coverage: &CoverageView) -> String {
    let place = match (coverage.from, coverage.to) {
        (Some(from), _) if window.end <= from => ", before what was read",
        (_, Some(to)) if window.start > to => ", after what was read",
        _ => "",
    };
    let (start, end) = (window.start, window.end);
    let instant = |time| format!("{} {} UTC", date(time), clock(time));
    let bounds = match (start == Timestamp::default(), start < end) {
        (true, _) => format!("until {}", instant(end)),
        // A window without an end has that of what was read.
        (false, false) => format!("from {}", instant(start)),
        (false, true) => between(start, end),
    };
    format!("window {bounds}{place}")
}

/// `2026-11-22 19:39:42 to 19:40:41 UTC`; both dates, where they are two.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> String {
    let end = if date(from) == date(to) {
        clock(to)
    } else {
        format!("{} {}", date(to), clock(to))
    };
    format!("{} {} to {end} UTC", date(from), clock(from))
}

/// `2026-11-22`.
pub(crate) fn date(time: Timestamp) -> String {
    time.to_string().get(..10).unwrap_or_default().to_owned()
}

/// `19:39:42`.
fn clock(time: Timestamp) -> String {
    time.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// `19:39:42.123456`.
pub(crate) fn clock_micros(time: Timestamp) -> String {
    time.to_string().get(11..26).unwrap_or_default().to_owned()
}

/// `2026-11-22 19:39:42.123456`.
pub(crate) fn moment(time: Timestamp) -> String {
    format!("{} {}", date(time), clock_micros(time))
}

/// Says every warning on standard error.
pub(crate) fn say_warnings(coverage: &CoverageView) -> io::Result<()> {
    let (yellow, plain) = (color::WARNING, color::WARNING.render_reset());
    let mut stderr = anstream::stderr().lock();
    for warning in &coverage.warnings {
        let warning = printable(warning);
        writeln!(stderr, "{NAME}: {yellow}warning{plain}: {warning}")?;
    }
    Ok(())
}

/// Says how things are, on standard error.
pub(crate) fn say_note(note: &str) -> io::Result<()> {
    writeln!(anstream::stderr(), "{NAME}: {note}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(json: &str) -> CoverageView {
        let mut whole = serde_json::json!({
            "source": "replay", "complete": true, "frames": 0, "counted": 0, "copies": 0,
            "skipped": {}, "dropped": 0, "evicted": 0, "truncated_records": 0,
            "merged_frames": 0, "suspected_duplicates": 0, "connections_not_kept": 0,
            "files": 1, "identity": {}, "warnings": []
        });
        let part: serde_json::Map<_, _> = serde_json::from_str(json).unwrap();
        whole.as_object_mut().unwrap().extend(part);
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn only_what_there_is_to_say_is_said() {
        assert_eq!(line(&coverage("{}")), "0 frames read: 0 counted");
        let plain = r#"{"frames": 3370, "counted": 3274, "skipped": {"arp": 95, "icmp": 0,
            "other_ip_protocol": 1}, "from": "2026-11-22T19:39:42.5Z", "to": "2026-11-22T19:40:41Z"}"#;
        assert_eq!(
            line(&coverage(plain)),
            "3,370 frames read: 3,274 counted, 96 skipped (arp 95, other_ip_protocol 1) · \
             2026-11-22 19:39:42 to 19:40:41 UTC (58.5 s)"
        );
    }

    #[test]
    fn every_doubt_is_said() {
        let doubtful = r#"{"frames": 4, "counted": 3, "copies": 1, "complete": false, "dropped": 5,
            "truncated_records": 1, "evicted": 2, "connections_not_kept": 7,
            "warnings": ["a", "b"], "from": "2026-11-22T23:59:59Z", "to": "2026-11-23T00:00:01Z",
            "window": {"start": "2026-11-22T23:59:50Z", "end": "2026-11-23T00:00:10Z"}}"#;
        assert_eq!(
            line(&coverage(doubtful)),
            "4 frames read: 3 counted, 1 copy · \
             2026-11-22 23:59:59 to 2026-11-23 00:00:01 UTC (2.0 s) · \
             window 2026-11-22 23:59:50 to 2026-11-23 00:00:10 UTC · not read to the end · 5 frames dropped by the capture · \
             1 record cut · 2 records evicted · 7 connections not kept · 2 warnings"
        );
    }

    #[test]
    fn a_window_beside_what_was_read_is_told() {
        let cases = [
            ("19:39:30", "19:39:40", ", before what was read"),
            ("19:40:50", "19:41:00", ", after what was read"),
            ("19:40:40", "19:40:50", ""),
        ];
        for (start, end, place) in cases {
            let read = format!(
                r#"{{"from": "2026-11-22T19:39:42Z", "to": "2026-11-22T19:40:41Z",
                    "window": {{"start": "2026-11-22T{start}Z", "end": "2026-11-22T{end}Z"}}}}"#
            );
            let expected = format!("window 2026-11-22 {start} to {end} UTC{place}");
            let line = line(&coverage(&read));
            assert!(line.ends_with(&expected), "{line}");
        }
    }
}
