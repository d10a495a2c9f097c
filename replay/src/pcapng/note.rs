//! Notes: what the recorder writes into comments, because pcapng has no option for it.
//!
//! In: the octets of a comment. Out: what it says, if it is one of these:
//!
//! | of | comment | says |
//! |---|---|---|
//! | section | `offload=known` | a frame without a comment was not made of several |
//! | interface | `ifindex=12` | the number that the system gives it |
//! | frame | `gso_size=1448` | it becomes segments of as many octets of payload |
//! | frame | `offload=unknown` | nobody knows what it becomes |
//!
//! Any other comment is for people.

use std::num::NonZeroU16;
use std::str;

use analyzer::frame::Offload;

/// Whether a section's comment says that offload is known of its frames.
pub(crate) fn knows_offload(comment: &[u8]) -> bool {
    comment == b"offload=known"
}

/// The system's number of an interface.
pub(crate) fn interface_index(comment: &[u8]) -> Option<u32> {
    number(comment.strip_prefix(b"ifindex=")?)
}

/// What segmentation offload made of a frame.
#[inline]
pub(crate) fn offload(comment: &[u8]) -> Option<Offload> {
    if comment == b"offload=unknown" {
        return Some(Offload::Unknown);
    }
    let size: NonZeroU16 = number(comment.strip_prefix(b"gso_size=")?)?;
    Some(Offload::Segments(size))
}

fn number<T: str::FromStr>(digits: &[u8]) -> Option<T> {
    str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_recorder_writes_is_a_note() {
        assert!(knows_offload(b"offload=known"));
        assert_eq!(interface_index(b"ifindex=12"), Some(12));
        let segments = NonZeroU16::new(1448).map(Offload::Segments);
        assert_eq!(offload(b"gso_size=1448"), segments);
        assert_eq!(offload(b"offload=unknown"), Some(Offload::Unknown));
        for other in [
            "",
            "gso_size=",
            "gso_size=0",
            "gso_size=65536",
            "gso_size=1448 ",
            "my gso_size=1448",
            "ifindex=-1",
            "offload=known\0",
        ] {
            let octets = other.as_bytes();
            assert_eq!((offload(octets), interface_index(octets)), (None, None));
            assert!(!knows_offload(octets), "{other:?}");
        }
    }
}
