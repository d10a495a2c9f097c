//! Text that captures and clusters brought along, made safe to show anywhere.

use std::borrow::Cow;

/// `text` with control characters, and those that hide or reorder text, as `\u{1b}`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| -> String {
        if is_unsafe(c) {
            c.escape_unicode().collect()
        } else {
            c.to_string()
        }
    };
    Cow::Owned(text.chars().map(escape).collect())
}

fn is_unsafe(c: char) -> bool {
    // Zero width, line and paragraph separators, direction marks, embeddings and isolates.
    let hidden = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}'
    );
    hidden || c.is_control()
}

/// As many lines of a text as are shown, each made safe.
pub(super) fn bounded_lines(text: &str, most: usize) -> String {
    let mut lines: Vec<String> = text
        .lines()
        .take(most)
        .map(|line| printable(line).into_owned())
        .collect();
    let left = text.lines().count().saturating_sub(most);
    if left > 0 {
        lines.push(format!("… {left} more lines"));
    }
    lines.join("\n")
}
