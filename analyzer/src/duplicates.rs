//! Packets that a capture shows twice: byte-identical within a millisecond.
//!
//! A mirror port that copies both directions of a switch writes each frame twice. Whether two
//! equal packets are that or a sender's repetition cannot be told from the octets, so they are
//! counted as suspected, and only become copies when the user says so.
//!
//! **Shape** a set-associative memory of fingerprints, of fixed size; the oldest of a set makes
//! room. Its hash is the same in every run, because which set overflows would show: above some
//! four million packets a second a few repeats are not noticed.
//! **Units** a fingerprint covers the first 128 and the last 32 octets from the IP header on, and
//! the length: headers with their checksums, sequence numbers and identification.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use crate::hop::HopId;
use crate::prefetch::prefetch;
use crate::protocol::Protocol;
use crate::time::Timestamp;

const SETS: usize = 4096;
const WAYS: usize = 4;
/// How far apart in time two sightings of one packet may be.
const WINDOW: u64 = 1_000_000;
const HEAD: usize = 128;
const TAIL: usize = 32;
/// Octets that are mixed in one multiplication.
const BLOCK: usize = 16;
const KEYS: [(u64, u64); HEAD / BLOCK] = keys();

/// The packets of the last millisecond.
#[derive(Clone)]
pub struct Duplicates {
    hasher: FixedState,
    sets: Vec<Set>,
}

/// The latest packets first; one line of a cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Set([(u64, Timestamp); WAYS]);

impl Default for Duplicates {
    fn default() -> Self {
        Self::new()
    }
}

impl Duplicates {
    /// An empty memory.
    #[must_use]
    pub fn new() -> Self {
        Self {
            hasher: FixedState::default(),
            sets: vec![Set([(0, Timestamp::MAX); WAYS]); SETS],
        }
    }

    /// Remembers a packet by its fingerprint, and says whether it was seen within a millisecond.
    #[inline]
    pub fn seen(&mut self, time: Timestamp, fingerprint: Fingerprint) -> bool {
        let Fingerprint(fingerprint) = fingerprint;
        let Some(Set(set)) = self.sets.get_mut(set_of(fingerprint)) else {
            return false;
        };
        let seen = set
            .iter()
            .any(|(f, t)| *f == fingerprint && t.abs_diff(time) <= WINDOW);
        if !seen {
            let [first, second, third, _] = *set;
            *set = [(fingerprint, time), first, second, third];
        }
        seen
    }

    /// Fetches what a fingerprint will be looked for in, without waiting for it.
    #[inline]
    pub fn fetch(&self, Fingerprint(fingerprint): Fingerprint) {
        if let Some(set) = self.sets.get(set_of(fingerprint)) {
            prefetch(set);
        }
    }

    /// The fingerprint of a packet at a hop, given from its outermost IP header on.
    #[inline]
    #[must_use]
    pub fn fingerprint(&self, octets: &[u8], original_len: u32, hop: HopId) -> Fingerprint {
        let (head, tail) = match octets.split_at_checked(HEAD) {
            None => (octets, None),
            Some((head, rest)) => (head, Some(rest)),
        };
        let mut state = self.hasher.build_hasher();
        state.write_u64(u64::from(hop.number()) << 32 | u64::from(original_len));
        state.write_u64(mix(head));
        match tail {
            None => state.write_usize(octets.len()),
            Some(rest) => state.write_u64(mix(rest.last_chunk::<TAIL>().map_or(rest, |tail| tail))),
        }
        Fingerprint(state.finish())
    }
}

/// Mixes up to [`HEAD`] octets. Blocks are multiplied with keys of their own and added up: unlike
/// one after the other, the processor mixes several at a time.
#[inline]
fn mix(octets: &[u8]) -> u64 {
    let (blocks, rest) = octets.as_chunks::<BLOCK>();
    let mut keys = KEYS.iter();
    let mut mixed = 0;
    for (block, key) in blocks.iter().zip(&mut keys) {
        mixed ^= product(block, *key);
    }
    if !rest.is_empty() {
        let mut last = [0; BLOCK];
        match octets.last_chunk::<BLOCK>() {
            Some(overlapping) => last = *overlapping,
            None => last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from),
        }
        mixed ^= product(&last, keys.next().copied().unwrap_or_default());
    }
    mixed
}

/// The two halves of the product of a block's two words, each combined with a key.
#[inline]
fn product(block: &[u8; BLOCK], (first, second): (u64, u64)) -> u64 {
    let words = u128::from_le_bytes(*block);
    let keyed = words ^ (u128::from(second) << 64 | u128::from(first));
    let product = (keyed & u128::from(u64::MAX)) * (keyed >> 64);
    let folded = product ^ product >> 64;
    u64::try_from(folded & u128::from(u64::MAX)).unwrap_or_default()
}

/// Keys without a pattern, the same in every run (`splitmix64`).
#[expect(
    clippy::indexing_slicing,
    reason = "made when this is compiled, where nothing iterates"
)]
const fn keys() -> [(u64, u64); HEAD / BLOCK] {
    let (mut keys, mut at, mut state) = ([(0, 0); HEAD / BLOCK], 0, 0);
    while at < keys.len() {
        keys[at] = (splitmix(state + 1), splitmix(state + 2));
        state += 2;
        at += 1;
    }
    keys
}

const fn splitmix(number: u64) -> u64 {
    let z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// The octets of a packet, from its IP header on, without the checksum of its transport: what one
/// interface leaves to be computed another shows computed.
#[must_use]
pub fn without_checksum(octets: &[u8], protocol: Protocol) -> Vec<u8> {
    let header = match octets.first() {
        Some(first) if first >> 4 == 4 => usize::from(first & 0x0f) * 4,
        _ => 40,
    };
    let at = header
        + match protocol {
            Protocol::Tcp => 16,
            Protocol::Udp => 6,
        };
    let mut octets = octets.to_vec();
    if let Some(checksum) = octets.get_mut(at..at + 2) {
        checksum.fill(0);
    }
    octets
}

/// Stands for the octets of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprint(u64);

fn set_of(fingerprint: u64) -> usize {
    usize::try_from(fingerprint).unwrap_or(usize::MAX) & (SETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_nanos(micros * 1_000)
    }

    impl Duplicates {
        fn see(&mut self, time: Timestamp, octets: &[u8], original_len: u32) -> bool {
            self.seen(time, self.fingerprint(octets, original_len, HopId::BETWEEN))
        }
    }

    #[test]
    fn the_same_octets_within_a_millisecond_are_a_duplicate() {
        let mut duplicates = Duplicates::new();
        assert!(!duplicates.see(at(0), b"packet", 6));
        assert!(duplicates.see(at(1_000), b"packet", 6));
        assert!(
            !duplicates.see(at(1_500), b"packet", 6),
            "a millisecond after the first"
        );
        assert!(
            !duplicates.see(at(1_501), b"packet", 7),
            "cut from another length"
        );
        assert!(!duplicates.see(at(1_502), b"pocket", 6));
    }

    #[test]
    fn head_and_tail_tell_long_packets_apart() {
        let mut duplicates = Duplicates::new();
        let mut packet = vec![0; 400];
        assert!(!duplicates.see(at(0), &packet, 400));
        packet[399] = 1;
        assert!(!duplicates.see(at(1), &packet, 400));
        packet[127] = 1;
        assert!(!duplicates.see(at(2), &packet, 400));
        assert!(duplicates.see(at(3), &packet, 400));
    }
}
