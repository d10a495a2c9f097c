//! Hashes with a secret: who does not know it cannot make keys that collide.
//!
//! In: words of keys, most of them addresses that a sender chose. Out: hashes of 64 bits.
//! **Shape** each word is combined with the state and multiplied with the key, and the halves of
//! the product are combined. State and key come from the seed, so neither factor can be made zero
//! by a word: with a published factor, one choice of an IPv6 prefix gives all hosts in it one hash.
//! **Source** the multiplication is that of foldhash and wyhash.

use std::hash::{BuildHasher, Hasher};

/// Octets that are hashed together.
const WORD: usize = 8;

/// Makes hashers of one secret.
#[derive(Clone, Copy, Debug)]
pub struct Keyed {
    state: u64,
    key: u64,
}

impl Keyed {
    /// The hashers of a seed, which changes no answer.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            state: mixed(seed),
            // Some bits of each half are set, so that products are long.
            key: mixed(!seed) | 1 << 63 | 1 << 31 | 1,
        }
    }
}

impl BuildHasher for Keyed {
    type Hasher = KeyedHasher;

    #[inline]
    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher {
            state: self.state,
            key: self.key,
        }
    }
}

/// Hashes one key.
#[derive(Clone, Copy, Debug)]
pub struct KeyedHasher {
    state: u64,
    key: u64,
}

impl Hasher for KeyedHasher {
    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.state = folded(self.state ^ word, self.key);
    }

    #[inline]
    fn write_u128(&mut self, words: u128) {
        let low = words & u128::from(u64::MAX);
        self.write_u64(u64::try_from(words >> u64::BITS).unwrap_or_default());
        self.write_u64(u64::try_from(low).unwrap_or_default());
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    #[inline]
    fn write_u16(&mut self, word: u16) {
        self.write_u64(word.into());
    }

    #[inline]
    fn write_u8(&mut self, octet: u8) {
        self.write_u64(octet.into());
    }

    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    #[inline]
    fn write(&mut self, octets: &[u8]) {
        let (words, rest) = octets.as_chunks::<WORD>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let mut last = [0; WORD];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        // Zeros at the end are told from what is not there by how much is.
        self.write_u64(u64::from_le_bytes(last) ^ (rest.len() as u64) << 56);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

/// The two halves of a product, combined.
#[inline]
fn folded(first: u64, second: u64) -> u64 {
    let product = u128::from(first) * u128::from(second);
    let folded = (product ^ product >> u64::BITS) & u128::from(u64::MAX);
    u64::try_from(folded).unwrap_or_default()
}

/// A number without a pattern for each number (`splitmix64`).
const fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::{IpAddr, Ipv6Addr};

    use super::*;
    use crate::endpoint::Endpoint;

    /// What foldhash combines a word with in all processes, so that it becomes zero.
    const PUBLISHED: u64 = 0xc0ac_29b7_c97c_50dd;

    /// How many of 4 096 keys share the fullest of 4 096 places, by high and by low bits.
    fn fullest<T: std::hash::Hash>(keys: impl Iterator<Item = T>) -> usize {
        let hashes: Vec<u64> = keys.map(|key| Keyed::new(7).hash_one(key)).collect();
        assert_eq!(hashes.len(), 4_096);
        let of = |place: fn(u64) -> u64| {
            let mut places: BTreeMap<u64, usize> = BTreeMap::new();
            for hash in &hashes {
                *places.entry(place(*hash)).or_default() += 1;
            }
            places.into_values().max().unwrap()
        };
        of(|hash| hash >> 52)
            .max(of(|hash| hash & 0xfff))
            .max(of(|hash| hash >> 32 & 0xfff))
    }

    fn endpoint(address: u128) -> Endpoint {
        let address = IpAddr::V6(Ipv6Addr::from_bits(address));
        Endpoint { address, port: 80 }
    }

    #[test]
    fn addresses_that_cancel_a_published_factor_are_spread() {
        let published = u128::from(PUBLISHED);
        let swapped = u128::from(PUBLISHED.swap_bytes());
        for address in [
            |n: u128, published: u128, _: u128| published << 64 | n,
            |n, _, swapped| n << 64 | swapped,
            |n, published, _| n << 64 | published,
            |n, _, _| n,
            |n, _, _| n << 116,
        ] {
            let addresses = || (0..4_096).map(|n| address(n, published, swapped));
            assert!(fullest(addresses().map(endpoint)) < 12);
            assert!(fullest(addresses().map(|bits| IpAddr::from(bits.to_be_bytes()))) < 12);
        }
    }

    #[test]
    fn octets_and_their_number_tell() {
        let hash = |octets: &[u8]| {
            let mut hasher = Keyed::new(1).build_hasher();
            hasher.write(octets);
            hasher.finish()
        };
        let texts: [&[u8]; 7] = [
            b"",
            b"\0",
            b"\0\0",
            b"a",
            b"abcdefgh",
            b"abcdefgh\0",
            b"abcdefghi",
        ];
        let hashes: std::collections::BTreeSet<u64> = texts.into_iter().map(hash).collect();
        assert_eq!(hashes.len(), texts.len());
    }

    #[test]
    fn each_seed_has_its_own_hashes() {
        assert_ne!(Keyed::new(1).hash_one(5_u64), Keyed::new(2).hash_one(5_u64));
        assert_eq!(Keyed::new(1).hash_one(5_u64), Keyed::new(1).hash_one(5_u64));
    }
}
