//! Differences of an edge in words.

use analyzer::query::view::diff::{Aspect, EdgeDiffView, EdgeSideView};

use crate::cli::units;

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
        side.ports.join(" "),
        units::bytes(side.bytes)
    )
}

fn differs(aspect: Aspect, a: &EdgeSideView, b: &EdgeSideView) -> String {
    match aspect {
        Aspect::Ports => format!("ports {} → {}", a.ports.join(" "), b.ports.join(" ")),
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
