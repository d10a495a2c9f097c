//! Where else packets are seen: the same five-tuple at other hops.

use crate::connection::Connection;
use crate::connection::table::hash::{KeyHash, TUPLE};
use crate::connection::table::{ConnectionTable, Slot};
use crate::endpoint::{BySide, Side};
use crate::hop::set::PlaceSet;
use crate::time::Timestamp;

impl ConnectionTable {
    /// Shows `see` where else the packets of a connection are seen whose hash is `hash`: its
    /// five-tuple at other hops.
    pub fn each_elsewhere(
        &self,
        hash: KeyHash,
        connection: &Connection,
        mut see: impl FnMut(Slot, &Connection),
    ) {
        if !self.has_several_places {
            return;
        }
        let key = &connection.key;
        let group = key.hop.place().group();
        for other_group in group.others(self.last_group) {
            let KeyHash(there) = hash.at(group, other_group);
            for slot in self.index.alike(there, TUPLE).map(Slot) {
                let other = self
                    .at(slot)
                    .filter(|other| other.key.hop != key.hop && other.key.is_same_tuple(key));
                if let Some(other) = other {
                    see(slot, other);
                }
            }
        }
    }

    /// Where else the other half of a connection passes of which `from` sends something at `time`:
    /// hops that show nothing but what the other side sends, and are not answering halves.
    #[must_use]
    pub fn other_halves(
        &self,
        hash: KeyHash,
        connection: &Connection,
        (from, time): (Side, Timestamp),
    ) -> Vec<Slot> {
        let mut halves = Vec::new();
        self.each_elsewhere(hash, connection, |slot, half| {
            let is_half = half.has_sent(from.other()) && !half.has_sent(from) && !half.goes_on();
            if is_half && !half.is_over(time, self.idle) {
                halves.push(slot);
            }
        });
        halves
    }

    /// The hash of a connection, by which [`Self::beside`] finds others, and what that looks up is
    /// fetched; none while all connections are of one place.
    #[must_use]
    pub fn expect_beside(&self, connection: &Connection) -> Option<KeyHash> {
        self.has_several_places.then(|| {
            let hash = self.hash(&connection.key);
            self.expect(hash);
            hash
        })
    }

    /// Where else the packets that each side sent are seen.
    #[must_use]
    pub fn beside(&self, hash: Option<KeyHash>, connection: &Connection) -> BySide<PlaceSet> {
        let mut beside = BySide::<PlaceSet>::default();
        let Some(hash) = hash else {
            return beside;
        };
        self.each_elsewhere(hash, connection, |_, other| {
            for side in [Side::Low, Side::High] {
                if connection.has_sent(side) && other.has_sent(side) {
                    beside.get_mut(side).insert(other.key.hop.place());
                }
            }
        });
        beside
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::connection::{ConnectionKey, IdleTimeouts, Sighting};
    use crate::endpoint::Endpoint;
    use crate::hop::{HopId, PlaceId, Way};
    use crate::protocol::Protocol;

    fn key(place: u32) -> ConnectionKey {
        let end = |last, port| Endpoint {
            address: [10, 0, 0, last].into(),
            port,
        };
        let hop = HopId::new(PlaceId::at(place), Way::ForwardEnters);
        ConnectionKey::of(hop, Protocol::Udp, end(1, 4_000), end(2, 53)).0
    }

    fn number(connection: &Connection) -> u32 {
        u32::try_from(connection.key.hop.place().index()).unwrap()
    }

    #[test]
    fn what_was_seen_elsewhere_is_found_in_near_groups_and_its_own() {
        let places = [0, 5, 63, 64, 500, 600, 610, 5_000];
        let mut table = ConnectionTable::new(1, IdleTimeouts::default());
        let time = Timestamp::from_nanos(1);
        for place in places {
            let key = key(place);
            let hash = table.hash(&key);
            let (_, connection) = table.get_or_insert(hash, None, &key, time);
            connection.add(&Sighting {
                time,
                from: Side::Low,
                packets: 1,
                ip_bytes: 40,
                segment: None,
                duplicate: false,
            });
        }
        for place in places {
            let own = table.get(&key(place)).unwrap();
            let mut found = Vec::new();
            let hash = table.hash(&own.key);
            table.each_elsewhere(hash, own, |_, other| found.push(number(other)));
            found.sort_unstable();
            let is_found =
                |other: &u32| *other != place && (*other < 512 || other / 64 == place / 64);
            let expected: Vec<u32> = places.into_iter().filter(is_found).collect();
            assert_eq!(found, expected, "{place}");
            let beside = table.beside(Some(hash), own);
            let is_told = |other: &u32| beside.low.contains(PlaceId::at(*other));
            assert!(found.iter().all(is_told), "{place}");
            assert_eq!(beside.high, PlaceSet::default(), "nothing came back");
        }
    }

    #[test]
    fn few_hops_of_a_five_tuple_lie_together() {
        let table = ConnectionTable::new(1, IdleTimeouts::default());
        let mut together: BTreeMap<u32, usize> = BTreeMap::new();
        for place in 0..60_000 {
            let KeyHash(hash) = table.hash(&key(place));
            *together.entry(hash & TUPLE).or_default() += 1;
        }
        assert!(together.values().all(|places| *places <= 64));
    }
}
