//! Connections that one place of a table would hold, if its hash had no secret.
//!
//! In turn: IPv6 sources that cancel a published constant of foldhash, whatever the hasher's own
//! seed is (a factor of its product becomes zero), by their first half, read as a number, and by
//! their second half, read as octets; IPv4 ends that differ in the same
//! bits, so that their sum or difference says nothing; IPv4 sources that only differ in high bits.
//!
//! **Source** foldhash 0.2, `ARBITRARY6`.

use crate::attack::headers::{
    SOURCE_BITS_V4, TARGET_V4, TARGET_V6, TCP, V4, source_v4, tcp, v4, v6,
};
use crate::attack::{Fate, Sent, Turn};
use crate::conversation::{Family, flags};

/// What foldhash combines with the second of two words.
const WORD_KEY: u64 = 0xc0ac_29b7_c97c_50dd;
const DOCUMENTATION: u64 = 0x2001_0db8_0000_0000;
const FORMS: u64 = 4;
const PORTS: [u16; 2] = [40_000, 80];

pub(super) fn packet(turn: Turn, out: &mut Vec<u8>) -> Sent {
    let source = turn.source();
    let number = source / FORMS + (turn.base & 0xff_ffff);
    // Of its own: two openings of one client with one number would be a translation.
    let seq = u32::try_from(source).unwrap_or_default();
    let segment = match turn.round() {
        0 => tcp(PORTS, flags::SYN, seq),
        _ => tcp(PORTS, flags::ACK, seq.wrapping_add(1)),
    };
    let ip = V4 {
        protocol: TCP,
        ..V4::default()
    };
    let family = match source % FORMS {
        0 => {
            let from = wide(WORD_KEY, number);
            v6(out, [from, TARGET_V6], TCP, &[&segment]);
            Family::V6
        }
        1 => {
            let from = wide(DOCUMENTATION | number, WORD_KEY.swap_bytes());
            v6(out, [from, TARGET_V6], TCP, &[&segment]);
            Family::V6
        }
        2 => {
            let from = source_v4(number);
            v4(out, [from, from ^ 0xffff], ip, &[&segment]);
            Family::V4
        }
        _ => {
            let high = number.reverse_bits() >> SOURCE_BITS_V4.leading_zeros();
            v4(out, [source_v4(high), TARGET_V4], ip, &[&segment]);
            Family::V4
        }
    };
    Sent {
        family,
        fate: Fate::Tcp,
        source,
    }
}

const fn wide(high: u64, low: u64) -> u128 {
    (high as u128) << 64 | low as u128
}
