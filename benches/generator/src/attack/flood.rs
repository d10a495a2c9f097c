//! Openings that nobody answers, each from another source, and the same again: what a machine with
//! forged addresses sends.

use crate::attack::headers::{TARGET_V4, TCP, V4, source_v4, tcp, v4};
use crate::attack::{Fate, Sent, Turn};
use crate::conversation::{Family, flags};

/// Odd, so that no two sources have one address.
const SPREAD: u64 = 0x9e37_79b1;
const PORTS: [u16; 2] = [40_000, 80];

pub(super) fn packet(turn: Turn, out: &mut Vec<u8>) -> Sent {
    let source = turn.source();
    let address = source_v4((source + turn.base).wrapping_mul(SPREAD));
    // Of its own, and the same when it is sent again.
    let seq = address.rotate_left(7);
    let ip = V4 {
        protocol: TCP,
        ..V4::default()
    };
    v4(
        out,
        [address, TARGET_V4],
        ip,
        &[&tcp(PORTS, flags::SYN, seq)],
    );
    Sent {
        family: Family::V4,
        fate: Fate::Tcp,
        source,
    }
}
