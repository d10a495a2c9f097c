//! Text that packets, captures and cluster objects brought along, made safe to show.
//!
//! A name may hold anything, also what a terminal obeys: such characters are shown escaped.

use std::borrow::Cow;

/// `text` with control characters, and those that reorder or hide text, as `\u{1b}`.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        let escape = |c: char| -> String {
            if is_unsafe(c) {
                c.escape_unicode().collect()
            } else {
                c.to_string()
            }
        };
        Cow::Owned(text.chars().map(escape).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn is_unsafe(c: char) -> bool {
    // Zero width, line and paragraph separators, direction marks, embeddings and isolates.
    let hidden = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    hidden || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        let cases = [
            ("shop/cart", "shop/cart"),
            ("größe-1 → 2", "größe-1 → 2"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("two\nlines\t", "two\\u{a}lines\\u{9}"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("a\u{202e}b\u{200b}", "a\\u{202e}b\\u{200b}"),
        ];
        for (text, shown) in cases {
            assert_eq!(printable(text), shown);
        }
    }
}
