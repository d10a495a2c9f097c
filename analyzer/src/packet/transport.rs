//! TCP and UDP headers.
//!
//! **Source** RFC 9293 §3.1, RFC 768. Neither checksums nor UDP's length are looked at: captured
//! frames often carry partial ones, and the IP header has the length that counts.

use super::cursor::Cursor;
use crate::packet::Segment;
use crate::skip::SkipReason;

/// Octets up to and including the flags.
const TCP_FLAGS_END: usize = 14;
const TCP_HEADER_MIN: usize = 20;
/// Octets of a UDP header after its ports.
pub(super) const UDP_REST: usize = 4;

/// Source and destination, which both transports begin with.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Ports {
    pub(super) source: u16,
    pub(super) destination: u16,
}

/// Reads the ports.
#[inline]
pub(super) fn ports(cursor: &mut Cursor<'_>) -> Result<Ports, SkipReason> {
    let &[source0, source1, destination0, destination1] = cursor.take()?;
    Ok(Ports {
        source: u16::from_be_bytes([source0, source1]),
        destination: u16::from_be_bytes([destination0, destination1]),
    })
}

/// Reads the rest of a TCP header, after the ports. A header without flags, or one whose data
/// offset contradicts the length, says nothing that can be relied on.
#[inline]
pub(super) fn tcp(mut cursor: Cursor<'_>) -> Option<Segment> {
    const PORTS: usize = 4;
    let segment_len = cursor.link_len() + PORTS;
    #[rustfmt::skip]
    let Ok(&[
        seq0, seq1, seq2, seq3,
        ack0, ack1, ack2, ack3,
        offset, flags,
    ]) = cursor.take::<{ TCP_FLAGS_END - PORTS }>() else {
        return None;
    };
    let header_len = usize::from(offset >> 4) * 4;
    if header_len < TCP_HEADER_MIN || segment_len < header_len {
        return None;
    }
    Some(Segment {
        seq: u32::from_be_bytes([seq0, seq1, seq2, seq3]),
        ack: u32::from_be_bytes([ack0, ack1, ack2, ack3]),
        flags,
        payload_len: u32::try_from(segment_len - header_len).unwrap_or(u32::MAX),
    })
}
