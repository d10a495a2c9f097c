//! `summary`: totals, the busiest pairs, and namespaces.
//!
//! **Units** bytes and packets are those of `totals`: both ends.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use crate::protocol::Protocol;
use crate::query::end::LevelKey;
use crate::query::ends::LevelEnds;
use crate::query::flows::{Match, matches};
use crate::query::ranking::FLOWS_MAX;
use crate::query::view::{CrossNamespace, SummaryView, TopByBytes, TopByPackets};
use crate::query::window::Bounds;
use crate::query::{Format, Level, Query};
use crate::snapshot::Snapshot;
use crate::snapshot::kept::Keep;

/// How many pairs the tops list.
const TOP: usize = 10;

/// Answers `/mcp/flows/summary`.
#[must_use]
pub fn summary(snapshot: &Snapshot, query: &Query) -> SummaryView {
    if !query.filter.is_none() || snapshot.flows.len() > FLOWS_MAX {
        return measured(snapshot, query);
    }
    let bounds = snapshot.bounds(&query.window);
    let kept = snapshot.kept.get_or_make(
        |known: &Whole| known.bounds == bounds,
        || Whole {
            bounds,
            view: measured(snapshot, query),
        },
    );
    match kept {
        Some(kept) => SummaryView {
            coverage: snapshot.coverage_view(&query.window),
            ..kept.view.clone()
        },
        None => measured(snapshot, query),
    }
}

/// The summary of all flows in a window.
struct Whole {
    bounds: Bounds,
    view: SummaryView,
}

impl Keep for Whole {
    fn octets(&self) -> usize {
        let lists = self.view.by_namespace.len() + self.view.cross_namespace.len();
        size_of::<Self>() + (2 * TOP + lists) * size_of::<CrossNamespace>()
    }
}

fn measured(snapshot: &Snapshot, query: &Query) -> SummaryView {
    let mut summary = Summary::new(snapshot);
    for found in matches(snapshot, query) {
        summary.add(&found);
    }
    summary.view(snapshot, query)
}

struct Summary<'s> {
    tcp_flows: u64,
    udp_flows: u64,
    wire_bytes: u64,
    wire_pkts: u64,
    /// From pods to pods.
    pods: Pairs<'s>,
    /// From namespaces to namespaces, and what has none.
    namespaces: Pairs<'s>,
}

/// What is counted from one to another, at a level.
struct Pairs<'s> {
    ends: LevelEnds<'s>,
    by_ends: HashMap<(usize, usize), Counts, FixedState>,
}

/// What flows count, at both ends.
#[derive(Clone, Copy, Default)]
struct Counts {
    flows: u64,
    bytes: u64,
    pkts: u64,
}

impl<'s> Pairs<'s> {
    fn new(snapshot: &'s Snapshot, level: Level) -> Self {
        Self {
            ends: LevelEnds::new(snapshot, level, Format::Compact),
            by_ends: HashMap::default(),
        }
    }

    fn add(&mut self, found: &Match<'_>) {
        let key = &found.flow.key;
        let [client, server] = [key.client, key.server].map(|end| self.ends.number(end, &[]));
        let counts = self.by_ends.entry((client, server)).or_default();
        counts.flows += 1;
        counts.bytes += found.measure.total_ip_bytes();
        counts.pkts += found.measure.total_packets();
    }

    /// How many ends there are on a side.
    fn count(&self, side: fn(&(usize, usize)) -> usize) -> u64 {
        let ends: HashSet<usize, FixedState> = self.by_ends.keys().map(side).collect();
        ends.len() as u64
    }

    /// The pairs with the greatest counts, as a person knows them; equal ones in the order of their
    /// keys.
    fn top(&self, count: fn(&Counts) -> u64) -> Vec<(String, String, u64)> {
        let places = self.ends.places();
        let place = |number: usize| places.get(number).copied();
        let rank = |((client, server), counts): &(&(usize, usize), &Counts)| {
            (Reverse(count(counts)), place(*client), place(*server))
        };
        let mut pairs: Vec<_> = self.by_ends.iter().collect();
        if pairs.len() > TOP {
            pairs.select_nth_unstable_by_key(TOP, rank);
            pairs.truncate(TOP);
        }
        pairs.sort_unstable_by_key(rank);
        let name = |number| {
            self.ends
                .key(number)
                .map(LevelKey::name)
                .unwrap_or_default()
        };
        let pairs = pairs.into_iter();
        pairs
            .map(|((client, server), counts)| (name(*client), name(*server), count(counts)))
            .collect()
    }

    /// The namespace of an end, if it has one.
    fn namespace(&self, number: usize) -> Option<&Arc<str>> {
        match self.ends.key(number)? {
            LevelKey::Namespace(name) => Some(name),
            LevelKey::Pod(..)
            | LevelKey::Workload(..)
            | LevelKey::Service(..)
            | LevelKey::Node(_)
            | LevelKey::Address(..)
            | LevelKey::Name(..)
            | LevelKey::Kind(_) => None,
        }
    }
}

impl<'s> Summary<'s> {
    fn new(snapshot: &'s Snapshot) -> Self {
        Self {
            tcp_flows: 0,
            udp_flows: 0,
            wire_bytes: 0,
            wire_pkts: 0,
            pods: Pairs::new(snapshot, Level::Pod),
            namespaces: Pairs::new(snapshot, Level::Namespace),
        }
    }

    fn add(&mut self, found: &Match<'_>) {
        match found.flow.key.protocol {
            Protocol::Tcp => self.tcp_flows += 1,
            Protocol::Udp => self.udp_flows += 1,
        }
        self.wire_bytes += found.measure.ip_bytes();
        self.wire_pkts += found.measure.packets();
        self.pods.add(found);
        self.namespaces.add(found);
    }

    fn view(&self, snapshot: &Snapshot, query: &Query) -> SummaryView {
        let all = self.namespaces.by_ends.values();
        SummaryView {
            total_flows: self.tcp_flows + self.udp_flows,
            tcp_flows: self.tcp_flows,
            udp_flows: self.udp_flows,
            total_bytes: all.clone().map(|counts| counts.bytes).sum(),
            total_pkts: all.map(|counts| counts.pkts).sum(),
            wire_bytes: self.wire_bytes,
            wire_pkts: self.wire_pkts,
            unique_clients: self.pods.count(|(client, _)| *client),
            unique_servers: self.pods.count(|(_, server)| *server),
            top_by_bytes: self.top_by_bytes(),
            top_by_pkts: self.top_by_packets(),
            by_namespace: self.by_namespace(),
            cross_namespace: self.cross_namespace(),
            coverage: snapshot.coverage_view(&query.window),
        }
    }

    fn by_namespace(&self) -> BTreeMap<Arc<str>, u64> {
        let mut all = BTreeMap::new();
        for ((client, server), counts) in &self.namespaces.by_ends {
            let server = Some(server).filter(|server| *server != client);
            let touched = [Some(client), server].into_iter().flatten();
            for name in touched.filter_map(|number| self.namespaces.namespace(*number)) {
                *all.entry(Arc::clone(name)).or_default() += counts.flows;
            }
        }
        all
    }

    fn cross_namespace(&self) -> Vec<CrossNamespace> {
        let namespace = |number| self.namespaces.namespace(number);
        let pairs = self.namespaces.by_ends.iter();
        let crossing = |((client, server), counts): (&(usize, usize), &Counts)| {
            let (from, to) = (namespace(*client)?, namespace(*server)?);
            (from != to).then(|| CrossNamespace {
                src_ns: Arc::clone(from),
                dst_ns: Arc::clone(to),
                flows: counts.flows,
                bytes: counts.bytes,
            })
        };
        let mut all: Vec<CrossNamespace> = pairs.filter_map(crossing).collect();
        all.sort_unstable_by(|a, b| {
            let names = |pair: &CrossNamespace| (pair.src_ns.clone(), pair.dst_ns.clone());
            (b.bytes.cmp(&a.bytes)).then_with(|| names(a).cmp(&names(b)))
        });
        all
    }

    fn top_by_bytes(&self) -> Vec<TopByBytes> {
        let top = self.pods.top(|counts| counts.bytes).into_iter();
        top.map(|(client_pod, server_pod, bytes)| TopByBytes {
            client_pod,
            server_pod,
            bytes,
        })
        .collect()
    }

    fn top_by_packets(&self) -> Vec<TopByPackets> {
        let top = self.pods.top(|counts| counts.pkts).into_iter();
        top.map(|(client_pod, server_pod, pkts)| TopByPackets {
            client_pod,
            server_pod,
            pkts,
        })
        .collect()
    }
}
