//! Where in a YAML file a character of an expression is.
//!
//! **Shape** a scalar may be plain, quoted or a block, on one line or folded over several: its
//! characters are looked for in the file, from the line on where the value begins, without regard to
//! white space and to the backslashes of escapes.

/// How far behind the beginning of its line an expression may begin, in characters.
const NEAR: usize = 1_000;

/// The file and the expression in it.
pub(super) struct Places<'t> {
    file: &'t str,
    line: usize,
    expression: &'t str,
}

/// A character and where it is, from 1.
type Placed = (char, (usize, usize));

impl<'t> Places<'t> {
    /// An expression whose value begins at a line, from 1.
    pub(super) const fn new(file: &'t str, line: usize, expression: &'t str) -> Self {
        Self {
            file,
            line,
            expression,
        }
    }

    /// Line and column, from 1, of the character with a number; column 0 where it is not known.
    pub(super) fn of(&self, number: usize) -> (usize, usize) {
        let before = self.expression.chars().take(number);
        let before = before.filter(|c| !c.is_whitespace()).count();
        let wanted: Vec<char> = self
            .expression
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let placed = self.placed();
        let starts = 0..placed.len().min(NEAR);
        let mut found = starts.filter_map(|start| places(placed.get(start..)?, &wanted));
        let place = found.next().and_then(|places| {
            let behind = places.last().map(|(line, column)| (*line, column + 1));
            places.get(before).copied().or(behind)
        });
        place.unwrap_or((self.line, 0))
    }

    /// The characters of the file from the line on, white space left out.
    fn placed(&self) -> Vec<Placed> {
        let lines = self.file.lines().enumerate();
        let lines = lines.skip(self.line.saturating_sub(1));
        let most = NEAR + 2 * self.expression.len();
        lines
            .flat_map(|(line, text)| {
                let characters = text.chars().enumerate();
                characters.map(move |(column, c)| (c, (line + 1, column + 1)))
            })
            .filter(|(c, _)| !c.is_whitespace())
            .take(most)
            .collect()
    }
}

/// Where the characters of an expression are, if it begins here.
fn places(here: &[Placed], wanted: &[char]) -> Option<Vec<(usize, usize)>> {
    let mut places = Vec::with_capacity(wanted.len());
    let mut left = here.iter();
    for wanted in wanted {
        let place = loop {
            match left.next()? {
                (c, place) if c == wanted => break *place,
                ('\\', _) if !places.is_empty() => {}
                _ => return None,
            }
        };
        places.push(place);
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_found_in_plain_quoted_and_block_scalars() {
        for (file, line, expression, character, place) in [
            ("a: x\nforbid: b.c == 1\n", 2, "b.c == 1", 2, (2, 11)),
            ("forbid: 'größe.c'\n", 1, "größe.c", 6, (1, 16)),
            ("forbid: |\n  a\n    b.c\n", 1, "a\n  b.c", 6, (3, 7)),
            ("forbid: >-\n  a &&\n  b\n", 1, "a && b", 5, (3, 3)),
            (
                "forbid: \"a == \\\"x\\\" && b\"\n",
                1,
                "a == \"x\" && b",
                12,
                (1, 24),
            ),
            ("forbid: a\n", 1, "a", 99, (1, 10)),
            ("forbid: \"\\x61\"\n", 1, "a", 0, (1, 0)),
        ] {
            assert_eq!(
                Places::new(file, line, expression).of(character),
                place,
                "{file}"
            );
        }
    }
}
