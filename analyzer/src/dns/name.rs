//! Domain names in messages: read through compression, compared, and written for people.
//!
//! In: a message and where a name starts. Out: its labels, which stay in the message.
//! **Shape** nothing is copied or allocated to read or compare a name. A pointer must go back to
//! before the labels that lead to it, so that none is followed twice.
//! **Source** RFC 1035 §3.1 and §4.1.4, RFC 4343 §2.1 (writing) and §3 (case).

use std::fmt::{self, Write};

/// The longest name, with the length octets of its labels and the root's (RFC 1035 §2.3.4).
pub const WIRE_MAX: usize = 255;
/// As many labels and pointers are followed: no name of that length has more.
const STEPS_MAX: usize = WIRE_MAX;
/// The two high bits of a length octet: set, it is a pointer; unset, a length.
const POINTER: u8 = 0xc0;

/// A name in a message.
#[derive(Clone, Copy)]
pub struct Name<'m> {
    message: &'m [u8],
    /// Where its first label is.
    at: usize,
}

/// Why there is no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoName {
    /// The message ends before it does.
    Ends,
    /// It contradicts the format.
    Malformed,
}

/// What a name is made of.
enum Part<'m> {
    Label(&'m [u8]),
    /// What follows is elsewhere in the message.
    Pointer(usize),
    /// Its end.
    Root,
}

impl<'m> Name<'m> {
    /// Reads the name that starts at `at`, and says where what follows it starts.
    ///
    /// # Errors
    /// When it lies beyond the end of the message, is too long, has a label of an unknown kind or a
    /// pointer that does not go back.
    pub fn read(message: &'m [u8], at: usize) -> Result<(Self, usize), NoName> {
        let mut name = Self { message, at };
        // Where it is read, and where the labels began that are read in one go.
        let (mut here, mut run) = (at, at);
        let (mut len, mut after) = (1, None);
        for _ in 0..STEPS_MAX {
            match part(message, here)? {
                Part::Label(label) => {
                    here += 1 + label.len();
                    len += 1 + label.len();
                    if len > WIRE_MAX {
                        break;
                    }
                }
                Part::Pointer(target) if target < run => {
                    after.get_or_insert(here + 2);
                    if here == name.at {
                        name.at = target;
                    }
                    (here, run) = (target, target);
                }
                Part::Pointer(_) => break,
                Part::Root => return Ok((name, after.unwrap_or(here + 1))),
            }
        }
        Err(NoName::Malformed)
    }

    /// Whether it is the root, which names nothing.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.labels().next().is_none()
    }

    /// Its labels, each after its length, in lower case: what all spellings of it have in common.
    #[must_use]
    pub fn canonical<'b>(&self, buffer: &'b mut [u8; WIRE_MAX]) -> &'b [u8] {
        let mut len = 0;
        for label in self.labels() {
            let end = len + 1 + label.len();
            if let Some([first, rest @ ..]) = buffer.get_mut(len..end) {
                *first = u8::try_from(label.len()).unwrap_or(u8::MAX);
                rest.copy_from_slice(label);
                rest.make_ascii_lowercase();
                len = end;
            }
        }
        buffer.get(..len).unwrap_or_default()
    }

    /// Its labels. It was read before, so that they come to an end.
    fn labels(&self) -> impl Iterator<Item = &'m [u8]> {
        let Self { message, mut at } = *self;
        std::iter::from_fn(move || {
            loop {
                match part(message, at).ok()? {
                    Part::Label(label) => {
                        at += 1 + label.len();
                        return Some(label);
                    }
                    Part::Pointer(target) => at = target,
                    Part::Root => return None,
                }
            }
        })
    }
}

fn part(message: &[u8], at: usize) -> Result<Part<'_>, NoName> {
    let rest = message.get(at..).unwrap_or_default();
    let (&len, rest) = rest.split_first().ok_or(NoName::Ends)?;
    match len & POINTER {
        POINTER => {
            let &low = rest.first().ok_or(NoName::Ends)?;
            let target = u16::from_be_bytes([len & !POINTER, low]);
            Ok(Part::Pointer(target.into()))
        }
        0 if len == 0 => Ok(Part::Root),
        0 => {
            let label = rest.get(..usize::from(len)).ok_or(NoName::Ends)?;
            Ok(Part::Label(label))
        }
        _ => Err(NoName::Malformed),
    }
}

/// Case means nothing.
impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same_place = std::ptr::eq(self.message, other.message) && self.at == other.at;
        let (mut ours, mut theirs) = (self.labels(), other.labels());
        same_place
            || loop {
                match (ours.next(), theirs.next()) {
                    (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {}
                    (None, None) => return true,
                    _ => return false,
                }
            }
    }
}

impl Eq for Name<'_> {}

/// Labels in lower case with dots between them, the root's left out; a dot or backslash within a
/// label behind a backslash, what is no visible ASCII as `\DDD`.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, label) in self.labels().enumerate() {
            if number > 0 {
                f.write_char('.')?;
            }
            for octet in label.iter().map(u8::to_ascii_lowercase) {
                match octet {
                    b'.' | b'\\' => write!(f, "\\{}", char::from(octet))?,
                    0x21..=0x7e => f.write_char(char::from(octet))?,
                    _ => write!(f, "\\{octet:03}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name<'_> {
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
    fn names_are_the_same_whatever_their_case_and_place() {
        let message = b"\x01a\x02bc\x00\x01A\xc0\x02\xc0\x06\x01b\x01c\x00";
        let named = |at| Name::read(message, at).unwrap().0;
        assert_eq!(named(0), named(6));
        assert_eq!(named(6), named(10), "a pointer to it");
        assert_ne!(named(0), named(12), "other labels of the same letters");
        assert_ne!(named(0), named(2), "an end of it");
        let mut buffer = [0; WIRE_MAX];
        assert_eq!(named(10).canonical(&mut buffer), b"\x01a\x02bc");
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
        // The last of the steps finds the root.
        assert_eq!(read(&message, 2 * (STEPS_MAX - 1) - 1).unwrap().0, "");
        assert_eq!(read(&message, 2 * STEPS_MAX - 1), Err(NoName::Malformed));
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
