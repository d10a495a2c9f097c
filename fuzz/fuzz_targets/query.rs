//! Parameters as they come over HTTP, asked of the shop: a line of `name=value` each, after a
//! first octet that chooses operation and surface.
#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use analyzer::engine::Limits;
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Answer, Operation, Query, diagram};
use analyzer::snapshot::Snapshot;
use libfuzzer_sys::{Corpus, fuzz_target};
use replay::cluster_file;

fn shop() -> &'static Snapshot {
    static SHOP: OnceLock<Snapshot> = OnceLock::new();
    SHOP.get_or_init(|| {
        let capture = include_bytes!("../../captures/shop/shop.pcap");
        let cluster = include_str!("../../captures/shop/cluster.yaml");
        let changes =
            cluster_file::decode(Path::new("cluster.yaml"), cluster).map(|file| file.changes);
        let limits = Limits {
            connection_records: 10_000,
            ..Limits::default()
        };
        pilotfish_fuzz::snapshot(capture, changes.expect("the shop is a cluster"), limits)
            .expect("the shop is a capture")
    })
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((choice, text)) = input.split_first() else {
        return Corpus::Reject;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return Corpus::Reject;
    };
    let operation = Operation::ALL[usize::from(*choice) % Operation::ALL.len()];
    let rows = if *choice < 0x80 {
        RowLimit::Bounded
    } else {
        RowLimit::Unbounded
    };
    let pairs = text
        .lines()
        .map(|line| line.split_once('=').unwrap_or((line, "")));
    let answer = Query::parse(operation, pairs, rows)
        .and_then(|query| Ok((query::run(shop(), operation, &query)?, query.form)));
    match answer {
        Ok((answer, form)) => {
            assert!(serde_json::to_string(&answer).is_ok());
            if let Answer::Dependencies(view) = &answer {
                let drawn = diagram::render(view, form);
                assert!(drawn.is_none_or(|text| text.lines().count() > view.edges.len()));
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty() && message.len() < 1_000, "{message}");
        }
    }
    Corpus::Keep
});
