//! The words of an expression.
//!
//! In: text. Out: words and signs, each with the character it begins at, counted from 1.

/// A word, and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Word<'t> {
    pub(super) at: usize,
    pub(super) text: &'t str,
}

/// Signs that are words by themselves, the longer ones first.
const SIGNS: [&str; 5] = ["&&", "||", "!", "(", ")"];

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let (mut words, mut rest, mut at) = (Vec::new(), text, 1);
    loop {
        let trimmed = rest.trim_start();
        at += characters(rest) - characters(trimmed);
        if trimmed.is_empty() {
            return words;
        }
        let (word, after) = trimmed.split_at(length(trimmed));
        words.push(Word { at, text: word });
        at += characters(word);
        rest = after;
    }
}

/// The octets of the first word of a text that begins with one.
fn length(text: &str) -> usize {
    if let Some(sign) = SIGNS.iter().find(|sign| text.starts_with(**sign)) {
        return sign.len();
    }
    let ends = |(at, character): (usize, char)| {
        let is_sign = SIGNS.iter().any(|sign| {
            let rest = text.get(at..).unwrap_or_default();
            rest.starts_with(sign)
        });
        (character.is_whitespace() || is_sign).then_some(at)
    };
    text.char_indices().find_map(ends).unwrap_or(text.len())
}

fn characters(text: &str) -> usize {
    text.chars().count()
}
