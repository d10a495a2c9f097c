//! TCP connections whose opening was seen: which of them were answered.
//!
//! In: single connections, of a snapshot or as a server tells them. Out: the nodes of the graph that
//! each is between, and whether the server ever sent a SYN: one that was refused, or never answered,
//! has not.

use crate::cluster::Identity;
use crate::connection::tcp::flag;
use crate::protocol::Protocol;
use crate::query::connections::{accepts, overlaps};
use crate::query::end::LevelKey;
use crate::query::filter::EndFacts;
use crate::query::resolved::ResolvedNames;
use crate::query::view::{ConnectionView, EndView};
use crate::query::{Level, Query};
use crate::snapshot::Snapshot;

/// A connection that a client opened.
pub(super) struct Opening {
    /// The client's node.
    pub(super) from: String,
    /// The server's node.
    pub(super) to: String,
    /// Whether the server answered.
    pub(super) answered: bool,
}

/// The openings of a snapshot that a query takes.
pub(super) fn openings<'s>(
    snapshot: &'s Snapshot,
    query: &'s Query,
) -> impl Iterator<Item = Opening> + use<'s> {
    let bounds = snapshot.bounds(&query.window);
    let connections = snapshot.connections.iter();
    connections
        .filter(move |one| overlaps(one, &bounds) && accepts(snapshot, query, one))
        .filter_map(move |one| {
            let (flags, client) = (&one.record.flags, one.client_side);
            if flags.get(client) & flag::SYN == 0 {
                return None;
            }
            let names = ResolvedNames::of_connection(snapshot, one);
            let node = |end, names| {
                let facts = EndFacts::of(snapshot, end).named(names);
                LevelKey::named(&facts, query.level).id()
            };
            Some(Opening {
                from: node(one.client, &names.client),
                to: node(one.server, &names.server),
                answered: flags.get(client.other()) & flag::SYN != 0,
            })
        })
}

impl Opening {
    /// That of a connection as a server tells it; `None` when its opening was not seen.
    pub(super) fn of_view(view: &ConnectionView, level: Level) -> Option<Self> {
        let flags = view.tcp_flags.as_ref()?;
        let is_opened = view.flow.proto == Protocol::Tcp && flags.client.contains('S');
        Some(Self {
            from: node(&view.flow.client, level)?,
            to: node(&view.flow.server, level)?,
            answered: flags.server.contains('S'),
        })
        .filter(|_| is_opened)
    }
}

/// The node of an end that is told with all that is known of it.
fn node(end: &EndView, level: Level) -> Option<String> {
    let identity = Identity {
        kind: end.kind?,
        basis: end.identity_basis?,
        namespace: end.ns.clone(),
        pod: end.pod.clone(),
        pod_uid: None,
        workload: end.workload.clone(),
        node: end.node.clone(),
        container_id: None,
        service: end.svc.clone(),
        service_basis: end.svc_basis,
        service_port: end.svc_port,
    };
    let facts = EndFacts {
        address: end.ip,
        identity: &identity,
        dns: &end.dns,
    };
    Some(LevelKey::named(&facts, level).id())
}
