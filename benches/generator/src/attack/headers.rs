//! Headers with the fields that matter.
//!
//! **Source** RFC 791, 8200, 9293, 768.

use crate::checksum::{folded, sum};

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
const TTL: u8 = 63;

/// The pod that is attacked.
pub(super) const TARGET_V4: u32 = 0x0af4_0105;
pub(super) const TARGET_V6: u128 = 0xfd00_0010_0244_0000_0000_0000_0000_0105;
/// Half a gigaddress without any special range among them: 128.0.0.0/3.
pub(super) const SOURCES_V4: u32 = 0x8000_0000;
pub(super) const SOURCE_BITS_V4: u64 = 0x1fff_ffff;

/// The 29 bits of a source's number as an address.
pub(super) fn source_v4(number: u64) -> u32 {
    SOURCES_V4 | u32::try_from(number & SOURCE_BITS_V4).unwrap_or_default()
}

/// What IPv4 says besides who and whom.
#[derive(Clone, Copy, Default)]
pub(super) struct V4<'a> {
    pub(super) protocol: u8,
    /// Flags and offset in eights, as they stand in the header.
    pub(super) fragment: u16,
    pub(super) id: u16,
    pub(super) options: &'a [u8],
}

/// Puts a header in front of `above`.
pub(super) fn v4(out: &mut Vec<u8>, [from, to]: [u32; 2], ip: V4<'_>, above: &[&[u8]]) {
    let words = u8::try_from(5 + ip.options.len() / 4).unwrap_or(15);
    out.extend([0x40 | words, 0, 0, 0]);
    out.extend(ip.id.to_be_bytes());
    out.extend(ip.fragment.to_be_bytes());
    out.extend([TTL, ip.protocol, 0, 0]);
    out.extend(from.to_be_bytes());
    out.extend(to.to_be_bytes());
    out.extend(ip.options);
    let header_len = out.len();
    for part in above {
        out.extend_from_slice(part);
    }
    let total = u16::try_from(out.len()).unwrap_or(u16::MAX);
    put(out, 2, total);
    let checksum = folded(sum(0, out.get(..header_len).unwrap_or_default()));
    put(out, 10, checksum);
}

/// Puts a header in front of `above`, which begins with what `next` says.
pub(super) fn v6(out: &mut Vec<u8>, [from, to]: [u128; 2], next: u8, above: &[&[u8]]) {
    out.extend([0x60, 0, 0, 0, 0, 0, next, TTL]);
    out.extend(from.to_be_bytes());
    out.extend(to.to_be_bytes());
    let header_len = out.len();
    for part in above {
        out.extend_from_slice(part);
    }
    let payload = u16::try_from(out.len() - header_len).unwrap_or(u16::MAX);
    put(out, 4, payload);
}

/// A TCP header without payload.
pub(super) fn tcp([from, to]: [u16; 2], flags: u8, seq: u32) -> [u8; 20] {
    let ([f0, f1], [t0, t1]) = (from.to_be_bytes(), to.to_be_bytes());
    let [s0, s1, s2, s3] = seq.to_be_bytes();
    #[rustfmt::skip]
    let header = [
        f0, f1, t0, t1, s0, s1, s2, s3, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0,
    ];
    header
}

/// A UDP header of a datagram with so much payload.
pub(super) fn udp([from, to]: [u16; 2], payload_len: u16) -> [u8; 8] {
    let ([f0, f1], [t0, t1]) = (from.to_be_bytes(), to.to_be_bytes());
    let [l0, l1] = (8 + payload_len).to_be_bytes();
    [f0, f1, t0, t1, l0, l1, 0, 0]
}

fn put(packet: &mut [u8], at: usize, value: u16) {
    if let Some(place) = packet.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}
