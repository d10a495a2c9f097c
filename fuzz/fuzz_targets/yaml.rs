//! YAML, which the fast reader reads as the general one does or not at all.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use objects::document::{Keep, Kept, fast, yaml};
use objects::kept::kept;

fuzz_target!(|input: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(input) else {
        return Corpus::Reject;
    };
    let text = text.trim_start_matches('\u{feff}');
    for keep in [Keep::All, Keep::Some(kept), Keep::Some(kept_some)] {
        if let Some(documents) = fast::documents(text, keep) {
            assert_eq!(Ok(documents), yaml::documents(text, keep));
        }
    }
    Corpus::Keep
});

/// Passes over about half of all keys, so that everything is met kept and passed over.
fn kept_some(key: &str) -> Kept {
    match key.len() % 4 {
        0 | 1 => Kept::No,
        2 => Kept::Whole,
        _ => Kept::Yes,
    }
}
