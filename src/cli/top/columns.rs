//! The columns, and which of them a width has room for.
//!
//! **Units** in cells of a terminal.

use analyzer::query::label::label;
use analyzer::query::view::{FlowView, TotalsView};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::cli::flows;
use crate::cli::output::text::printable;
use crate::cli::units;

/// What an end's name has at least before a column is left out.
const NAME: usize = 16;
/// Between two columns.
const GAP: usize = 1;

/// A column beside the names of the two ends.
pub(crate) struct Column {
    /// Its title.
    pub(crate) title: &'static str,
    /// Its width.
    pub(crate) width: usize,
    /// The parameter that sorts by it.
    pub(crate) sort: Option<&'static str>,
    /// Its text: numbers and words of ours, nothing that packets brought.
    pub(crate) text: fn(&FlowView) -> String,
    /// The first to go is the greatest.
    spare: usize,
}

const COLUMNS: [Column; 6] = [
    column("PROTO", 5, None, 3, |flow| flow.proto.to_string()),
    column("BIT/S", 8, Some("bps"), 0, |flow| {
        flow.wire.as_ref().map(bits).unwrap_or_default()
    }),
    column("PKT/S", 9, Some("pps"), 4, |flow| {
        let rate = flow.wire.as_ref().map(|wire| units::packet_rate(wire.pps));
        rate.map(|rate| rate.replace(" pkt/s", ""))
            .unwrap_or_default()
    }),
    column("BYTES", 8, Some("bytes"), 1, |flow| {
        let bytes = flow.wire.as_ref().map(|wire| units::bytes(wire.bytes));
        bytes.unwrap_or_default()
    }),
    column("P50", 8, Some("rtt"), 2, |flow| {
        flows::handshake(flow, |stats| stats.tcp_handshake_p50_us)
    }),
    column("STATE", 6, None, 5, |flow| {
        let state = flow.state.map(|state| state.name().to_owned());
        state.unwrap_or_default()
    }),
];

const fn column(
    title: &'static str,
    width: usize,
    sort: Option<&'static str>,
    spare: usize,
    text: fn(&FlowView) -> String,
) -> Column {
    Column {
        title,
        width,
        sort,
        text,
        spare,
    }
}

/// `3.4 k`: the title has the unit.
fn bits(wire: &TotalsView) -> String {
    let rate = units::bit_rate(wire.bps);
    rate.replace("bit/s", "").trim_end().to_owned()
}

/// How a width is shared out.
pub(crate) struct Layout {
    /// The client's width, and the server's.
    pub(crate) names: [usize; 2],
    /// The columns that there is room for.
    pub(crate) columns: Vec<&'static Column>,
}

/// Shares `width` out: columns go before names get too short.
pub(crate) fn layout(width: usize) -> Layout {
    let most = COLUMNS.len();
    let fits = |columns: &usize| taken(*columns) + 2 * NAME + GAP <= width;
    let count = (0..=most).rev().find(fits).unwrap_or(0);
    let names = width.saturating_sub(taken(count) + GAP);
    Layout {
        names: [names / 2, names - names / 2],
        columns: kept(count).collect(),
    }
}

fn kept(count: usize) -> impl Iterator<Item = &'static Column> {
    const ALL: &[Column] = &COLUMNS;
    ALL.iter().filter(move |column| column.spare < count)
}

/// What so many columns take, with the gaps before them.
fn taken(count: usize) -> usize {
    kept(count).map(|column| column.width + GAP).sum()
}

/// The client's name.
pub(crate) fn client(flow: &FlowView, width: usize) -> String {
    fit(&printable(&label(&flow.client, None)), width)
}

/// The server's name and port.
pub(crate) fn server(flow: &FlowView, width: usize) -> String {
    fit(&printable(&label(&flow.server, flow.server.port)), width)
}

/// `text` in `width` cells: without what stands behind an address in brackets, else without its
/// middle, so that a port stays.
fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    if let Some((address, _)) = text.split_once(" (")
        && !address.is_empty()
    {
        return fit(address, width);
    }
    let end = (width / 2).min(8);
    let tail: Vec<char> = taking(text.chars().rev(), end);
    let head: Vec<char> = taking(text.chars(), width.saturating_sub(end + 1));
    let cut = (width > 0).then_some('…');
    let tail = tail.into_iter().rev();
    head.into_iter().chain(cut).chain(tail).collect()
}

/// As many characters as have room.
fn taking(chars: impl Iterator<Item = char>, width: usize) -> Vec<char> {
    let mut left = width;
    chars
        .map_while(|c| {
            left = left.checked_sub(c.width().unwrap_or(0))?;
            Some(c)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_one_by_one_and_names_never_do() {
        let titles = |width| {
            let kept = layout(width).columns;
            kept.iter()
                .map(|column| column.title)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(titles(120), "PROTO BIT/S PKT/S BYTES P50 STATE");
        assert_eq!(titles(80), "PROTO BIT/S PKT/S BYTES P50");
        assert_eq!(titles(60), "BIT/S BYTES P50");
        assert_eq!(titles(30), "");
        for width in 0..200 {
            let layout = layout(width);
            let columns: usize = layout.columns.iter().map(|each| each.width + GAP).sum();
            let names: usize = layout.names.iter().sum();
            assert!(names + GAP + columns <= width.max(1), "{width}");
        }
    }

    #[test]
    fn what_is_too_long_loses_its_middle() {
        for (width, shown) in [
            (24, "shop/checkout-7d9c8:8080"),
            (16, "shop/ch…9c8:8080"),
            (3, "s…0"),
        ] {
            assert_eq!(fit("shop/checkout-7d9c8:8080", width), shown);
        }
        let outside = "203.0.113.7:443 (external)";
        assert_eq!(fit(outside, 26), outside);
        assert_eq!(fit(outside, 25), "203.0.113.7:443");
        assert_eq!(fit(outside, 10), "203.…7:443");
        assert_eq!(fit("shop", 1), "…");
        assert_eq!(fit("shop", 0), "");
        assert!(fit("漢字漢字漢字", 7).width() <= 7);
    }
}
