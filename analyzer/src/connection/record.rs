//! The record of one connection, for those who list connections.
//!
//! **Shape** a limited, ordered set: of more connections than it may hold, those that began first,
//! or last, are kept and the others counted, whatever the order in which they ended.

use std::collections::BTreeMap;

use crate::connection::handshake::Handshake;
use crate::connection::{Connection, ConnectionKey, EndReason, TwinId};
use crate::endpoint::{BySide, Side};
use crate::time::Timestamp;
use crate::traffic::Traffic;

/// What is known of one connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionRecord {
    /// Its five-tuple and hop.
    pub key: ConnectionKey,
    /// Since when its addresses have had the owners they had.
    pub era: Timestamp,
    /// What each side sent.
    pub total: BySide<Traffic>,
    /// TCP flags each side sent, or-ed; 0 for UDP.
    pub flags: BySide<u8>,
    /// Who opened it, when that was seen.
    pub client: Option<Side>,
    /// The client's initial sequence number, when it was seen.
    pub client_seq: Option<u32>,
    /// Its other forms.
    pub twin: TwinId,
    /// Its handshake, when it is a sample.
    pub handshake: Option<Handshake>,
    /// Why it ended; `None` while it is active.
    pub end: Option<EndReason>,
}

impl ConnectionRecord {
    /// The record of `connection`, in the era since `era`, which ended for `end`.
    #[must_use]
    pub fn of(connection: &Connection, era: Timestamp, end: Option<EndReason>) -> Self {
        Self {
            key: connection.key,
            era,
            total: connection.total(),
            flags: connection.tcp.flags,
            client: connection.tcp.client,
            client_seq: connection
                .tcp
                .client
                .and_then(|client| connection.tcp.initial_seq(client)),
            twin: connection.twin(),
            handshake: connection.handshake(),
            end,
        }
    }

    /// The first packet.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.total.low.first.min(self.total.high.first)
    }

    /// The last packet.
    #[must_use]
    pub fn last(&self) -> Timestamp {
        self.total.low.last.max(self.total.high.last)
    }
}

/// Which records go when there are more than the limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Surplus {
    /// Those that began last: what is read has an end.
    #[default]
    Latest,
    /// Those that began first: what is watched goes on.
    Earliest,
}

impl Surplus {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Latest, Self::Earliest];

    /// Its name in descriptions of scenarios.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Earliest => "earliest",
        }
    }
}

/// The records that are kept, ordered by start and five-tuple. In a capture that was written twice
/// into one file there are several of the same start and five-tuple, which are numbered.
#[derive(Clone, Debug)]
pub struct ConnectionRecords {
    limit: usize,
    surplus: Surplus,
    kept: BTreeMap<(Timestamp, ConnectionKey, u64), ConnectionRecord>,
    refused: u64,
}

impl ConnectionRecords {
    /// Room for `limit` records; with 0 nobody lists connections, and nothing is counted.
    #[must_use]
    pub const fn new(limit: usize, surplus: Surplus) -> Self {
        Self {
            limit,
            surplus,
            kept: BTreeMap::new(),
            refused: 0,
        }
    }

    /// Keeps a record, or counts the one that has to go. When nobody lists connections, it is not
    /// even made.
    pub fn push(&mut self, record: impl FnOnce() -> ConnectionRecord) {
        if self.limit == 0 {
            return;
        }
        let record = record();
        let (first, key) = (record.first(), record.key);
        let same = self.kept.range((first, key, 0)..=(first, key, u64::MAX));
        let number = same.last().map_or(0, |((.., number), _)| number + 1);
        self.kept.insert((first, key, number), record);
        if self.kept.len() > self.limit {
            match self.surplus {
                Surplus::Latest => self.kept.pop_last(),
                Surplus::Earliest => self.kept.pop_first(),
            };
            self.refused += 1;
        }
    }

    /// Drops the records of connections whose last packet was before `before`, and says how many
    /// they were.
    pub fn forget(&mut self, before: Timestamp) -> usize {
        let count = self.kept.len();
        self.kept.retain(|_, record| record.last() >= before);
        count - self.kept.len()
    }

    /// The records, in order.
    pub fn iter(&self) -> impl Iterator<Item = &ConnectionRecord> {
        self.kept.values()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many did not fit.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::hop::HopId;
    use crate::protocol::Protocol;

    fn record(start: u64, port: u16) -> ConnectionRecord {
        let end = |last, port| Endpoint {
            address: [10, 0, 0, last].into(),
            port,
        };
        let (source, destination) = (end(1, port), end(2, 80));
        let (key, _) = ConnectionKey::of(HopId::BETWEEN, Protocol::Udp, source, destination);
        let mut total = BySide::<Traffic>::default();
        total.low.add(Timestamp::from_nanos(start), 1, 28);
        let (flags, client, handshake) = (BySide::default(), None, None);
        ConnectionRecord {
            key,
            era: Timestamp::MIN,
            total,
            flags,
            client,
            client_seq: None,
            twin: TwinId::NONE,
            handshake,
            end: None,
        }
    }

    #[test]
    fn those_that_began_first_are_kept_whatever_the_order() {
        for starts in [[1, 2, 3, 4], [4, 3, 2, 1], [3, 1, 4, 2]] {
            let mut records = ConnectionRecords::new(2, Surplus::Latest);
            for start in starts {
                records.push(|| record(start, 5_000));
            }
            let kept: Vec<u64> = records.iter().map(|r| r.first().as_nanos()).collect();
            assert_eq!((kept, records.refused()), (vec![1, 2], 2));
        }
    }

    #[test]
    fn where_it_goes_on_those_that_began_last_are_kept_until_they_are_old() {
        let mut records = ConnectionRecords::new(3, Surplus::Earliest);
        for start in [4, 1, 3, 2, 5] {
            records.push(|| record(start, 5_000));
        }
        assert_eq!(records.forget(Timestamp::from_nanos(4)), 1);
        let kept: Vec<u64> = records.iter().map(|r| r.first().as_nanos()).collect();
        assert_eq!((kept, records.refused()), (vec![4, 5], 2));
    }

    #[test]
    fn equal_ones_are_all_kept() {
        let mut records = ConnectionRecords::new(10, Surplus::Latest);
        for port in [7, 5, 7, 7] {
            records.push(|| record(1, port));
        }
        let ports: Vec<u16> = records.iter().map(|r| r.key.low.port).collect();
        assert_eq!(ports, [5, 7, 7, 7]);
    }
}
