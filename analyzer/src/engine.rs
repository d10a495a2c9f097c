//! The engine: frames and cluster changes in, snapshots out.
//!
//! **Time** is that of the frames. **Shape** every collection is limited in records, and every
//! limit has a counter in [`Coverage`]. **Errors** none: what cannot be counted is skipped with a
//! reason.

mod excluded;
mod offload;
mod owners;
mod parcel;
mod passing;
mod settings;

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::cluster::{Change, Names};
use crate::connection::table::ConnectionTable;
use crate::connection::{Connection, ConnectionKey, EndReason, Sighting};
use crate::coverage::Coverage;
use crate::dns::{self, NameRecords};
use crate::duplicates::{Duplicates, without_checksum};
use crate::endpoint::{Endpoint, Side};
use crate::engine::excluded::Excluded;
use crate::engine::offload::on_wire;
use crate::engine::parcel::{Parcel, Repeats, transport_of};
use crate::era::Eras;
use crate::fragments::{FragmentOwner, Fragments};
use crate::frame::{Frame, Offload};
use crate::hop::{HopId, Places, Seen, Way};
use crate::ledger::Ledger;
use crate::packet::{self, Fragment, Packet, Parsed};
use crate::skip::SkipReason;
use crate::snapshot::{Parts, Provenance, Snapshot};
use crate::tenancy::Tenancy;
use crate::time::Timestamp;
use crate::traffic::IntervalIndex;
use crate::translation::Translations;
use crate::translation::clue::Shown;
use crate::watermark::Watermark;

pub use crate::engine::excluded::Socket;
pub use crate::engine::passing::Unrecorded;
pub use crate::engine::settings::{DuplicatePolicy, Limits, Settings};

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

/// The flow engine.
#[derive(Clone)]
pub struct Engine {
    settings: Settings,
    coverage: Coverage,
    table: ConnectionTable,
    ledger: Ledger,
    places: Places,
    translations: Translations,
    fragments: Fragments,
    duplicates: Duplicates,
    /// Parsed and not yet counted, in order.
    ahead: Vec<Parcel>,
    watermark: Watermark,
    /// The interval up to which connections were expired, and the frames counted since.
    swept: (IntervalIndex, u64),
    evicted: u64,
    tenancy: Tenancy,
    names: NameRecords,
    excluded: Option<Excluded>,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let Settings { limits, seed, .. } = settings;
        Self {
            settings,
            coverage: Coverage::default(),
            table: ConnectionTable::new(seed, settings.idle),
            ledger: Ledger::new(
                limits.intervals,
                (limits.connection_records, settings.surplus),
                seed,
            ),
            places: Places::new(limits.places, seed),
            translations: Translations::new(limits.translations, seed),
            fragments: Fragments::new(limits.fragments, seed),
            duplicates: Duplicates::new(),
            ahead: Vec::with_capacity(AHEAD),
            watermark: Watermark::default(),
            swept: (IntervalIndex::default(), 0),
            evicted: 0,
            tenancy: Tenancy::new(limits.cluster),
            names: NameRecords::new(limits.names),
            excluded: None,
        }
    }

    /// Takes note of a change of the cluster. Any order will do.
    pub fn apply(&mut self, change: Change) {
        self.tenancy.apply(change);
    }

    /// Declares a range of addresses as the cluster's.
    pub fn add_cluster_range(&mut self, range: IpNet) {
        self.tenancy.add_range(range);
    }

    /// Gives names to addresses that no object of the cluster explains.
    pub fn set_names(&mut self, names: Names) {
        self.tenancy.set_names(names);
    }

    /// Takes note of a name that name resolution gave an address.
    pub fn add_dns_name(&mut self, address: IpAddr, name: &str) {
        self.names.insert(address, name);
    }

    /// Counts one frame, or skips it with a reason.
    #[inline]
    pub fn ingest(&mut self, frame: &Frame<'_>) {
        self.coverage.see(frame.time);
        self.places.see(frame);
        if let Some(watermark) = self.watermark.see(frame.time) {
            self.sweep(watermark);
        }
        // Each family has a copy of what follows: where they would meet, addresses go through
        // memory in pieces of two sizes, which the processor waits for.
        if let Some(packet) = packet::common_ipv4(frame) {
            self.ingest_packet(frame, &packet);
        } else if let Some(packet) = packet::common_ipv6(frame) {
            self.ingest_packet(frame, &packet);
        } else {
            self.ingest_uncommon(frame);
        }
    }

    #[inline(never)]
    fn ingest_uncommon(&mut self, frame: &Frame<'_>) {
        match &packet::parse_uncommon(frame) {
            Parsed::Packet(packet) => self.ingest_packet(frame, packet),
            Parsed::Fragment(fragment) => self.ingest_fragment(frame, fragment),
            Parsed::Skip(reason) => self.coverage.skip(*reason),
        }
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
        self.names.settle();
        let now = self.coverage.to.unwrap_or_default();
        if self.tenancy.is_stale() {
            let eras = self.renew_tenancy(now);
            self.number_eras(&eras);
        }
        let (eras, idle) = (self.tenancy.eras(), self.settings.idle);
        self.ledger.fold_all(self.table.iter(), eras, |connection| {
            connection.end_at(now, eras.get(connection.era), idle)
        });
        drop(self.table);
        let directory = self.tenancy.directory();
        self.coverage.evicted =
            self.evicted + self.ledger.evicted() + self.fragments.evicted() + self.places.refused();
        self.coverage.names_not_kept = self.names.refused();
        self.coverage.dns_cut = self.names.cut();
        self.coverage.objects_not_kept = self.tenancy.refused();
        let (legs, records) = self.ledger.into_legs();
        let twins = self.translations.into_twins();
        self.coverage.evicted += twins.evicted;
        Snapshot::new(Parts {
            legs,
            twins,
            records,
            places: self.places,
            coverage: self.coverage,
            provenance,
            directory,
            names: Arc::new(self.names),
        })
    }

    #[expect(clippy::inline_always, reason = "a call would go through memory too")]
    #[inline(always)]
    fn ingest_packet(&mut self, frame: &Frame<'_>, packet: &Packet) {
        if let Some(excluded) = &self.excluded
            && excluded.holds(packet)
        {
            return self.coverage.skip(SkipReason::Excluded);
        }
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
        let (key, from) = ConnectionKey::of(HopId::BETWEEN, protocol, source, destination);
        let (depth, ttl) = (packet.depth, packet.ttl);
        let Some((hop, repeats)) = Repeats::at(self.places.hop(frame, depth, ttl, from), packet)
        else {
            self.coverage.copies += 1;
            return;
        };
        let key = ConnectionKey { hop, ..key };
        if packet.fragment.is_some() || packet.tunnel_fragment.is_some() {
            // A copy goes to who needs it in memory; the packet itself stays in registers.
            let packet = &Packet { ..*packet };
            self.remember_fragment(frame, packet, FragmentOwner::Connection(key, from));
        }
        if packet.source_port == dns::PORT {
            self.names.read(frame, &Packet { ..*packet });
        }
        let time = frame.time;
        let (packets, ip_bytes) = on_wire(frame, packet);
        let sighting = Sighting {
            time,
            from,
            packets,
            ip_bytes,
            segment,
            duplicate: false,
        };
        self.count_soon(frame, packet.ip_offset, key, sighting, repeats);
    }

    /// A first fragment, of the packet itself or of a tunnel around it: later ones have no ports.
    #[cold]
    fn remember_fragment(&mut self, frame: &Frame<'_>, packet: &Packet, owner: FragmentOwner) {
        let Some(hop) = self.fragment_hop(frame, packet.depth, packet.ttl) else {
            return;
        };
        if let Some(first) = packet.fragment {
            self.fragments.insert(hop, first, frame.time, owner);
        }
        // The tunnel's own packet has another depth than its inner one; its fragments are looked
        // for wherever the tunnel was seen.
        if let (Some(first), Some(hop)) = (packet.tunnel_fragment, self.fragment_hop(frame, 0, 0)) {
            let owner = FragmentOwner::Tunnel;
            self.fragments.insert(hop, first, frame.time, owner);
        }
    }

    /// The hop of a fragment: it does not say which endpoint sent it.
    fn fragment_hop(&mut self, frame: &Frame<'_>, depth: u8, ttl: u8) -> Option<HopId> {
        match self.places.hop(frame, depth, ttl, Side::Low) {
            Seen::At(hop) | Seen::AtCooked(hop) => Some(hop),
            Seen::LoopbackOut => None,
        }
    }

    fn ingest_fragment(&mut self, frame: &Frame<'_>, fragment: &Fragment) {
        let Some(hop) = self.fragment_hop(frame, fragment.depth, fragment.ttl) else {
            self.coverage.copies += 1;
            return;
        };
        let whole = self.fragments.owner(hop, fragment.key, frame.time);
        let owner = whole.or_else(|| {
            let hop = self.places.known_hop(frame, 0, 0, Side::Low)?;
            self.fragments.owner(hop, fragment.key, frame.time)
        });
        match owner {
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
                let repeats = match fragment.key.source {
                    IpAddr::V4(_) => Repeats::Copy,
                    IpAddr::V6(_) => Repeats::Uncertain,
                };
                let repeats = match (key.hop.way(), self.places.is_cooked(key.hop)) {
                    (Way::Unknown, _) => Repeats::Suspect,
                    (_, true) => repeats,
                    (_, false) => Repeats::Sent,
                };
                self.count_soon(frame, fragment.ip_offset, key, sighting, repeats);
            }
        }
    }

    /// Puts a packet in line to be counted.
    #[expect(clippy::inline_always, reason = "a call would go through memory too")]
    #[inline(always)]
    fn count_soon(
        &mut self,
        frame: &Frame<'_>,
        ip_offset: u16,
        key: ConnectionKey,
        sighting: Sighting,
        repeats: Repeats,
    ) {
        let octets = frame.data.get(usize::from(ip_offset)..).unwrap_or_default();
        let fingerprint = match repeats {
            // Nobody would look for it.
            Repeats::Sent => None,
            Repeats::Suspect => {
                let duplicates = &self.duplicates;
                Some(duplicates.fingerprint(octets, frame.original_len, key.hop))
            }
            Repeats::Copy | Repeats::Uncertain => {
                let octets = without_checksum(octets, key.protocol);
                let duplicates = &self.duplicates;
                Some(duplicates.fingerprint(&octets, frame.original_len, key.hop))
            }
        };
        let hash = self.table.hash(&key);
        self.table.expect(hash);
        if let Some(fingerprint) = fingerprint {
            self.duplicates.fetch(fingerprint);
        }
        self.ahead.push(Parcel {
            hash,
            slot: None,
            key,
            sighting,
            offload: frame.offload,
            fingerprint,
            repeats,
        });
        if self.ahead.len() >= AHEAD {
            self.count_ahead();
        }
    }

    /// Counts the packets that wait, in order.
    fn count_ahead(&mut self) {
        let mut ahead = mem::take(&mut self.ahead);
        if let Some(time) = ahead.first().map(|parcel| parcel.sighting.time)
            && self
                .tenancy
                .is_due(time, self.coverage.frames, self.table.len())
        {
            self.renew_eras(time);
        }
        for parcel in &mut ahead {
            parcel.slot = self.table.fetch(parcel.hash);
            if let Some(segment) = &parcel.sighting.segment {
                let source = parcel.key.endpoint(parcel.sighting.from);
                self.translations.expect(source, segment);
            }
        }
        for parcel in &mut ahead {
            self.count(parcel);
        }
        ahead.clear();
        self.ahead = ahead;
    }

    #[inline]
    fn count(&mut self, parcel: &mut Parcel) {
        // The parcel is read where it lies: a copy is written in wide pieces and read in others,
        // which the processor waits for.
        let (hash, repeats) = (parcel.hash, parcel.repeats);
        parcel.sighting.duplicate = parcel
            .fingerprint
            .is_some_and(|fingerprint| self.duplicates.seen(parcel.sighting.time, fingerprint));
        let Parcel { key, sighting, .. } = &*parcel;
        if sighting.duplicate && self.is_copy(repeats) {
            self.coverage.copies += 1;
            return;
        }
        self.coverage.count(sighting.packets);
        let is_merged = sighting.ip_bytes > MERGED_ABOVE && parcel.offload == Offload::Unknown;
        self.coverage.merged_frames += u64::from(is_merged);
        if self.table.len() >= self.settings.limits.connections && !self.table.contains(hash, key) {
            self.evict();
        }
        let (slot, time) = (parcel.slot, sighting.time);
        let connection = self.table.get_or_insert(hash, slot, key, time);
        let (eras, idle) = (self.tenancy.eras(), self.settings.idle);
        if connection.is_new() {
            connection.era = self.tenancy.era_of(key, time);
        } else if let Some(reason) =
            connection.ended_before(sighting, eras.get(connection.era), idle)
        {
            self.ledger.fold(connection, eras, Some(reason));
            *connection = connection.next(sighting, idle);
            connection.era = self.tenancy.era_of(key, time);
        }
        let interval = IntervalIndex::of(sighting.time);
        if connection.interval != interval && !connection.hold(interval) {
            self.ledger.fold_traffic(connection, self.tenancy.eras());
            connection.begin(interval);
        }
        connection.add(sighting);
        if let Some(shown) = Shown::of(connection, sighting) {
            self.translations.observe(shown, &mut self.table);
        }
    }

    /// Whether a packet whose octets were just seen is a copy; counts the doubt where it is not.
    #[cold]
    fn is_copy(&mut self, repeats: Repeats) -> bool {
        match (repeats, self.settings.duplicates) {
            (Repeats::Copy, _) | (_, DuplicatePolicy::Copy) => true,
            (Repeats::Uncertain, DuplicatePolicy::Suspect) => {
                self.coverage.copies_uncertain += 1;
                false
            }
            (Repeats::Suspect | Repeats::Sent, DuplicatePolicy::Suspect) => {
                self.coverage.suspected_duplicates += 1;
                false
            }
        }
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
        let silent = fold_out(
            (&mut self.table, &mut self.ledger),
            self.tenancy.eras(),
            |connection| (connection.last(), connection.key) <= cutoff,
            |_| Some(EndReason::Evicted),
        );
        self.evicted += silent as u64;
    }
}

/// Folds the connections for which `over` holds and takes them out; says how many they were.
fn fold_out(
    (table, ledger): (&mut ConnectionTable, &mut Ledger),
    eras: &Eras,
    over: impl Fn(&Connection) -> bool,
    end: impl Fn(&Connection) -> Option<EndReason>,
) -> usize {
    let mut slots = Vec::new();
    let over = table.slots().filter(|(_, connection)| over(connection));
    let noted = over.map(|(slot, connection)| {
        slots.push(slot);
        connection
    });
    ledger.fold_all(noted, eras, end);
    table.remove(&slots);
    slots.len()
}
