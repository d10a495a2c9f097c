//! Names of the two ends of a row, as name resolution gave them.
//!
//! In: a flow and a window, or a connection. Out: for each end, sorted, the names that captures give
//! its address, and those under which the other end was given it.
//! **Time** an interval in which connections began has the names that held while they were seen in
//! it; connections that are carried into the next one keep theirs, because a name is asked for to
//! open a connection. A single connection has those that held at its first packet.

use std::net::IpAddr;
use std::sync::Arc;

use crate::dns::given::Asked;
use crate::flow::Flow;
use crate::flow::connection::AttributedConnection;
use crate::leg::Interval;
use crate::query::window::Bounds;
use crate::snapshot::Snapshot;
use crate::time::Timestamp;

/// The names of a client and a server.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResolvedNames {
    /// Of the client.
    pub client: Vec<Arc<str>>,
    /// Of the server.
    pub server: Vec<Arc<str>>,
}

impl ResolvedNames {
    /// The names of a flow's ends in a window.
    #[must_use]
    pub fn of_flow(snapshot: &Snapshot, flow: &Flow, bounds: &Bounds) -> Self {
        let (client, server) = (flow.key.client.address, flow.key.server.address);
        Self::of(snapshot, client, server, |asked| {
            held_by_flow(snapshot, flow, bounds, asked)
        })
    }

    /// The names of a connection's ends.
    #[must_use]
    pub fn of_connection(snapshot: &Snapshot, connection: &AttributedConnection) -> Self {
        let (client, server) = (connection.client.address, connection.server.address);
        let first = connection.first();
        Self::of(snapshot, client, server, |asked| {
            let names = snapshot.names.given().during(asked, first, first);
            names.map(Arc::clone).collect()
        })
    }

    fn of(
        snapshot: &Snapshot,
        client: IpAddr,
        server: IpAddr,
        held: impl Fn(Asked) -> Vec<Arc<str>>,
    ) -> Self {
        let names = |client, address| {
            let asked = Asked { client, address };
            let mut names = snapshot.names.of(address).to_vec();
            if snapshot.names.given().knows(asked) {
                names.append(&mut held(asked));
                names.sort_unstable();
                names.dedup();
            }
            names
        };
        Self {
            client: names(server, client),
            server: names(client, server),
        }
    }
}

/// The names that were given for an end's address and held for a flow's connections in a window.
fn held_by_flow(snapshot: &Snapshot, flow: &Flow, bounds: &Bounds, asked: Asked) -> Vec<Arc<str>> {
    let given = snapshot.names.given();
    let (mut all, mut open) = (Vec::new(), Vec::new());
    let mut carried = 0_u64;
    for interval in flow.connection_intervals().iter() {
        if bounds.comes_before(interval.period) {
            break;
        }
        if carried == 0 {
            open.clear();
        }
        if interval.started > 0 {
            let (first, last) = (first_packet(interval), last_packet(interval));
            open.extend(given.during(asked, first, last).map(Arc::clone));
            open.sort_unstable();
            open.dedup();
        }
        if bounds.holds(interval.period) {
            all.extend_from_slice(&open);
            all.sort_unstable();
            all.dedup();
        }
        let known = carried + u64::from(interval.started);
        carried = known.saturating_sub(interval.ended.into());
    }
    all
}

/// The first packet of an interval, in either direction.
fn first_packet(interval: &Interval) -> Timestamp {
    interval.forward.first.min(interval.backward.first)
}

/// The last packet of an interval, in either direction.
fn last_packet(interval: &Interval) -> Timestamp {
    interval.forward.last.max(interval.backward.last)
}
