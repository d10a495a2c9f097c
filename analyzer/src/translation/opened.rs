//! Where connections are whose opening was seen: a five-tuple's hops.
//!
//! In: five-tuples at hops where an opening was seen. Out: the keys under which live connections may
//! be found. **Shape** a set of hashes and hops, eight octets each, from which what has ended is
//! swept when it is full: so it holds about as many as there are live connections. What is found by
//! chance is no key of the table.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::connection::ConnectionKey;
use crate::connection::table::ConnectionTable;
use crate::hop::HopId;
use crate::keyed::Keyed;
use crate::protocol::Protocol;
use crate::translation::older::FiveTuple;

/// Hops of one five-tuple: a connection passes some interfaces of a few machines.
const MAX_HOPS: usize = 256;
/// Entries below which none is swept.
const SWEPT_ABOVE: usize = 65_536;

/// Hops at which five-tuples were opened. The tap between is not among them: it is always looked at.
#[derive(Clone)]
pub(super) struct Opened {
    hasher: Keyed,
    entries: HashTable<Entry>,
    /// How many entries there may be before those of ended connections go.
    room: usize,
    refused: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    hash: u32,
    hop: HopId,
}

impl Opened {
    /// Nothing opened yet.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            hasher: Keyed::new(seed),
            entries: HashTable::new(),
            room: SWEPT_ABOVE,
            refused: 0,
        }
    }

    /// Takes note that an opening was seen of a connection that is in `table`.
    pub(super) fn note(&mut self, key: &ConnectionKey, table: &ConnectionTable) {
        if key.hop == HopId::BETWEEN || !self.insert(key) || self.entries.len() < self.room {
            return;
        }
        self.entries.clear();
        for connection in table.iter().filter(|c| c.tcp.client.is_some()) {
            if connection.key.hop != HopId::BETWEEN {
                self.insert(&connection.key);
            }
        }
        self.room = self.room.max(self.entries.len() * 2);
    }

    /// The keys that a connection of a five-tuple may have.
    pub(super) fn keys(&self, five_tuple: FiveTuple) -> impl Iterator<Item = ConnectionKey> {
        let FiveTuple { low, high } = five_tuple;
        let entries = self.of(self.hash(five_tuple));
        let hops = entries.map(|entry| entry.hop);
        [HopId::BETWEEN]
            .into_iter()
            .chain(hops)
            .map(move |hop| ConnectionKey {
                hop,
                protocol: Protocol::Tcp,
                low,
                high,
            })
    }

    /// Openings at more hops than a connection passes.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether it was not there.
    fn insert(&mut self, key: &ConnectionKey) -> bool {
        let (hash, hop) = (self.hash(key.into()), key.hop);
        let mut hops = 0;
        for other in self.of(hash) {
            if other.hop == hop {
                return false;
            }
            hops += 1;
        }
        if hops >= MAX_HOPS {
            self.refused += 1;
            return false;
        }
        let entry = Entry { hash, hop };
        self.entries
            .insert_unique(spread(hash), entry, |entry| spread(entry.hash));
        true
    }

    fn of(&self, hash: u32) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.iter_hash(spread(hash));
        entries.filter(move |entry| entry.hash == hash)
    }

    fn hash(&self, five_tuple: FiveTuple) -> u32 {
        let hash = self.hasher.hash_one(five_tuple);
        u32::try_from(hash >> u32::BITS).unwrap_or_default()
    }
}

/// The table looks at both ends of a hash.
const fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{IdleTimeouts, Sighting};
    use crate::endpoint::{Endpoint, Side};
    use crate::hop::{PlaceId, Way};
    use crate::packet::Segment;
    use crate::time::Timestamp;

    fn key(hop: u32, port: u32) -> ConnectionKey {
        let [_, higher, high, low] = port.to_be_bytes();
        let client = Endpoint {
            address: [10, 0, 1, higher].into(),
            port: u16::from_be_bytes([high, low]),
        };
        let server = Endpoint {
            address: [10, 0, 2, 1].into(),
            port: 80,
        };
        let hop = HopId::new(PlaceId::at(hop), Way::Unknown);
        ConnectionKey::of(hop, Protocol::Tcp, client, server).0
    }

    fn open(table: &mut ConnectionTable, key: ConnectionKey) {
        let (time, hash) = (Timestamp::from_nanos(1), table.hash(&key));
        let segment = Segment {
            seq: 1,
            ack: 0,
            flags: 2,
            payload_len: 0,
        };
        let (_, connection) = table.get_or_insert(hash, None, &key, time);
        connection.add(&Sighting {
            time,
            from: Side::Low,
            packets: 1,
            ip_bytes: 40,
            segment: Some(segment),
            duplicate: false,
        });
    }

    fn places(opened: &Opened, port: u32) -> Vec<usize> {
        let keys = opened.keys((&key(0, port)).into());
        keys.map(|key| key.hop.place().index()).collect()
    }

    #[test]
    fn a_five_tuple_is_found_wherever_it_was_opened() {
        let (mut opened, table) = (
            Opened::new(0),
            ConnectionTable::new(0, IdleTimeouts::default()),
        );
        for hop in [0, 5, 70_000, 5] {
            opened.note(&key(hop, 1), &table);
        }
        opened.note(&key(9, 2), &table);
        let mut found = places(&opened, 1);
        found.sort_unstable();
        assert_eq!(found, [0, 5, 70_000]);
        assert_eq!(
            places(&opened, 3),
            [0],
            "the tap between is always looked at"
        );
    }

    #[test]
    fn more_hops_than_a_connection_passes_are_counted() {
        let (mut opened, table) = (
            Opened::new(0),
            ConnectionTable::new(0, IdleTimeouts::default()),
        );
        for hop in 1..=300 {
            opened.note(&key(hop, 1), &table);
        }
        assert_eq!((places(&opened, 1).len(), opened.refused()), (257, 44));
    }

    #[test]
    fn what_has_ended_is_swept() {
        let (mut opened, mut table) = (
            Opened::new(0),
            ConnectionTable::new(0, IdleTimeouts::default()),
        );
        for port in 0..10 {
            open(&mut table, key(3, port));
        }
        for port in 0..200_000 {
            opened.note(&key(3, port), &table);
        }
        assert!(opened.entries.len() < SWEPT_ABOVE);
        assert!((0..10).all(|port| places(&opened, port) == [0, 3]));
        assert_eq!(opened.room, SWEPT_ABOVE);
    }
}
