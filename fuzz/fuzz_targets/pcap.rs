//! A classic capture in any byte order and resolution, from its octets to the answers.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use pilotfish_fuzz::{answer_everything, small_limits, snapshot};

/// The magic numbers of microseconds, nanoseconds and the modified format.
const MAGICS: [u32; 3] = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34];

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(magic) = input.first_chunk().map(|magic| u32::from_be_bytes(*magic)) else {
        return Corpus::Reject;
    };
    if !MAGICS.contains(&magic) && !MAGICS.contains(&magic.swap_bytes()) {
        return Corpus::Reject;
    }
    if let Some(snapshot) = snapshot(input, Vec::new(), small_limits()) {
        answer_everything(&snapshot);
    }
    Corpus::Keep
});
