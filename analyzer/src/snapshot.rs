//! Snapshots: the immutable state that queries read.
//!
//! In: legs, connection records, the cluster's directory and the account of what was read.
//! Out: flows and connections with their roles and owners decided, in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::cluster::{Directory, IdentityBasis};
use crate::connection::record::{ConnectionRecord, ConnectionRecords};
use crate::coverage::Coverage;
use crate::dns::NameRecords;
use crate::endpoint::Side;
use crate::flow::build::{self, first_packets};
use crate::flow::roles::{Roles, Uncertain};
use crate::flow::{Basis, Flow, FlowEnd};
use crate::leg::{Ends, Leg, LegKey};
use crate::time::Timestamp;

/// Where inputs come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
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
        }
    }
}

/// A connection with its roles and owners decided.
#[derive(Clone, Debug)]
pub struct AttributedConnection {
    /// What was counted.
    pub record: ConnectionRecord,
    /// Which side is the client.
    pub client_side: Side,
    /// How that is known.
    pub basis: Basis,
    /// Whose address the client's was.
    pub client: FlowEnd,
    /// Whose address the server's was.
    pub server: FlowEnd,
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
    /// The producer's account.
    pub provenance: Provenance,
    /// Who owned which address when.
    pub directory: Arc<Directory>,
    /// Names that name resolution gave.
    pub names: Arc<NameRecords>,
    /// Ends by how it is known whose address they are.
    pub ends: BTreeMap<IdentityBasis, u64>,
}

impl Snapshot {
    /// Decides everything that needs knowledge of the whole.
    #[must_use]
    pub fn new(
        mut legs: Vec<(LegKey, Leg)>,
        records: &ConnectionRecords,
        coverage: Coverage,
        provenance: Provenance,
        directory: Arc<Directory>,
        names: Arc<NameRecords>,
    ) -> Self {
        let roles = Roles::learn(legs.iter().map(|(key, leg)| (key, leg)), &directory);
        if !records.is_empty() {
            // Connections look their legs up.
            legs.sort_unstable_by_key(|(key, _)| *key);
        }
        let connections = attribute(records, &legs, &roles, &directory);
        let flows = build::build(legs, &roles, &directory);
        let ends = count_ends(&flows, &directory);
        Self {
            flows,
            connections,
            connections_not_kept: records.refused(),
            coverage,
            provenance,
            directory,
            names,
            ends,
        }
    }

    /// The time of the last frame.
    #[must_use]
    pub fn to(&self) -> Timestamp {
        self.coverage.to.unwrap_or_default()
    }
}

fn attribute(
    records: &ConnectionRecords,
    legs: &[(LegKey, Leg)],
    roles: &Roles<'_>,
    directory: &Directory,
) -> Vec<AttributedConnection> {
    let attribute = |record: &ConnectionRecord| {
        let (client_side, basis) = match record.client {
            Some(side) => (side, Basis::Syn),
            None => roles.client_of(&uncertain(record, legs)),
        };
        let (key, times) = (&record.key, (record.first(), record.last()));
        let (client, server) = (key.endpoint(client_side), key.endpoint(client_side.other()));
        let service_port = Some((key.protocol, server.port));
        let asks = directory.resolve_over(client.address, None, times);
        let answers = directory.resolve_over(server.address, service_port, times);
        AttributedConnection {
            record: *record,
            client_side,
            basis,
            client: FlowEnd::new(client.address, asks, directory),
            server: FlowEnd::new(server.address, answers, directory),
        }
    };
    records.iter().map(attribute).collect()
}

/// A connection takes the roles of its leg, so that connections and flows agree.
fn uncertain(record: &ConnectionRecord, legs: &[(LegKey, Leg)]) -> Uncertain {
    let key = &record.key;
    let ends = Ends::Ports {
        low: key.low,
        high: key.high,
    };
    let leg_key = LegKey {
        hop: key.hop,
        protocol: key.protocol,
        ends,
        era: record.era,
    };
    let leg = legs
        .binary_search_by_key(&leg_key, |(key, _)| *key)
        .ok()
        .and_then(|at| legs.get(at));
    let first = leg.map_or(
        (record.total.low.first, record.total.high.first),
        |(_, leg)| first_packets(leg),
    );
    Uncertain {
        protocol: key.protocol,
        low: key.low,
        high: key.high,
        first,
    }
}

fn count_ends(flows: &[Flow], directory: &Directory) -> BTreeMap<IdentityBasis, u64> {
    let mut ends: HashMap<FlowEnd, IdentityBasis, FixedState> = HashMap::default();
    for end in flows
        .iter()
        .flat_map(|flow| [flow.key.client, flow.key.server])
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
