//! Differences of an edge in words.

use std::collections::BTreeSet;

use analyzer::query::view::CoverageView;
use analyzer::query::view::diff::{Aspect, DiffView, EdgeDiffView, EdgeSideView};
use analyzer::snapshot::Source;
use analyzer::traffic::IntervalIndex;

use crate::cli::output::coverage::between;
use crate::cli::units;

/// Ports of one side that are named.
const PORTS: usize = 8;

/// The windows that were compared, as the whole intervals there are of them; nothing where all was.
pub(super) fn windows(view: &DiffView) -> Vec<String> {
    let windows = sides(view).into_iter().filter_map(|(side, coverage)| {
        let window = coverage.window.as_ref()?;
        let (from, to) = (coverage.from?, coverage.to?);
        // A live server is asked for its last minutes, and may not have run that long.
        let start = window.start.max(IntervalIndex::of(from).start());
        let end = window.end.min(IntervalIndex::of(to).end());
        let live = match coverage.source {
            Source::Live => ", live",
            Source::Replay => "",
        };
        Some(format!("{side}{live}: {}", between(start, end)))
    });
    windows.collect()
}

/// What to know of either side, and once what is so of both.
pub(super) fn doubts(view: &DiffView) -> Vec<String> {
    let [(_, a), (_, b)] = sides(view);
    let mut doubts: Vec<String> = Vec::new();
    for (side, coverage, other) in [("A", a, b), ("B", b, a)] {
        if !coverage.complete && coverage.source == Source::Replay {
            doubts.push(format!("{side}: not read to the end"));
        }
        for warning in &coverage.warnings {
            match (other.warnings.contains(warning), side) {
                (true, "A") => doubts.push(warning.clone()),
                (true, _) => {}
                (false, _) => doubts.push(format!("{side}: {warning}")),
            }
        }
    }
    doubts
}

fn sides(view: &DiffView) -> [(&'static str, &CoverageView); 2] {
    [("A", &view.coverage_a), ("B", &view.coverage)]
}

/// What there is to say of an edge: all of one that is new or gone, else what differs.
pub(super) fn said(edge: &EdgeDiffView) -> String {
    match (&edge.a, &edge.b) {
        (Some(a), Some(b)) => {
            let parts = edge.differs.iter().map(|aspect| differs(*aspect, a, b));
            parts.collect::<Vec<_>>().join(", ")
        }
        (Some(side), None) | (None, Some(side)) => whole(side),
        (None, None) => String::new(),
    }
}

fn whole(side: &EdgeSideView) -> String {
    let connections = match side.connections {
        1 => "1 connection".to_owned(),
        n => format!("{} connections", units::count(n)),
    };
    format!(
        "{}, {}, {connections}",
        listed(&side.ports),
        units::bytes(side.bytes)
    )
}

fn differs(aspect: Aspect, a: &EdgeSideView, b: &EdgeSideView) -> String {
    match aspect {
        Aspect::Ports => ports_differ(&a.ports, &b.ports),
        Aspect::Volume => format!(
            "volume {} → {}{}",
            units::bytes(a.bytes),
            units::bytes(b.bytes),
            change(share(a.bytes, b.bytes))
        ),
        Aspect::Rate => format!(
            "rate {} → {}{}",
            units::bit_rate(a.bps),
            units::bit_rate(b.bps),
            change((a.bps > 0.0).then(|| b.bps / a.bps))
        ),
        Aspect::Handshake => {
            let time = |side: &EdgeSideView| {
                side.tcp_handshake_p50_us
                    .map(units::micros)
                    .unwrap_or_default()
            };
            format!("handshake {} → {}", time(a), time(b))
        }
        Aspect::Failures => {
            let percent = |side: &EdgeSideView| side.failure_share().unwrap_or_default() * 100.0;
            let failed = |side: &EdgeSideView| side.failed.unwrap_or_default();
            format!(
                "failed {:.1} % → {:.1} % ({} → {} connections)",
                percent(a),
                percent(b),
                failed(a),
                failed(b)
            )
        }
    }
}

/// All ports of both sides where they are few, else those that only one of them has.
fn ports_differ(a: &[String], b: &[String]) -> String {
    if a.len() <= PORTS && b.len() <= PORTS {
        return format!("ports {} → {}", a.join(" "), b.join(" "));
    }
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        let other: BTreeSet<&String> = other.iter().collect();
        let one = one.iter().filter(|port| !other.contains(port));
        one.cloned().collect()
    };
    let parts = [("new", only(b, a)), ("gone", only(a, b))];
    let parts = parts.iter().filter(|(_, ports)| !ports.is_empty());
    let parts: Vec<String> = parts
        .map(|(word, ports)| format!("{word} {}", listed(ports)))
        .collect();
    format!("ports {}", parts.join(", "))
}

/// The first ports, and how many more there are.
fn listed(ports: &[String]) -> String {
    let more = ports.len().saturating_sub(PORTS);
    let shown: Vec<&str> = ports.iter().take(PORTS).map(String::as_str).collect();
    match more {
        0 => shown.join(" "),
        more => format!("{} +{more}", shown.join(" ")),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share of bytes is shown in hundredths"
)]
fn share(a: u64, b: u64) -> Option<f64> {
    (a > 0).then(|| b as f64 / a as f64)
}

fn change(share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| {
        format!(" ({:+.0} %)", (share - 1.0) * 100.0)
    })
}
