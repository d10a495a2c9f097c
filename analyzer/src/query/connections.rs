//! `connections`: one row a connection.
//!
//! **Time** a connection that overlaps the window is shown whole, with all it ever counted.

use crate::connection::tcp::flag;
use crate::protocol::Protocol;
use crate::query::end::end_view;
use crate::query::filter::EndFacts;
use crate::query::flows::measured_view;
use crate::query::measure::Measure;
use crate::query::row::{Ranked, page};
use crate::query::view::{
    ConnectionView, ConnectionsView, FlowView, State, StatsView, TcpFlagsView,
};
use crate::query::{Format, Query};
use crate::sketch::micros;
use crate::snapshot::{AttributedConnection, Snapshot};

/// Answers `/mcp/connections`.
#[must_use]
pub fn connections(snapshot: &Snapshot, query: &Query) -> ConnectionsView {
    let bounds = query.window.bounds(snapshot.to());
    let rows = snapshot
        .connections
        .iter()
        .filter(|c| bounds.overlaps(c.record.first(), c.record.last()))
        .filter(|connection| accepts(snapshot, query, connection))
        .map(Row::of);
    let shown = page(rows, query.sort, query.page);
    ConnectionsView {
        connections: shown.rows.iter().map(|row| row.view(snapshot)).collect(),
        total: shown.total,
        truncated: shown.truncated,
        coverage: snapshot.coverage_view(&query.window),
    }
}

fn accepts(snapshot: &Snapshot, query: &Query, connection: &AttributedConnection) -> bool {
    let (filter, key) = (&query.filter, &connection.record.key);
    let client = EndFacts::of(snapshot, connection.client);
    let server = EndFacts::of(snapshot, connection.server);
    let client_port = key.endpoint(connection.client_side).port;
    let server_port = key.endpoint(connection.client_side.other()).port;
    filter.protocol.accepts_value(&key.protocol)
        && filter.client_port.accepts_value(&client_port)
        && filter.accepts_port(server_port, server.identity.service_port)
        && filter.accepts_ends(&client, &server)
        && filter.state.accepts_value(&state(connection))
        && filter
            .rtt_min_us
            .is_none_or(|least| median(connection).is_some_and(|us| us >= least))
}

fn state(connection: &AttributedConnection) -> State {
    State::of(connection.record.end.is_none())
}

fn median(connection: &AttributedConnection) -> Option<u64> {
    connection
        .record
        .handshake
        .map(|handshake| micros(handshake.client_ns))
}

struct Row<'s> {
    connection: &'s AttributedConnection,
    measure: Measure,
}

impl<'s> Row<'s> {
    fn of(connection: &'s AttributedConnection) -> Self {
        let (total, client) = (&connection.record.total, connection.client_side);
        let measure = Measure {
            forward: *total.get(client),
            backward: *total.get(client.other()),
            connections: 1,
            active: connection.record.end.is_none(),
        };
        Self {
            connection,
            measure,
        }
    }

    fn view(&self, snapshot: &Snapshot) -> ConnectionView {
        let record = &self.connection.record;
        ConnectionView {
            flow: self.flow_view(snapshot),
            start: record.first(),
            duration_ns: record.last().nanos_since(record.first()),
            end_reason: record.end,
            tcp_flags: match record.key.protocol {
                Protocol::Tcp => Some(self.tcp_flags()),
                Protocol::Udp => None,
            },
        }
    }

    fn flow_view(&self, snapshot: &Snapshot) -> FlowView {
        let connection = self.connection;
        let (key, side) = (&connection.record.key, connection.client_side);
        let end = |end, side| {
            let port = Some(key.endpoint(side).port);
            end_view(&EndFacts::of(snapshot, end), port, Format::Full)
        };
        let mut view = measured_view(key.protocol, &self.measure, Format::Full);
        view.client = end(connection.client, side);
        view.server = end(connection.server, side.other());
        view.basis = Some(connection.basis);
        view.observed = Some(crate::flow::Observed::Between);
        if let Some(handshake) = connection.record.handshake {
            set_handshake(&mut view.client_stats, Some(handshake.client_ns));
            set_handshake(&mut view.server_stats, handshake.server_ns);
        }
        view
    }

    fn tcp_flags(&self) -> TcpFlagsView {
        let (flags, client) = (&self.connection.record.flags, self.connection.client_side);
        TcpFlagsView {
            client: flag::letters(*flags.get(client)),
            server: flag::letters(*flags.get(client.other())),
        }
    }
}

/// One sample is its own percentile, and known exactly.
fn set_handshake(stats: &mut StatsView, nanos: Option<u64>) {
    let time_us = nanos.map(micros);
    stats.tcp_handshake_p50_us = time_us;
    stats.tcp_handshake_p90_us = time_us;
    stats.tcp_handshake_p99_us = time_us;
}

impl Ranked for Row<'_> {
    fn measure(&self) -> &Measure {
        &self.measure
    }

    fn median_us(&self) -> Option<u64> {
        median(self.connection)
    }
}
