//! `summary`: totals, the busiest pairs, and namespaces.
//!
//! **Units** bytes and packets are those of `totals`: both ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::protocol::Protocol;
use crate::query::end::LevelKey;
use crate::query::filter::EndFacts;
use crate::query::flows::{Match, matches};
use crate::query::view::{CrossNamespace, SummaryView, TopByBytes, TopByPackets};
use crate::query::{Level, Query};
use crate::snapshot::Snapshot;

/// How many pairs the tops list.
const TOP: usize = 10;

/// Answers `/mcp/flows/summary`.
#[must_use]
pub fn summary(snapshot: &Snapshot, query: &Query) -> SummaryView {
    let mut summary = Summary::default();
    for found in matches(snapshot, query) {
        summary.add(snapshot, &found);
    }
    summary.view(snapshot, query)
}

#[derive(Default)]
struct Summary {
    tcp_flows: u64,
    udp_flows: u64,
    wire_bytes: u64,
    wire_pkts: u64,
    total_bytes: u64,
    total_pkts: u64,
    clients: BTreeSet<LevelKey>,
    servers: BTreeSet<LevelKey>,
    pairs: BTreeMap<(LevelKey, LevelKey), (u64, u64)>,
    by_namespace: BTreeMap<Arc<str>, u64>,
    cross_namespace: BTreeMap<(Arc<str>, Arc<str>), (u64, u64)>,
}

impl Summary {
    fn add(&mut self, snapshot: &Snapshot, found: &Match<'_>) {
        let (key, measure) = (&found.flow.key, &found.measure);
        match key.protocol {
            Protocol::Tcp => self.tcp_flows += 1,
            Protocol::Udp => self.udp_flows += 1,
        }
        self.wire_bytes += measure.ip_bytes();
        self.wire_pkts += measure.packets();
        self.total_bytes += measure.total_ip_bytes();
        self.total_pkts += measure.total_packets();
        let (client, server) = (
            EndFacts::of(snapshot, key.client),
            EndFacts::of(snapshot, key.server),
        );
        self.add_pair(found, &client, &server);
        self.add_namespaces(found, &client, &server);
    }

    fn add_pair(&mut self, found: &Match<'_>, client: &EndFacts<'_>, server: &EndFacts<'_>) {
        let (client, server) = (
            LevelKey::of(client, Level::Pod),
            LevelKey::of(server, Level::Pod),
        );
        self.clients.insert(client.clone());
        self.servers.insert(server.clone());
        let (bytes, packets) = self.pairs.entry((client, server)).or_default();
        *bytes += found.measure.total_ip_bytes();
        *packets += found.measure.total_packets();
    }

    fn add_namespaces(&mut self, found: &Match<'_>, client: &EndFacts<'_>, server: &EndFacts<'_>) {
        let (from, to) = (&client.identity.namespace, &server.identity.namespace);
        let touched: BTreeSet<&Arc<str>> = [from, to].into_iter().flatten().collect();
        for namespace in touched {
            *self.by_namespace.entry(Arc::clone(namespace)).or_default() += 1;
        }
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            let pair = (Arc::clone(from), Arc::clone(to));
            let (flows, bytes) = self.cross_namespace.entry(pair).or_default();
            *flows += 1;
            *bytes += found.measure.total_ip_bytes();
        }
    }

    fn view(self, snapshot: &Snapshot, query: &Query) -> SummaryView {
        let (top_by_bytes, top_by_pkts) = (self.top_by_bytes(), self.top_by_packets());
        let mut cross_namespace: Vec<_> = self
            .cross_namespace
            .into_iter()
            .map(|((src_ns, dst_ns), (flows, bytes))| CrossNamespace {
                src_ns,
                dst_ns,
                flows,
                bytes,
            })
            .collect();
        cross_namespace.sort_by_key(|pair| std::cmp::Reverse(pair.bytes));
        SummaryView {
            total_flows: self.tcp_flows + self.udp_flows,
            tcp_flows: self.tcp_flows,
            udp_flows: self.udp_flows,
            total_bytes: self.total_bytes,
            total_pkts: self.total_pkts,
            wire_bytes: self.wire_bytes,
            wire_pkts: self.wire_pkts,
            unique_clients: self.clients.len() as u64,
            unique_servers: self.servers.len() as u64,
            top_by_bytes,
            top_by_pkts,
            by_namespace: self.by_namespace,
            cross_namespace,
            coverage: snapshot.coverage_view(&query.window),
        }
    }

    fn top_by_bytes(&self) -> Vec<TopByBytes> {
        let top = self.top(|(bytes, _)| *bytes).into_iter();
        top.map(|(client_pod, server_pod, bytes)| TopByBytes {
            client_pod,
            server_pod,
            bytes,
        })
        .collect()
    }

    fn top_by_packets(&self) -> Vec<TopByPackets> {
        let top = self.top(|(_, packets)| *packets).into_iter();
        top.map(|(client_pod, server_pod, pkts)| TopByPackets {
            client_pod,
            server_pod,
            pkts,
        })
        .collect()
    }

    fn top(&self, count: impl Fn(&(u64, u64)) -> u64) -> Vec<(String, String, u64)> {
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        // A stable sort: equal pairs stay in the order of their keys.
        pairs.sort_by_key(|(_, counts)| std::cmp::Reverse(count(counts)));
        pairs
            .into_iter()
            .take(TOP)
            .map(|((client, server), counts)| (client.name(), server.name(), count(counts)))
            .collect()
    }
}
