//! A cluster file, from its text to the names in the answers about some frames of the shop.
#![no_main]

use std::path::Path;

use libfuzzer_sys::{Corpus, fuzz_target};
use pilotfish_fuzz::{answer_everything, small_limits, snapshot};
use replay::cluster_file;

fuzz_target!(|input: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(input) else {
        return Corpus::Reject;
    };
    match cluster_file::decode(Path::new("input"), text) {
        Ok(file) => {
            let shop = include_bytes!("../seeds/pcap/shop");
            let snapshot = snapshot(shop, file.changes, small_limits());
            answer_everything(&snapshot.expect("the shop is a capture"));
        }
        Err(error) => {
            let message = error.to_string();
            assert!(
                message.starts_with("input") && message.len() < 10_000,
                "{message}"
            );
        }
    }
    Corpus::Keep
});
