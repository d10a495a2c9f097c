//! The engine: frames and cluster changes in, snapshots out.
//!
//! **Time** is that of the frames. **Shape** every collection is limited in records, and every
//! limit has a counter in [`Coverage`]. **Errors** none: what cannot be counted is skipped with a
//! reason.

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::cluster::{Change, Cluster, ClusterLimits, Directory, Names};
use crate::connection::table::{ConnectionTable, KeyHash, Slot};
use crate::connection::{Connection, ConnectionKey, EndReason, Sighting};
use crate::coverage::Coverage;
use crate::dns::NameRecords;
use crate::duplicates::{Duplicates, Fingerprint};
use crate::endpoint::Endpoint;
use crate::fragments::{FragmentOwner, Fragments};
use crate::frame::Frame;
use crate::hop::HopId;
use crate::ledger::Ledger;
use crate::packet::{self, Fragment, Packet, Parsed, Segment, Transport};
use crate::protocol::Protocol;
use crate::skip::SkipReason;
use crate::snapshot::{Provenance, Snapshot};
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;
use crate::watermark::Watermark;

/// Frames above an Ethernet MTU that offload did not explain.
const MERGED_ABOVE: u32 = 1_500;
/// Live connections below which none is looked for that is over: a small table costs nothing, and
/// in a small capture ends are decided by nothing but the connection's own packets.
const EXPIRE_ABOVE: usize = 16_384;
/// Packets that are parsed before the first of them is counted: their connections are fetched from
/// memory at the same time instead of one after the other.
const AHEAD: usize = 32;
/// The share of live connections that is folded early when the table is full: one in this many.
const EVICTED_SHARE: usize = 8;

/// How much an engine may hold, in records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections that have not ended, 192 octets each and the spare room of their table.
    pub connections: usize,
    /// Intervals of legs, about 200 octets each.
    pub intervals: usize,
    /// First fragments of the last 30 seconds, about 100 octets each.
    pub fragments: usize,
    /// Records of single connections, about 200 octets each; 0 when nobody lists them.
    pub connection_records: usize,
    /// Names that name resolution gave.
    pub names: usize,
    /// What the cluster may hold.
    pub cluster: ClusterLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_000_000,
            intervals: 16_000_000,
            fragments: 65_536,
            connection_records: 0,
            names: 100_000,
            cluster: ClusterLimits::default(),
        }
    }
}

/// What becomes of a packet whose octets were seen a moment ago.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DuplicatePolicy {
    /// It is counted, and suspected in the coverage.
    #[default]
    Suspect,
    /// It is a copy.
    Copy,
}

/// How an engine works.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// How much it may hold.
    pub limits: Limits,
    /// What becomes of packets seen twice.
    pub duplicates: DuplicatePolicy,
    /// Where its hashes start from; it changes no answer.
    pub seed: u64,
}

/// A packet that waits to be counted.
#[derive(Clone, Copy)]
struct Parcel {
    hash: KeyHash,
    /// Where its connection was when it was looked for ahead.
    slot: Option<Slot>,
    key: ConnectionKey,
    sighting: Sighting,
    fingerprint: Fingerprint,
}

/// The flow engine.
#[derive(Clone)]
pub struct Engine {
    settings: Settings,
    coverage: Coverage,
    table: ConnectionTable,
    ledger: Ledger,
    fragments: Fragments,
    duplicates: Duplicates,
    /// Parsed and not yet counted, in order.
    ahead: Vec<Parcel>,
    watermark: Watermark,
    /// The interval up to which connections were expired, and the frames counted since.
    swept: (IntervalIndex, u64),
    evicted: u64,
    cluster: Cluster,
    names: NameRecords,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let Settings { limits, seed, .. } = settings;
        Self {
            settings,
            coverage: Coverage::default(),
            table: ConnectionTable::new(seed),
            ledger: Ledger::new(limits.intervals, limits.connection_records, seed),
            fragments: Fragments::new(limits.fragments, seed),
            duplicates: Duplicates::new(),
            ahead: Vec::with_capacity(AHEAD),
            watermark: Watermark::default(),
            swept: (IntervalIndex::default(), 0),
            evicted: 0,
            cluster: Cluster::new(limits.cluster),
            names: NameRecords::new(limits.names),
        }
    }

    /// Takes note of a change of the cluster. Any order will do.
    pub fn apply(&mut self, change: Change) {
        self.cluster.apply(change);
    }

    /// Declares a range of addresses as the cluster's.
    pub fn add_cluster_range(&mut self, range: IpNet) {
        self.cluster.add_range(range);
    }

    /// Gives names to addresses that no object of the cluster explains.
    pub fn set_names(&mut self, names: Names) {
        self.cluster.set_names(names);
    }

    /// Takes note of a name that name resolution gave an address.
    pub fn add_dns_name(&mut self, address: IpAddr, name: &str) {
        self.names.insert(address, name);
    }

    /// Counts one frame, or skips it with a reason.
    #[inline]
    pub fn ingest(&mut self, frame: &Frame<'_>) {
        self.coverage.see(frame.time);
        if let Some(watermark) = self.watermark.see(frame.time) {
            self.sweep(watermark);
        }
        packet::parse_to(
            self,
            frame,
            |engine, packet| engine.ingest_packet(frame, packet),
            |engine, parsed| engine.ingest_uncommon(frame, parsed),
        );
    }

    /// Folds the connections that ended before `now`. When it runs changes no answer, unless a
    /// packet of one of them is still to come: a capture whose time steps back by minutes.
    pub fn expire(&mut self, now: Timestamp) {
        self.count_ahead();
        self.fold_out(
            |connection| connection.is_over(now),
            |connection| connection.end_at(now),
        );
    }

    /// Folds the connections for which `over` holds and takes them out; says how many they were.
    fn fold_out(
        &mut self,
        over: impl Fn(&Connection) -> bool,
        end: impl Fn(&Connection) -> Option<EndReason>,
    ) -> usize {
        let mut slots = Vec::new();
        let all = self.table.slots();
        let over = all.filter(|(_, connection)| over(connection));
        let noted = over.map(|(slot, connection)| {
            slots.push(slot);
            connection
        });
        self.ledger.fold_all(noted, end);
        self.table.remove(&slots);
        slots.len()
    }

    /// What is known now, while more may come.
    #[must_use]
    pub fn snapshot(&self, provenance: Provenance) -> Snapshot {
        self.clone().into_snapshot(provenance)
    }

    /// What is known at the end.
    #[must_use]
    pub fn into_snapshot(mut self, provenance: Provenance) -> Snapshot {
        self.count_ahead();
        let now = self.coverage.to.unwrap_or_default();
        self.ledger
            .fold_all(self.table.iter(), |connection| connection.end_at(now));
        drop(self.table);
        let directory: Directory = self.cluster.directory();
        self.coverage.evicted = self.evicted + self.ledger.evicted() + self.fragments.evicted();
        self.coverage.names_not_kept = self.names.refused();
        self.coverage.objects_not_kept = self.cluster.refused() + directory.refused();
        let (legs, records) = self.ledger.into_legs();
        Snapshot::new(
            legs,
            &records,
            self.coverage,
            provenance,
            Arc::new(directory),
            Arc::new(self.names),
        )
    }

    #[inline(never)]
    fn ingest_uncommon(&mut self, frame: &Frame<'_>, parsed: &Parsed) {
        match parsed {
            Parsed::Packet(packet) => self.ingest_packet(frame, packet),
            Parsed::Fragment(fragment) => self.ingest_fragment(frame, fragment),
            Parsed::Skip(reason) => self.coverage.skip(*reason),
        }
    }

    #[expect(clippy::inline_always, reason = "see `packet::fast`")]
    #[inline(always)]
    fn ingest_packet(&mut self, frame: &Frame<'_>, packet: &Packet) {
        let (protocol, segment) = transport_of(packet);
        let (source, destination) = (
            Endpoint {
                address: packet.source,
                port: packet.source_port,
            },
            Endpoint {
                address: packet.destination,
                port: packet.destination_port,
            },
        );
        let hop = HopId::BETWEEN;
        let (key, from) = ConnectionKey::of(hop, protocol, source, destination);
        if let Some(first) = packet.fragment {
            let owner = FragmentOwner::Connection(key, from);
            self.fragments.insert(hop, first, frame.time, owner);
        }
        if let Some(first) = packet.tunnel_fragment {
            self.fragments
                .insert(hop, first, frame.time, FragmentOwner::Tunnel);
        }
        let (time, ip_bytes) = (frame.time, packet.ip_bytes);
        let sighting = Sighting {
            time,
            from,
            packets: 1,
            ip_bytes,
            segment,
            duplicate: false,
        };
        self.count_soon(frame, packet.ip_offset, key, sighting);
    }

    fn ingest_fragment(&mut self, frame: &Frame<'_>, fragment: &Fragment) {
        match self
            .fragments
            .owner(HopId::BETWEEN, fragment.key, frame.time)
        {
            None => self.coverage.skip(SkipReason::Fragment),
            Some(FragmentOwner::Tunnel) => self.coverage.skip(SkipReason::TunnelFragment),
            Some(FragmentOwner::Connection(key, from)) => {
                let (time, ip_bytes) = (frame.time, fragment.ip_bytes);
                let sighting = Sighting {
                    time,
                    from,
                    packets: 1,
                    ip_bytes,
                    segment: None,
                    duplicate: false,
                };
                self.count_soon(frame, fragment.ip_offset, key, sighting);
            }
        }
    }

    /// Puts a packet in line to be counted.
    #[expect(clippy::inline_always, reason = "see `packet::fast`")]
    #[inline(always)]
    fn count_soon(
        &mut self,
        frame: &Frame<'_>,
        ip_offset: u16,
        key: ConnectionKey,
        sighting: Sighting,
    ) {
        let octets = frame.data.get(usize::from(ip_offset)..).unwrap_or_default();
        let fingerprint = self.duplicates.fingerprint(octets, frame.original_len);
        let hash = self.table.hash(&key);
        self.table.expect(hash);
        self.duplicates.fetch(fingerprint);
        self.ahead.push(Parcel {
            hash,
            slot: None,
            key,
            sighting,
            fingerprint,
        });
        if self.ahead.len() >= AHEAD {
            self.count_ahead();
        }
    }

    /// Counts the packets that wait, in order.
    fn count_ahead(&mut self) {
        let mut ahead = mem::take(&mut self.ahead);
        for parcel in &mut ahead {
            parcel.slot = self.table.fetch(parcel.hash);
        }
        for parcel in &ahead {
            self.count(parcel);
        }
        ahead.clear();
        self.ahead = ahead;
    }

    #[inline]
    fn count(&mut self, parcel: &Parcel) {
        let &Parcel {
            hash,
            slot,
            key,
            mut sighting,
            fingerprint,
        } = parcel;
        sighting.duplicate = self.duplicates.seen(sighting.time, fingerprint);
        match (sighting.duplicate, self.settings.duplicates) {
            (false, _) => {}
            (true, DuplicatePolicy::Suspect) => self.coverage.suspected_duplicates += 1,
            (true, DuplicatePolicy::Copy) => {
                self.coverage.copies += 1;
                return;
            }
        }
        self.coverage.counted += 1;
        self.coverage.merged_frames += u64::from(sighting.ip_bytes > MERGED_ABOVE);
        if self.table.len() >= self.settings.limits.connections && !self.table.contains(hash, &key)
        {
            self.evict();
        }
        let connection = self.table.get_or_insert(hash, slot, key, sighting.time);
        if let Some(reason) = connection.ended_before(&sighting) {
            self.ledger.fold(connection, Some(reason));
            *connection = Connection::new(key, sighting.time);
        }
        let interval = IntervalIndex::of(sighting.time);
        if connection.interval != interval {
            self.ledger.fold_traffic(connection);
            connection.begin(interval);
        }
        connection.add(&sighting);
    }

    /// Expires, if it is worth a look at every connection: when there are many, the watermark is in
    /// another interval, and at least as many frames have come since as there are to look at.
    fn sweep(&mut self, watermark: Timestamp) {
        let (interval, frames) = (IntervalIndex::of(watermark), self.coverage.frames);
        let (swept, at) = self.swept;
        let live = self.table.len();
        if live >= EXPIRE_ABOVE && interval != swept && frames - at >= live as u64 / 2 {
            self.expire(watermark);
            self.swept = (interval, frames);
        }
    }

    /// Folds the connections that were silent longest.
    fn evict(&mut self) {
        let Some(cutoff) = self.table.oldest(EVICTED_SHARE) else {
            return;
        };
        let silent = self.fold_out(
            |connection| (connection.last(), connection.key) <= cutoff,
            |_| Some(EndReason::Evicted),
        );
        self.evicted += silent as u64;
    }
}

const fn transport_of(packet: &Packet) -> (Protocol, Option<Segment>) {
    match packet.transport {
        Transport::Tcp(segment) => (Protocol::Tcp, segment),
        Transport::Udp => (Protocol::Udp, None),
    }
}
