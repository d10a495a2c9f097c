//! Packets that a capture shows twice: byte-identical within a millisecond.
//!
//! A mirror port that copies both directions of a switch writes each frame twice. Whether two
//! equal packets are that or a sender's repetition cannot be told from the octets, so they are
//! counted as suspected, and only become copies when the user says so.
//!
//! **Shape** a set-associative memory of fingerprints, of fixed size; the oldest of a set makes
//! room. Its hash is the same in every run, because which set overflows would show: above some
//! four million packets a second a few repeats are not noticed.
//! **Units** a fingerprint covers octets from the outermost IP header on, and the length. Of TCP the
//! first 64, where those hold its header with all options: two segments that are equal so far have
//! equal payloads. Of all else the first 128 and the last 32.

use std::num::NonZeroU64;

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
/// Octets that tell segments apart.
const HEADERS: usize = 64;
const HALF: usize = HEADERS / 2;
/// Octets that are mixed in one multiplication.
const BLOCK: usize = 16;
const KEYS: [(u64, u64); HEAD / BLOCK] = keys();
/// What a mix is finished with.
const LAST_KEY: (u64, u64) = (splitmix(u64::MAX), splitmix(u64::MAX - 1));

/// The packets of the last millisecond.
#[derive(Clone)]
pub struct Duplicates {
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
            sets: vec![Set([(0, Timestamp::MAX); WAYS]); SETS],
        }
    }

    /// Fetches what a fingerprint will be looked for in, without waiting for it.
    #[inline]
    pub fn expect(&self, fingerprint: Fingerprint) {
        if let Some(set) = self.sets.get(set_of(fingerprint.0.get())) {
            prefetch(set);
        }
    }

    /// Remembers a packet by its fingerprint, and says whether it was seen within a millisecond.
    #[inline]
    pub fn seen(&mut self, time: Timestamp, fingerprint: Fingerprint) -> bool {
        let fingerprint = fingerprint.0.get();
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
}

/// What of a packet tells it apart from others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Telling {
    /// Its headers: those of TCP are whole within the first octets.
    Headers,
    /// Its payload as well.
    Payload,
}

impl Telling {
    /// Of a packet, from its outermost IP header on, whose layer-4 header is so many octets behind.
    #[inline]
    #[must_use]
    pub fn of(protocol: Protocol, octets: &[u8], transport_offset: u16) -> Self {
        const DATA_OFFSET: usize = 12;
        let start = usize::from(transport_offset);
        match (protocol, octets.get(start + DATA_OFFSET)) {
            (Protocol::Tcp, Some(words)) if start + usize::from(words >> 4) * 4 <= HEADERS => {
                Self::Headers
            }
            (Protocol::Tcp | Protocol::Udp, _) => Self::Payload,
        }
    }
}

/// Stands for the octets of a packet; never 0, so that none takes no more room than one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprint(NonZeroU64);

impl Fingerprint {
    /// The fingerprint of a packet at a hop, given from its outermost IP header on.
    #[inline]
    #[must_use]
    pub fn of(octets: &[u8], telling: Telling, original_len: u32, hop: HopId) -> Self {
        let headers = octets.get(..HEADERS).unwrap_or(octets);
        let mixed = match (telling, headers.first_chunk(), headers.last_chunk()) {
            (Telling::Headers, Some(first), Some(last)) => mix_headers(first, last),
            (Telling::Headers | Telling::Payload, _, _) => {
                let (head, rest) = beginning(octets);
                mix_all(head, rest)
            }
        };
        Self::at(mixed, original_len, hop)
    }

    /// The same without the checksum of layer 4: what one interface leaves to be computed another
    /// shows computed.
    #[must_use]
    pub fn without_checksum(
        octets: &[u8],
        protocol: Protocol,
        original_len: u32,
        hop: HopId,
    ) -> Self {
        let (head, rest) = beginning(octets);
        let mut without = [0; HEAD];
        let without = without.get_mut(..head.len()).unwrap_or_default();
        without.copy_from_slice(head);
        let at = checksum_offset(octets, protocol);
        if let Some(checksum) = without.get_mut(at..at + 2) {
            checksum.fill(0);
        }
        Self::at(mix_all(without, rest), original_len, hop)
    }

    #[inline]
    fn at(mixed: u64, original_len: u32, hop: HopId) -> Self {
        let place = u64::from(hop.number()) << 32 | u64::from(original_len);
        let mixed = NonZeroU64::new(multiplied(mixed, place, LAST_KEY));
        Self(mixed.unwrap_or(NonZeroU64::MIN))
    }
}

/// The first octets, and the others.
fn beginning(octets: &[u8]) -> (&[u8], &[u8]) {
    octets.split_at_checked(HEAD).unwrap_or((octets, &[]))
}

/// Where the checksum of layer 4 lies in a packet without extension headers.
fn checksum_offset(octets: &[u8], protocol: Protocol) -> usize {
    let header = match octets.first() {
        Some(first) if first >> 4 == 4 => usize::from(first & 0x0f) * 4,
        _ => 40,
    };
    header
        + match protocol {
            Protocol::Tcp => 16,
            Protocol::Udp => 6,
        }
}

/// Mixes the halves of what may be shorter than both: then they overlap, and all of it is mixed.
#[inline]
fn mix_headers(first: &[u8; HALF], last: &[u8; HALF]) -> u64 {
    let (first, last) = (first.as_chunks().0, last.as_chunks().0);
    let blocks = first.iter().chain(last).zip(&KEYS);
    blocks.fold(0, |mixed, (block, key)| mixed ^ product(block, *key))
}

/// Mixes the first octets, the last of the others, and how many there are.
#[inline(never)]
fn mix_all(head: &[u8], rest: &[u8]) -> u64 {
    let tail = rest.last_chunk::<TAIL>().map_or(rest, |tail| tail);
    let len = (head.len() + rest.len()) as u64;
    multiplied(mix(head) ^ len, mix(tail), LAST_KEY)
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

#[inline]
fn product(block: &[u8; BLOCK], key: (u64, u64)) -> u64 {
    let words = u128::from_le_bytes(*block);
    let (one, other) = (words & u128::from(u64::MAX), words >> u64::BITS);
    let word = |half: u128| u64::try_from(half).unwrap_or_default();
    multiplied(word(one), word(other), key)
}

/// The two halves of the product of two words, each combined with a key.
#[inline]
fn multiplied(one: u64, other: u64, (first, second): (u64, u64)) -> u64 {
    let product = u128::from(one ^ first) * u128::from(other ^ second);
    let folded = product ^ product >> u64::BITS;
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
            let hop = HopId::BETWEEN;
            self.seen(
                time,
                Fingerprint::of(octets, Telling::Payload, original_len, hop),
            )
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

    #[test]
    fn every_octet_of_the_headers_of_a_segment_tells() {
        for len in [32, 40, 52, 63, 64, 90] {
            let packet = vec![0; len];
            let of = |octets: &[u8]| Fingerprint::of(octets, Telling::Headers, 90, HopId::BETWEEN);
            for at in 0..len.min(HEADERS) {
                let mut other = packet.clone();
                other[at] = 1;
                assert_ne!(of(&packet), of(&other), "octet {at} of {len}");
            }
        }
    }

    #[test]
    fn headers_that_lie_deep_leave_the_payload_to_tell() {
        let octets = |at: usize, words: u8| {
            let mut octets = vec![0; 120];
            octets[at + 12] = words << 4;
            octets
        };
        let tcp = |at: u16, words| Telling::of(Protocol::Tcp, &octets(at.into(), words), at);
        assert_eq!(
            (tcp(20, 5), tcp(20, 11)),
            (Telling::Headers, Telling::Headers)
        );
        assert_eq!(
            (tcp(20, 12), tcp(40, 7)),
            (Telling::Payload, Telling::Payload)
        );
        assert_eq!(tcp(40, 6), Telling::Headers);
        let of = |protocol, len| Telling::of(protocol, &octets(20, 5)[..len], 20);
        assert_eq!(of(Protocol::Udp, 120), Telling::Payload);
        assert_eq!(of(Protocol::Tcp, 32), Telling::Payload, "cut");
    }

    #[test]
    fn a_checksum_that_is_not_computed_yet_tells_nothing() {
        for (protocol, at) in [(Protocol::Tcp, 36), (Protocol::Udp, 26)] {
            let mut packet = vec![0; 200];
            packet[0] = 0x45;
            let of = |octets: &[u8]| {
                Fingerprint::without_checksum(octets, protocol, 214, HopId::BETWEEN)
            };
            let before = of(&packet);
            packet[at] = 7;
            assert_eq!(of(&packet), before);
            packet[at + 2] = 7;
            assert_ne!(of(&packet), before);
        }
    }
}
