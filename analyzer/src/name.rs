//! Names that packets, captures and cluster objects brought along, as they may be shown.
//!
//! In: any text. Out: the same without what nobody sees: control characters, and those that reorder
//! or hide text, by which one name passes for another or speaks to a terminal or a model. A name is
//! bounded as those of Kubernetes and DNS are.
//! **Shape** every name passes here once, where it comes into the engine or the decoding of objects,
//! so what is filtered, merged and shown is one text on every surface.
//! **Source** Unicode, `Default_Ignorable_Code_Point` and `Bidi_Control`; RFC 1035 section 2.3.4.

use std::borrow::Cow;

/// The longest name, in octets.
pub const LENGTH_MAX: usize = 253;

/// A text as a name that may be shown; empty where nothing of it may.
#[must_use]
pub fn name(text: &str) -> Cow<'_, str> {
    match seen(text) {
        Cow::Borrowed(text) => Cow::Borrowed(bounded(text)),
        Cow::Owned(mut text) => {
            text.truncate(bounded(&text).len());
            Cow::Owned(text)
        }
    }
}

/// A text without what nobody sees of it.
#[must_use]
pub fn seen(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
    if is_plain || !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_hidden(*c)).collect())
}

fn bounded(text: &str) -> &str {
    if text.len() <= LENGTH_MAX {
        return text;
    }
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= LENGTH_MAX).last();
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// Whether a character is none that is seen: it rules a terminal, the direction of text, or nothing.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_seen_is_no_part_of_a_name() {
        for (text, shown) in [
            ("cart-7f9c5b8d6f-hm2ts", "cart-7f9c5b8d6f-hm2ts"),
            ("größe → 2", "größe → 2"),
            ("\u{1b}[31mred\u{7f}\u{9b}2J", "[31mred2J"),
            ("ca\u{200b}rt\r\n", "cart"),
            ("\u{202e}trac\u{2066}", "trac"),
            ("a\u{e0041}\u{e0042}\u{fe0f}b", "ab"),
            ("\u{200d}\u{feff}", ""),
        ] {
            assert_eq!(name(text), shown);
        }
    }

    #[test]
    fn a_name_is_bounded_between_characters() {
        assert_eq!(name(&"x".repeat(300)).len(), 253);
        assert_eq!(name(&"ä".repeat(200)).len(), 252);
        assert_eq!(name(&format!("\u{200b}{}", "ä".repeat(200))).len(), 252);
        assert_eq!(seen(&"x".repeat(300)).len(), 300);
    }

    proptest! {
        #[test]
        fn what_was_cleaned_is_clean(text in any::<String>()) {
            let once = name(&text).into_owned();
            prop_assert!(once.len() <= LENGTH_MAX && !once.chars().any(is_hidden));
            prop_assert_eq!(name(&once), once.as_str());
        }
    }
}
