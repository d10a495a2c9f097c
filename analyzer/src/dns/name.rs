//! Domain names in messages: read through compression, compared, and written for people.
//!
//! In: a message and where a name starts. Out: its labels, in lower case.
//! **Shape** a fixed buffer; nothing is allocated to read or compare one. A pointer must go back to
//! before the labels that lead to it, so that none is followed twice.
//! **Source** RFC 1035 §3.1 and §4.1.4, RFC 4343 §2.1 (writing) and §3 (case).

use std::fmt::{self, Write};

/// The longest name, with the length octets of its labels and the root's (RFC 1035 §2.3.4).
const WIRE_MAX: usize = 255;
/// A name has no more labels than this, so no more pointers are followed either.
const JUMPS_MAX: usize = WIRE_MAX / 2;
/// The two high bits of a length octet: set, it is a pointer; unset, a length.
const POINTER: u8 = 0xc0;

/// A name as messages hold it: labels, each after its length, without the root's.
#[derive(Clone, Copy)]
pub struct Name {
    octets: [u8; WIRE_MAX],
    len: usize,
}

/// Why there is no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoName {
    /// The message ends before it does.
    Ends,
    /// It contradicts the format.
    Malformed,
}

impl Name {
    /// Reads the name that starts at `at`, and says where what follows it starts.
    ///
    /// # Errors
    /// When it lies beyond the end of the message, is too long, has a label of an unknown kind or a
    /// pointer that does not go back.
    pub fn read(message: &[u8], at: usize) -> Result<(Self, usize), NoName> {
        let mut name = Self::root();
        // Where labels are read, and where those began that are read in one go.
        let (mut here, mut run) = (at, at);
        let mut after = None;
        for _ in 0..=JUMPS_MAX {
            let end = name.read_labels(message, &mut here)?;
            let Some(target) = end else {
                return Ok((name, after.unwrap_or(here)));
            };
            if target >= run {
                return Err(NoName::Malformed);
            }
            after.get_or_insert(here);
            (here, run) = (target, target);
        }
        Err(NoName::Malformed)
    }

    /// Whether it is the root, which names nothing.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.len == 0
    }

    const fn root() -> Self {
        Self {
            octets: [0; WIRE_MAX],
            len: 0,
        }
    }

    /// Takes labels up to the root's or a pointer, whose target is the answer, and leaves `here`
    /// behind it.
    fn read_labels(&mut self, message: &[u8], here: &mut usize) -> Result<Option<usize>, NoName> {
        loop {
            let rest = message.get(*here..).unwrap_or_default();
            let (&len, rest) = rest.split_first().ok_or(NoName::Ends)?;
            match len & POINTER {
                POINTER => {
                    let &low = rest.first().ok_or(NoName::Ends)?;
                    *here += 2;
                    return Ok(Some(usize::from(u16::from_be_bytes([len & !POINTER, low]))));
                }
                0 if len == 0 => {
                    *here += 1;
                    return Ok(None);
                }
                0 => {
                    let label = rest.get(..usize::from(len)).ok_or(NoName::Ends)?;
                    self.push(len, label)?;
                    *here += 1 + label.len();
                }
                _ => return Err(NoName::Malformed),
            }
        }
    }

    fn push(&mut self, len: u8, label: &[u8]) -> Result<(), NoName> {
        let end = self.len + 1 + label.len();
        // The root's length octet must fit behind it.
        let room = self
            .octets
            .get_mut(self.len..end)
            .filter(|_| end < WIRE_MAX);
        let (first, rest) = room
            .and_then(<[u8]>::split_first_mut)
            .ok_or(NoName::Malformed)?;
        *first = len;
        rest.copy_from_slice(label);
        rest.make_ascii_lowercase();
        self.len = end;
        Ok(())
    }

    fn wire(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.wire() == other.wire()
    }
}

impl Eq for Name {}

/// Labels with dots between them, the root's left out; a dot or backslash within a label behind a
/// backslash, what is no visible ASCII as `\DDD`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.wire();
        while let Some((&len, labels)) = rest.split_first() {
            let (label, others) = labels.split_at_checked(len.into()).ok_or(fmt::Error)?;
            if rest.len() < self.len {
                f.write_char('.')?;
            }
            for &octet in label {
                match octet {
                    b'.' | b'\\' => write!(f, "\\{}", char::from(octet))?,
                    0x21..=0x7e => f.write_char(char::from(octet))?,
                    _ => write!(f, "\\{octet:03}")?,
                }
            }
            rest = others;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(message: &[u8], at: usize) -> Result<(String, usize), NoName> {
        Name::read(message, at).map(|(name, next)| (name.to_string(), next))
    }

    #[test]
    fn labels_are_read_through_pointers() {
        let message = b"\x07example\x00\x03API\xc0\x00\xc0\x09\x00";
        let of = |name: &str, next| Ok((name.to_owned(), next));
        assert_eq!(read(message, 0), of("example", 9));
        assert_eq!(read(message, 9), of("api.example", 15), "lower case");
        assert_eq!(read(message, 15), of("api.example", 17), "two pointers");
        assert_eq!(read(message, 17), of("", 18), "the root");
        assert!(Name::read(message, 17).unwrap().0.is_root());
    }

    #[test]
    fn odd_octets_are_escaped() {
        let message = b"\x08a.b\\ \x00\xff*\x01\n\x00";
        assert_eq!(read(message, 0).unwrap().0, r"a\.b\\\032\000\255*.\010");
    }

    #[test]
    fn what_is_no_name_is_told_from_what_was_cut() {
        let cases: [(&[u8], usize, NoName); 9] = [
            (b"", 0, NoName::Ends),
            (b"\x03ap", 0, NoName::Ends),
            (b"\x03api", 0, NoName::Ends),
            (b"\x00\xc0", 1, NoName::Ends),
            (b"\x00", 9, NoName::Ends),
            (b"\xc0\x00", 0, NoName::Malformed),
            (b"\x01a\xc0\x00", 0, NoName::Malformed),
            (b"\xc0\x02\x00", 0, NoName::Malformed),
            (b"\x41a\x00", 0, NoName::Malformed),
        ];
        for (message, at, expected) in cases {
            assert_eq!(read(message, at), Err(expected), "{message:?} at {at}");
        }
    }

    #[test]
    fn a_name_has_255_octets_at_most() {
        let longest = [b"\x3f".as_slice(), &[b'a'; 63]].concat().repeat(3);
        let with =
            |last: u8| [longest.as_slice(), &[last], &vec![b'b'; last.into()], &[0]].concat();
        let (name, next) = read(&with(61), 0).unwrap();
        assert_eq!((name.len(), next), (3 * 64 + 61, 255));
        assert_eq!(read(&with(62), 0), Err(NoName::Malformed));
    }

    #[test]
    fn pointers_that_only_lead_on_end() {
        // Each points to the one before it.
        let mut message = vec![0];
        for at in 0..1_000_u16 {
            let target = if at == 0 { 0 } else { 2 * at - 1 };
            message.extend((0xc000 | target).to_be_bytes());
        }
        assert_eq!(read(&message, message.len() - 2), Err(NoName::Malformed));
        assert_eq!(read(&message, 2 * JUMPS_MAX - 1).unwrap().0, "");
    }

    proptest! {
        #[test]
        fn any_octets_end_in_a_name_or_a_reason(
            octets in prop::collection::vec(prop_oneof![3 => 0..4_u8, 1 => Just(0xc0), 1 => any::<u8>()], 0..600),
            at in 0..700_usize,
        ) {
            if let Ok((name, next)) = read(&octets, at) {
                prop_assert!(next > at && next <= octets.len());
                prop_assert!(name.bytes().all(|octet| octet.is_ascii_graphic()));
                prop_assert!(name.len() <= 4 * WIRE_MAX);
            }
        }
    }
}
