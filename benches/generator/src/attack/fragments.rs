//! Datagrams in three fragments, of which the last comes late, and fragments of no datagram.

use crate::attack::headers::{TARGET_V4, UDP, V4, source_v4, udp, v4};
use crate::attack::{Fate, Sent, Turn};
use crate::conversation::Family;

const MORE: u16 = 0x2000;
/// Octets above IP in each fragment, a multiple of eight.
const PART: u16 = 120;
const PAYLOAD: u16 = 3 * PART - 8;
/// The last fragment comes as many datagrams later: more than a reader may hope, fewer than it
/// has to remember.
const LATE: u64 = 512;
const PORTS: [u16; 2] = [40_000, 8_125];

pub(super) fn packet(turn: Turn, out: &mut Vec<u8>) -> Sent {
    let datagram = turn.number / 4;
    match turn.number % 4 {
        0 => first(turn, datagram, out),
        1 => later(turn, Some(datagram), MORE | (PART / 8), out),
        2 => later(turn, datagram.checked_sub(LATE), PART / 4, out),
        _ => later(turn, None, PART / 4, out),
    }
}

fn first(turn: Turn, datagram: u64, out: &mut Vec<u8>) -> Sent {
    let filler = [b'p'; PART as usize - 8];
    let header = udp(PORTS, PAYLOAD);
    fragment(turn, Some(datagram), MORE, &[&header, &filler], out)
}

fn later(turn: Turn, datagram: Option<u64>, place: u16, out: &mut Vec<u8>) -> Sent {
    fragment(turn, datagram, place, &[&[b'p'; PART as usize]], out)
}

fn fragment(
    turn: Turn,
    datagram: Option<u64>,
    fragment: u16,
    above: &[&[u8]],
    out: &mut Vec<u8>,
) -> Sent {
    let source = datagram.unwrap_or(turn.number) % turn.sources;
    // The round tells datagrams of one source apart; those of nobody have a number of their own.
    let id = datagram.map_or(u64::from(u16::MAX), |datagram| {
        datagram / turn.sources % 0xffff
    });
    let ip = V4 {
        protocol: UDP,
        fragment,
        id: u16::try_from(id).unwrap_or_default(),
        options: &[],
    };
    v4(out, [source_v4(source + turn.base), TARGET_V4], ip, above);
    Sent {
        family: Family::V4,
        fate: if datagram.is_some() {
            Fate::Udp
        } else {
            Fate::Alone
        },
        source,
    }
}
