//! Netlink messages: octets to headers, bodies and attributes, and requests to octets.
//!
//! In: what a netlink socket gave. Out: messages one by one, borrowed.
//! **Errors** a message that is cut or claims more than there is ends the reading: what was read
//! before it stands. Nothing is trusted but what lies within the octets.
//! **Source** Linux `uapi/linux/netlink.h`; numbers are in the machine's byte order.

/// Octets of `nlmsghdr`.
const HEADER: usize = 16;

/// The flags that ask for all there is: `NLM_F_REQUEST`, `NLM_F_ROOT`, `NLM_F_MATCH`.
const ASK_FOR_ALL: u16 = 0x1 | 0x100 | 0x200;

/// `NLMSG_ERROR`.
const ERROR: u16 = 2;
/// `NLMSG_DONE`.
const DONE: u16 = 3;
/// `NLM_F_DUMP_INTR`: things changed while they were listed.
const INTERRUPTED: u16 = 0x10;

/// The bits of an attribute's type that are no flags: `NLA_TYPE_MASK`.
const TYPE_MASK: u16 = 0x3fff;

/// A message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    /// What it is about, `RTM_…`.
    pub(super) kind: u16,
    flags: u16,
    /// The request that it answers; 0 for news.
    pub(super) sequence: u32,
    /// What follows the header.
    pub(super) body: &'a [u8],
}

/// What a message says of the listing it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Something that is listed, or news.
    Content,
    /// The end of a listing.
    End,
    /// A refusal, with the kernel's error number.
    Refusal(i32),
}

impl Message<'_> {
    pub(super) fn role(&self) -> Role {
        match self.kind {
            // The code is 0 in an acknowledgement, else a negative error number.
            ERROR => Role::Refusal(-number(self.body, 0).unwrap_or_default().cast_signed()),
            DONE => Role::End,
            _ => Role::Content,
        }
    }

    /// Whether things changed while they were listed.
    pub(super) const fn is_interrupted(&self) -> bool {
        self.flags & INTERRUPTED != 0
    }
}

/// The messages in a buffer.
pub(super) fn messages(mut octets: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let len = number(octets, 0)? as usize;
        let message = Message {
            kind: short(octets, 4)?,
            flags: short(octets, 6)?,
            sequence: number(octets, 8)?,
            body: octets.get(HEADER..len)?,
        };
        octets = octets.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

/// Attributes: their types and what they hold.
pub(super) fn attributes(mut octets: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    const HEADER: usize = 4;
    std::iter::from_fn(move || {
        let len = usize::from(short(octets, 0)?);
        let kind = short(octets, 2)? & TYPE_MASK;
        let value = octets.get(HEADER..len)?;
        octets = octets.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The request to list all of a kind, in an address family.
pub(super) fn request(kind: u16, family: u8, sequence: u32) -> Vec<u8> {
    // As long as the longest fixed part, `ifinfomsg`: kernels take it for all kinds.
    let mut body = [0; 16];
    if let Some(first) = body.first_mut() {
        *first = family;
    }
    let len = u32::try_from(HEADER + body.len()).unwrap_or_default();
    let mut octets = Vec::from(len.to_ne_bytes());
    octets.extend(kind.to_ne_bytes());
    octets.extend(ASK_FOR_ALL.to_ne_bytes());
    octets.extend(sequence.to_ne_bytes());
    octets.extend(0_u32.to_ne_bytes());
    octets.extend(body);
    octets
}

/// Four octets at an offset.
pub(super) fn number(octets: &[u8], at: usize) -> Option<u32> {
    let four = octets.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*four))
}

/// Two octets at an offset.
pub(super) fn short(octets: &[u8], at: usize) -> Option<u16> {
    let two = octets.get(at..)?.first_chunk()?;
    Some(u16::from_ne_bytes(*two))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_message() {
        let octets = request(18, 7, 5);
        let read: Vec<_> = messages(&octets).collect();
        let [message] = read.as_slice() else {
            panic!("{read:?}");
        };
        assert_eq!((message.kind, message.sequence), (18, 5));
        assert_eq!(message.role(), Role::Content);
        assert_eq!(message.body.first(), Some(&7));
    }

    #[test]
    fn a_message_that_claims_more_than_there_is_ends_the_reading() {
        let whole = request(18, 0, 1);
        let mut octets = [whole.clone(), whole].concat();
        assert_eq!(messages(&octets).count(), 2);
        octets.truncate(octets.len() - 1);
        assert_eq!(messages(&octets).count(), 1);
    }

    #[test]
    fn a_length_shorter_than_a_header_ends_the_reading() {
        assert_eq!(messages(&[0; 64]).count(), 0);
        assert_eq!(attributes(&[0; 64]).count(), 0);
        assert_eq!(attributes(&[3, 0, 1, 0, 9, 9, 9, 9]).count(), 0);
    }

    #[test]
    fn a_refusal_carries_its_reason() {
        let mut octets = request(ERROR, 0, 1);
        octets.splice(16..20, (-16_i32).to_ne_bytes());
        let refusal = messages(&octets).next().map(|message| message.role());
        assert_eq!(refusal, Some(Role::Refusal(16)));
    }
}
