//! A capture of blocks, from its octets to the answers.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use pilotfish_fuzz::{answer_everything, small_limits, snapshot};

/// A section header: the same in both byte orders.
const MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

fuzz_target!(|input: &[u8]| -> Corpus {
    if !input.starts_with(&MAGIC) {
        return Corpus::Reject;
    }
    if let Some(snapshot) = snapshot(input, Vec::new(), small_limits()) {
        answer_everything(&snapshot);
    }
    Corpus::Keep
});
