//! Cursors: where an answer goes on.
//!
//! **Shape** `GRAIN.OFFSET.UNTIL.MARK`: what the rows were, how many were shown, up to when the first
//! page counted, and a mark of the call, so that a cursor is not taken for that of another question.

use analyzer::query::Operation;
use analyzer::time::Timestamp;

use crate::mcp::grain::Grain;
use crate::mcp::lesson::Lesson;

/// Where an answer goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cursor {
    /// What the rows are.
    pub(super) grain: Grain,
    /// How many were shown.
    pub(super) offset: usize,
    /// The last frame when the first page was made.
    pub(super) until: Timestamp,
}

impl Cursor {
    /// Writes it, for the next call with the same parameters.
    pub(super) fn write(self, operation: Operation, given: &[(String, String)]) -> String {
        let mark = mark(operation, given);
        let (grain, until) = (self.grain.name(), self.until.as_nanos());
        format!("{grain}.{}.{until:x}.{mark:08x}", self.offset)
    }

    /// Reads one that was written for the same call.
    pub(super) fn read(
        text: &str,
        operation: Operation,
        given: &[(String, String)],
    ) -> Result<Self, Lesson> {
        let wrong =
            |problem: &str| Err(Lesson::about(operation, super::arguments::CURSOR, problem));
        let Some((cursor, written)) = parse(text) else {
            return wrong("not a cursor, expected the `cursor` of the answer before, unchanged");
        };
        if given.iter().any(|(name, _)| name == "offset") {
            return wrong("given with offset, expected one of them");
        }
        if written != mark(operation, given) {
            return wrong(
                "belongs to another call, expected the same arguments as before (limit and \
                 max_tokens may differ)",
            );
        }
        Ok(cursor)
    }
}

fn parse(text: &str) -> Option<(Cursor, u32)> {
    let mut parts = text.split('.');
    let grain = parts.next().and_then(Grain::named)?;
    let offset = parts.next()?.parse().ok()?;
    let until = u64::from_str_radix(parts.next()?, 16).ok()?;
    let mark = u32::from_str_radix(parts.next()?, 16).ok()?;
    let cursor = Cursor {
        grain,
        offset,
        until: Timestamp::from_nanos(until),
    };
    parts.next().is_none().then_some((cursor, mark))
}

/// A mark of the question, whatever the order of its parameters. **Source** FNV-1a, 32 bits.
fn mark(operation: Operation, given: &[(String, String)]) -> u32 {
    let mut pairs: Vec<_> = given.iter().filter(|(name, _)| name != "limit").collect();
    pairs.sort_unstable();
    let texts = pairs
        .iter()
        .flat_map(|(name, value)| [name.as_str(), value]);
    let octets = [operation.name()].into_iter().chain(texts);
    octets
        .flat_map(|text| text.bytes().chain([0]))
        .fold(0x811c_9dc5, |mark: u32, octet| {
            (mark ^ u32::from(octet)).wrapping_mul(0x0100_0193)
        })
}

#[cfg(test)]
mod tests {
    use analyzer::query::Level;

    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn a_cursor_is_read_by_the_same_question_alone() {
        let cursor = Cursor {
            grain: Grain::At(Level::Workload),
            offset: 25,
            until: Timestamp::from_nanos(1_795_341_600_000_000_001),
        };
        let asked = given(&[("ns", "shop"), ("sort", "bps")]);
        let text = cursor.write(Operation::Flows, &asked);
        let again = given(&[("sort", "bps"), ("limit", "5"), ("ns", "shop")]);
        assert_eq!(Cursor::read(&text, Operation::Flows, &again), Ok(cursor));
        let other = given(&[("ns", "data"), ("sort", "bps")]);
        for (operation, asked) in [(Operation::Flows, &other), (Operation::Connections, &asked)] {
            let error = Cursor::read(&text, operation, asked).unwrap_err();
            assert!(error.to_string().contains("another call"), "{error}");
        }
        for text in [
            "",
            "flow",
            "flow.x.0.0",
            "flow.1.0",
            "flow.1.0.0.0",
            "tree.1.0.0",
        ] {
            let error = Cursor::read(text, Operation::Flows, &asked).unwrap_err();
            assert!(error.to_string().contains("not a cursor"), "{error}");
        }
    }
}
