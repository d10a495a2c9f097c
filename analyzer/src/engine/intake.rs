//! The intake: frames in, packets that wait to be counted out.
//!
//! **Shape** nothing here needs to know what was counted before, so that one thread may take in
//! frames while another counts what was in those before.

use std::net::IpAddr;

use crate::connection::table::hash::KeyHasher;
use crate::connection::{ConnectionKey, Sighting};
use crate::coverage::Coverage;
use crate::dns::{self, NameRecords};
use crate::duplicates::{Duplicates, Fingerprint, Telling};
use crate::endpoint::{Endpoint, Side};
use crate::engine::excluded::Excluded;
use crate::engine::load::{GROUP, Load};
use crate::engine::offload::on_wire;
use crate::engine::parcel::{Parcel, Repeats, transport_of};
use crate::engine::settings::{DuplicatePolicy, Settings};
use crate::fragments::{FragmentOwner, Fragments};
use crate::frame::{Frame, Offload};
use crate::hop::places::Places;
use crate::hop::{HopId, Seen, Way};
use crate::packet::{self, Fragment, Packet, Parsed};
use crate::skip::SkipReason;
use crate::time::Timestamp;
use crate::watermark::Watermark;

/// IP bytes of an Ethernet frame: one above it, which offload does not explain, is merged.
const MERGED_ABOVE: u32 = 1_500;

/// What is known of frames before they are counted.
#[derive(Clone)]
pub(super) struct Intake {
    /// The account of what is not counted, and when all of it was.
    pub(super) coverage: Coverage,
    pub(super) places: Places,
    pub(super) names: NameRecords,
    pub(super) excluded: Option<Excluded>,
    pub(super) fragments: Fragments,
    duplicates: Duplicates,
    /// Of each packet in the open group, how it would be known again.
    known_by: Vec<(Option<Fingerprint>, Repeats)>,
    policy: DuplicatePolicy,
    watermark: Watermark,
    hasher: KeyHasher,
}

impl Intake {
    /// Nothing taken in yet.
    pub(super) fn new(settings: &Settings, hasher: KeyHasher) -> Self {
        let Settings { limits, seed, .. } = *settings;
        Self {
            coverage: Coverage::default(),
            places: Places::new(limits.places, seed),
            names: NameRecords::new(limits.names, seed),
            excluded: None,
            fragments: Fragments::new(limits.fragments, seed),
            duplicates: Duplicates::new(),
            known_by: Vec::with_capacity(GROUP),
            policy: settings.duplicates,
            watermark: Watermark::default(),
            hasher,
        }
    }

    /// Puts what is in a frame on `load`, or skips it with a reason.
    #[inline]
    pub(super) fn ingest(&mut self, frame: &Frame<'_>, load: &mut Load) {
        self.coverage.see(frame.time);
        self.places.see(frame);
        if let Some(watermark) = self.watermark.see(frame.time) {
            self.close(load, Some(watermark));
        }
        // Each family has a copy of what follows: where they would meet, addresses go through
        // memory in pieces of two sizes, which the processor waits for.
        if let Some(packet) = packet::common_ipv4(frame) {
            self.ingest_packet(frame, &packet, load);
        } else if let Some(packet) = packet::common_ipv6(frame) {
            self.ingest_packet(frame, &packet, load);
        } else {
            self.ingest_uncommon(frame, load);
        }
    }

    /// Closes the open group: what is a copy in it is left out.
    pub(super) fn close(&mut self, load: &mut Load, watermark: Option<Timestamp>) {
        let mut known_by = std::mem::take(&mut self.known_by);
        let mut next = known_by.drain(..);
        load.retain_open(|parcel| match next.next() {
            Some((Some(fingerprint), repeats)) => {
                let sighting = &mut parcel.sighting;
                sighting.duplicate = self.duplicates.seen(sighting.time, fingerprint);
                !(sighting.duplicate && self.is_copy(repeats))
            }
            Some((None, _)) | None => true,
        });
        drop(next);
        self.known_by = known_by;
        load.close(&self.coverage, watermark);
    }

    #[inline(never)]
    fn ingest_uncommon(&mut self, frame: &Frame<'_>, load: &mut Load) {
        match &packet::parse_uncommon(frame) {
            Parsed::Packet(packet) => self.ingest_packet(frame, packet, load),
            Parsed::Fragment(fragment) => self.ingest_fragment(frame, fragment, load),
            Parsed::Skip(reason) => self.coverage.skip(*reason),
        }
    }

    #[expect(clippy::inline_always, reason = "a call would go through memory too")]
    #[inline(always)]
    fn ingest_packet(&mut self, frame: &Frame<'_>, packet: &Packet, load: &mut Load) {
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
        let octets = octets_from(frame, packet.ip_offset);
        let before = packet.transport_offset.saturating_sub(packet.ip_offset);
        let told = (octets, Telling::of(protocol, octets, before));
        self.put(frame, told, key, sighting, repeats, load);
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

    fn ingest_fragment(&mut self, frame: &Frame<'_>, fragment: &Fragment, load: &mut Load) {
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
                let told = (octets_from(frame, fragment.ip_offset), Telling::Payload);
                self.put(frame, told, key, sighting, repeats, load);
            }
        }
    }

    /// Puts a packet in line to be counted.
    #[expect(clippy::inline_always, reason = "a call would go through memory too")]
    #[inline(always)]
    fn put(
        &mut self,
        frame: &Frame<'_>,
        (octets, telling): (&[u8], Telling),
        key: ConnectionKey,
        sighting: Sighting,
        repeats: Repeats,
        load: &mut Load,
    ) {
        let (protocol, len, hop) = (key.protocol, frame.original_len, key.hop);
        let fingerprint = match repeats {
            // Nobody would look for it.
            Repeats::Sent => None,
            Repeats::Suspect => Some(Fingerprint::of(octets, telling, len, hop)),
            Repeats::Copy | Repeats::Uncertain => {
                Some(Fingerprint::without_checksum(octets, protocol, len, hop))
            }
        };
        if let Some(fingerprint) = fingerprint {
            self.duplicates.expect(fingerprint);
        }
        self.known_by.push((fingerprint, repeats));
        load.put(Parcel {
            hash: self.hasher.hash(&key),
            key,
            sighting,
            merged: sighting.ip_bytes > MERGED_ABOVE && frame.offload == Offload::Unknown,
        });
        if load.is_group() {
            self.close(load, None);
        }
    }

    /// Whether a packet whose octets were just seen is a copy, which is counted as such, or as doubt.
    #[cold]
    fn is_copy(&mut self, repeats: Repeats) -> bool {
        match (repeats, self.policy) {
            (Repeats::Copy, _) | (_, DuplicatePolicy::Copy) => {
                self.coverage.copies += 1;
                true
            }
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
}

/// A frame from its outermost IP header on.
#[inline]
fn octets_from<'f>(frame: &Frame<'f>, ip_offset: u16) -> &'f [u8] {
    frame.data.get(usize::from(ip_offset)..).unwrap_or_default()
}
