//! Snapshots: the immutable state that queries read.
//!
//! In: legs, connection records, the cluster's directory and the account of what was read.
//! Out: flows and connections with their roles and owners decided, in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cluster::{Directory, IdentityBasis};
use crate::connection::record::ConnectionRecords;
use crate::coverage::Coverage;
use crate::dns::NameRecords;
use crate::flow::build::{self, Built, Knowledge};
use crate::flow::clocks::Clocks;
use crate::flow::connection::{AttributedConnection, attribute};
use crate::flow::join::{JoinCounts, Joins};
use crate::flow::point::ON_THE_WAY;
use crate::flow::roles::Roles;
use crate::flow::{Flow, FlowEnd};
use crate::hop::declaration::SourceDeclaration;
use crate::hop::places::Places;
use crate::keyed::Keyed;
use crate::leg::{Leg, LegKey};
use crate::snapshot::kept::Kept;
use crate::time::Timestamp;
use crate::translation::Twins;
use crate::vantage::{Part, Scopes, Vantage, unknown};
use crate::workers::Workers;

pub mod kept;

/// Where inputs come from.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Saved captures.
    Replay,
    /// This node.
    Live,
}

/// What the producer of the inputs knows about them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provenance {
    /// Saved or live.
    pub source: Source,
    /// Whether everything was read.
    pub complete: bool,
    /// Files read.
    pub files: u64,
    /// Frames lost before they were written.
    pub dropped: u64,
    /// Records cut off at the end of a file.
    pub truncated_records: u64,
    /// What to know before trusting the answers.
    pub warnings: Vec<String>,
    /// What is declared of the sources, by the number that frames carry; the first one is the tap
    /// between.
    pub sources: Vec<SourceDeclaration>,
}

impl Provenance {
    /// Nothing read yet.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self {
            source,
            complete: false,
            files: 0,
            dropped: 0,
            truncated_records: 0,
            warnings: Vec::new(),
            sources: Vec::new(),
        }
    }
}

/// Everything that was known at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Flows, in the order of their keys.
    pub flows: Vec<Flow>,
    /// Connections, by start and five-tuple.
    pub connections: Vec<AttributedConnection>,
    /// Connections beyond the limit.
    pub connections_not_kept: u64,
    /// The engine's account of frames.
    pub coverage: Coverage,
    /// What counting points leave to be doubted.
    pub warnings: Vec<String>,
    /// Nodes on which captures were taken, by name.
    pub nodes: Vec<Arc<str>>,
    /// The producer's account.
    pub provenance: Provenance,
    /// Who owned which address when.
    pub directory: Arc<Directory>,
    /// Legs on both sides of a translation.
    pub joins: JoinCounts,
    /// Names that name resolution gave.
    pub names: Arc<NameRecords>,
    /// Ends by how it is known whose address they are.
    pub ends: BTreeMap<IdentityBasis, u64>,
    /// What queries keep with it.
    pub kept: Kept,
    /// The hashers of what is looked up by addresses.
    pub hashes: Keyed,
}

/// What a snapshot is made of.
pub struct Parts {
    /// What connections counted.
    pub legs: Vec<(LegKey, Leg)>,
    /// Connections seen on both sides of a translation.
    pub twins: Twins,
    /// Single connections, as far as they are kept.
    pub records: ConnectionRecords,
    /// Where frames were seen.
    pub places: Places,
    /// The account of frames; what turns out to be copies is taken off its count.
    pub coverage: Coverage,
    /// The producer's account.
    pub provenance: Provenance,
    /// Who owned which address when.
    pub directory: Arc<Directory>,
    /// Names that name resolution gave.
    pub names: Arc<NameRecords>,
    /// The hashers of what is looked up by addresses.
    pub hashes: Keyed,
}

impl Snapshot {
    /// Decides everything that needs knowledge of the whole; `workers` build its flows.
    #[must_use]
    pub fn new(parts: Parts, workers: &dyn Workers) -> Self {
        let Parts {
            mut legs,
            twins,
            records,
            places,
            mut coverage,
            provenance,
            mut directory,
            names,
            hashes,
        } = parts;
        let joins = Joins::find(&mut legs, twins, (&directory, hashes));
        if joins.calls().next().is_some() {
            coverage.objects_not_kept += Arc::make_mut(&mut directory).add_calls(joins.calls());
        }
        let sources = &provenance.sources;
        let counted = legs.iter().map(|(key, leg)| (key, leg));
        let vantage = Vantage::learn(&places, sources, counted, &directory);
        let excluded = exclude(&mut legs, &vantage);
        let roles = Roles::learn(legs.iter().map(|(key, leg)| (key, leg)), &directory, hashes);
        if !records.is_empty() {
            // Connections look their legs up.
            legs.sort_unstable_by_key(|(key, _)| *key);
        }
        let knowledge = Knowledge {
            roles: &roles,
            directory: &directory,
            vantage: &vantage,
            scopes: &Scopes::of(sources, &directory),
            joins: &joins,
        };
        let connections = attribute(&records, &legs, &knowledge);
        let Built {
            flows,
            copies,
            clocks,
        } = build::build(legs, &knowledge, workers);
        coverage.turn_into_excluded(excluded);
        coverage.turn_into_copies(copies);
        let unknown = unknown(sources, &places, &directory);
        let warnings = doubts(&vantage, clocks).chain(unknown).collect();
        let nodes = vantage.nodes(&directory);
        Self {
            ends: count_ends(&flows, &directory, hashes),
            kept: Kept::new(flows.len()),
            flows,
            connections,
            connections_not_kept: records.refused(),
            coverage,
            warnings,
            nodes,
            provenance,
            joins: joins.counts,
            directory,
            names,
            hashes,
        }
    }

    /// The time of the last frame.
    #[must_use]
    pub fn to(&self) -> Timestamp {
        self.coverage.to.unwrap_or_default()
    }
}

/// Leaves out what was seen at interfaces that are declared as nobody's, and counts it.
fn exclude(legs: &mut Vec<(LegKey, Leg)>, vantage: &Vantage<'_>) -> u64 {
    let mut packets = 0;
    if !vantage.has_ignored() {
        return packets;
    }
    legs.retain(|(key, leg)| {
        let is_ignored = vantage.is_ignored(key.hop.place());
        if is_ignored {
            let counted = leg.intervals().iter();
            packets += counted
                .map(|interval| interval.forward.packets + interval.backward.packets)
                .sum::<u64>();
        }
        !is_ignored
    });
    packets
}

/// What counting points leave to be doubted.
fn doubts(vantage: &Vantage<'_>, clocks: Clocks) -> impl Iterator<Item = String> {
    let half_blind = vantage.half_blind().map(|(interface, blind_to)| {
        let (shown, other) = match blind_to {
            Part::Sender => ("receives", "sends"),
            Part::Receiver => ("sends", "receives"),
        };
        format!(
            "{interface}: shows only what its pod {shown}; what it {other} is counted elsewhere: \
             capture inside the pod (live: --in-pod-namespaces), or on the node's way out"
        )
    });
    let disagreements = clocks.disagreements().map(|found| {
        let counts = if found.by_ns <= ON_THE_WAY {
            "counts are not"
        } else {
            "and packets may count twice where a flow begins or ends: set one right (editcap -t)"
        };
        format!(
            "{}: its clock is about {} ms ahead of {}: times and rates across them are that far \
             off, {counts}",
            vantage.source_name(found.ahead),
            found.by_ns / 1_000_000,
            vantage.source_name(found.behind),
        )
    });
    let untold = vantage.is_untold().then(|| {
        "SLL captures tell no interfaces: their connections have no handshake times, and are active \
         until a reset or silence; capture with `-y LINUX_SLL2`"
            .to_owned()
    });
    half_blind
        .chain(disagreements)
        .chain(untold)
        .collect::<Vec<_>>()
        .into_iter()
}

fn count_ends(
    flows: &[Flow],
    directory: &Directory,
    hashes: Keyed,
) -> BTreeMap<IdentityBasis, u64> {
    let mut ends: HashMap<FlowEnd, IdentityBasis, Keyed> = HashMap::with_hasher(hashes);
    // One end may be reached through several services.
    let own = |end: FlowEnd| FlowEnd::new(end.address, directory.uncalled(end.identity), directory);
    for end in flows
        .iter()
        .flat_map(|flow| [own(flow.key.client), own(flow.key.server)])
    {
        let basis = directory.identity(end.identity).basis;
        let known = ends.entry(end).or_insert(basis);
        *known = basis.min(*known);
    }
    let mut bases = BTreeMap::new();
    for basis in ends.into_values() {
        *bases.entry(basis).or_default() += 1;
    }
    bases
}
