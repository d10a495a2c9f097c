//! Where else packets are seen: the same five-tuple at other hops.

use crate::connection::Connection;
use crate::connection::table::hash::{KeyHash, TUPLE};
use crate::connection::table::{ConnectionTable, Slot};
use crate::endpoint::{BySide, Side};
use crate::hop::set::PlaceSet;

impl ConnectionTable {
    /// Where else the packets of a connection are seen whose hash is `hash`: its five-tuple at other
    /// hops.
    pub fn elsewhere(
        &self,
        KeyHash(hash): KeyHash,
        connection: &Connection,
    ) -> impl Iterator<Item = (Slot, &Connection)> {
        let key = connection.key;
        let alike = || self.index.alike(hash, TUPLE);
        let alike = self.has_several_places.then(alike);
        let others = alike.into_iter().flatten();
        let others = others
            .map(Slot)
            .filter_map(|slot| Some((slot, self.at(slot)?)));
        others.filter(move |(_, other)| other.key.hop != key.hop && other.key.is_same_tuple(&key))
    }

    /// Where else the other half of a connection is seen that begins with a packet of `from`: hops
    /// that show nothing but what the other side sends.
    #[must_use]
    pub fn other_half(&self, hash: KeyHash, connection: &Connection, from: Side) -> Option<Slot> {
        let is_half = |half: &Connection| {
            half.has_sent(from.other()) && !half.has_sent(from) && !half.goes_on()
        };
        let mut elsewhere = self.elsewhere(hash, connection);
        elsewhere.find_map(|(slot, half)| is_half(half).then_some(slot))
    }

    /// The hash of a connection where [`Self::beside`] needs it, and what that looks up is fetched.
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
        let others = hash.map(|hash| self.elsewhere(hash, connection));
        for (_, other) in others.into_iter().flatten() {
            for side in [Side::Low, Side::High] {
                if connection.has_sent(side) && other.has_sent(side) {
                    beside.get_mut(side).insert(other.key.hop.place());
                }
            }
        }
        beside
    }
}
