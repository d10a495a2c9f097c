//! What an IP header says, whichever its version.

use std::net::IpAddr;

use super::cursor::Cursor;
use super::{ipv4, ipv6};
use crate::packet::FragmentKey;
use crate::skip::SkipReason;

/// The facts of an IP header and of the extension headers after it.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Header<'a> {
    pub(super) addresses: Addresses<'a>,
    /// The whole packet, this header included.
    pub(super) ip_bytes: u32,
    pub(super) ttl: u8,
    /// What follows, after the extension headers.
    pub(super) protocol: u8,
    pub(super) place: Place,
    /// What follows the header that has the fragment offset.
    pub(super) fragment_protocol: u8,
    /// Identification: always there in IPv4, in fragments only in IPv6.
    pub(super) id: u32,
}

/// Source and destination, left in the frame until they are asked for: most of the cost of this
/// parser would be to carry them along.
#[derive(Clone, Copy, Debug)]
pub(super) enum Addresses<'a> {
    V4 {
        source: &'a [u8; 4],
        destination: &'a [u8; 4],
    },
    V6 {
        source: &'a [u8; 16],
        destination: &'a [u8; 16],
    },
}

impl Default for Addresses<'_> {
    fn default() -> Self {
        Self::V4 {
            source: &[0; 4],
            destination: &[0; 4],
        }
    }
}

impl Addresses<'_> {
    #[inline]
    pub(super) fn source(self) -> IpAddr {
        match self {
            Self::V4 { source, .. } => IpAddr::from(*source),
            Self::V6 { source, .. } => IpAddr::from(*source),
        }
    }

    #[inline]
    pub(super) fn destination(self) -> IpAddr {
        match self {
            Self::V4 { destination, .. } => IpAddr::from(*destination),
            Self::V6 { destination, .. } => IpAddr::from(*destination),
        }
    }
}

/// Where in its packet these octets belong.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Place {
    /// The packet is not fragmented.
    #[default]
    Whole,
    /// The first fragment: the transport header is here.
    First,
    /// A later one.
    Later,
}

impl Place {
    /// From a header's fragment offset and whether it says that more fragments follow.
    #[inline]
    pub(super) fn of(offset: u16, more_fragments: bool) -> Self {
        match (offset, more_fragments) {
            (0, false) => Self::Whole,
            (0, true) => Self::First,
            _ => Self::Later,
        }
    }
}

impl Header<'_> {
    /// IPv4's identification, 0 for IPv6.
    #[inline]
    pub(super) fn ip_id(&self) -> u16 {
        match self.addresses {
            Addresses::V4 { .. } => u16::try_from(self.id).unwrap_or_default(),
            Addresses::V6 { .. } => 0,
        }
    }

    /// What ties this fragment to the others of its packet.
    pub(super) fn fragment_key(&self) -> FragmentKey {
        FragmentKey {
            source: self.addresses.source(),
            destination: self.addresses.destination(),
            id: self.id,
            protocol: self.fragment_protocol,
        }
    }
}

/// Reads an IP header and leaves the cursor at its payload, which ends where the header says.
#[inline]
pub(super) fn parse<'a>(
    cursor: Cursor<'a>,
    header: &mut Header<'a>,
) -> Result<Cursor<'a>, SkipReason> {
    let &[version, ..] = cursor.peek::<1>()?;
    match version >> 4 {
        4 => ipv4::parse(cursor, header),
        6 => ipv6::parse(cursor, header),
        _ => Err(SkipReason::Malformed),
    }
}
