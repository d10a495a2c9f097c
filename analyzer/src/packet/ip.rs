//! What an IP header says, whichever its version.

use std::net::IpAddr;

use super::cursor::Cursor;
use super::{ipv4, ipv6};
use crate::packet::FragmentKey;
use crate::skip::SkipReason;

/// The facts of an IP header and of the extension headers after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// The whole packet, this header included.
    pub(super) ip_bytes: u32,
    pub(super) ttl: u8,
    /// IPv4's identification, 0 for IPv6.
    pub(super) ip_id: u16,
    /// What follows, after the extension headers.
    pub(super) protocol: u8,
    pub(super) place: Place,
}

/// Where in its packet these octets belong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// The packet is not fragmented.
    Whole,
    /// The first fragment: the transport header is here.
    First(FragmentKey),
    /// A later one.
    Later(FragmentKey),
}

impl Place {
    /// From a header's fragment offset and whether it says that more fragments follow.
    pub(super) fn of(offset: u16, more_fragments: bool, key: FragmentKey) -> Self {
        match (offset, more_fragments) {
            (0, false) => Self::Whole,
            (0, true) => Self::First(key),
            _ => Self::Later(key),
        }
    }
}

/// Reads an IP header and leaves the cursor at its payload, which ends where the header says.
#[inline]
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Header, SkipReason> {
    let &[version, ..] = cursor.peek::<1>()?;
    match version >> 4 {
        4 => ipv4::parse(cursor),
        6 => ipv6::parse(cursor),
        _ => Err(SkipReason::Malformed),
    }
}
