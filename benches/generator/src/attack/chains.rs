//! Headers as long as a packet can be: thousands of the shortest extension headers, the longest
//! ones full of padding, and every option that fits in front of TCP.
//!
//! **Source** RFC 8200 §4.2, RFC 791 §3.1, RFC 9293 §3.1.

use crate::attack::headers::{TARGET_V4, TARGET_V6, TCP, UDP, V4, source_v4, tcp, udp, v4, v6};
use crate::attack::{Fate, Sent, Turn};
use crate::conversation::{Family, flags};

const HOP_BY_HOP: u8 = 0;
const DESTINATION_OPTIONS: u8 = 60;
/// The longest extension header.
const LONGEST: usize = 256 * 8;
/// As many of the shortest as fit in front of a UDP header.
const SHORTEST_CHAIN: usize = 65_535 / 8 - 1;
const LONGEST_CHAIN: usize = (65_535 - 8) / LONGEST;
/// An option that says nothing, in IPv4 and in TCP.
const NO_OPERATION: u8 = 1;
const PORTS: [u16; 2] = [40_000, 8_125];
const DOCUMENTATION: u128 = 0x2001_0db8 << 96;

pub(super) fn packet(turn: Turn, out: &mut Vec<u8>) -> Sent {
    let source = turn.source();
    let from = DOCUMENTATION | u128::from(source + (turn.base & 0xffff_ffff));
    let ends = [from, TARGET_V6];
    let datagram = udp(PORTS, 0);
    // Each source has packets of one form, so that its connection has one protocol.
    let sent = |family, fate| Sent {
        family,
        fate,
        source,
    };
    match source % 4 {
        0 => {
            let chain = chain(SHORTEST_CHAIN, 8);
            v6(out, ends, DESTINATION_OPTIONS, &[&chain, &datagram]);
            sent(Family::V6, Fate::Udp)
        }
        1 => {
            let chain = chain(LONGEST_CHAIN, LONGEST);
            v6(out, ends, DESTINATION_OPTIONS, &[&chain, &datagram]);
            sent(Family::V6, Fate::Udp)
        }
        2 => {
            // The reader has to look among the options for the length that IP leaves open.
            v6(out, ends, HOP_BY_HOP, &[&chain(1, LONGEST), &datagram]);
            if let Some(length) = out.get_mut(4..6) {
                length.fill(0);
            }
            sent(Family::V6, Fate::Udp)
        }
        _ => {
            optioned_tcp(source_v4(source + turn.base), out);
            sent(Family::V4, Fate::Tcp)
        }
    }
}

/// So many headers of so many octets, the last of them before UDP, full of one-octet padding.
fn chain(count: usize, len: usize) -> Vec<u8> {
    let mut headers = vec![0; count * len];
    let eights = u8::try_from(len / 8 - 1).unwrap_or(u8::MAX);
    for (number, header) in headers.chunks_exact_mut(len).enumerate() {
        if let [next, length, ..] = header {
            let is_last = number + 1 == count;
            *next = if is_last { UDP } else { DESTINATION_OPTIONS };
            *length = eights;
        }
    }
    headers
}

fn optioned_tcp(from: u32, out: &mut Vec<u8>) {
    let options = [NO_OPERATION; 40];
    let ip = V4 {
        protocol: TCP,
        options: &options,
        ..V4::default()
    };
    let mut segment = tcp(PORTS, flags::ACK, 1);
    if let Some(data_offset) = segment.get_mut(12) {
        *data_offset = 0xf0;
    }
    v4(out, [from, TARGET_V4], ip, &[&segment, &options]);
}
