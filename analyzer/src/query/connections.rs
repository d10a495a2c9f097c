//! `connections`: one row a connection.
//!
//! **Time** a connection that overlaps the window is shown whole, with all it ever counted.

use crate::connection::handshake::Handshake;
use crate::connection::record::ConnectionRecord;
use crate::connection::tcp::flag;
use crate::flow::Observed;
use crate::flow::connection::AttributedConnection;
use crate::protocol::Protocol;
use crate::query::counters::Counters;
use crate::query::end::end_view;
use crate::query::filter::EndFacts;
use crate::query::flows::measured_view;
use crate::query::measure::Measure;
use crate::query::resolved::ResolvedNames;
use crate::query::row::{Ranked, Volume, page};
use crate::query::view::{
    ConnectionView, ConnectionsView, FlowView, State, StatsView, TcpFlagsView,
};
use crate::query::window::Bounds;
use crate::query::{Format, Query, Sort};
use crate::sketch::micros;
use crate::snapshot::Snapshot;

/// Answers `/mcp/connections`.
#[must_use]
pub fn connections(snapshot: &Snapshot, query: &Query) -> ConnectionsView {
    let bounds = snapshot.bounds(&query.window);
    let rows = snapshot
        .connections
        .iter()
        .filter(|connection| overlaps(connection, &bounds))
        .filter(|connection| accepts(snapshot, query, connection))
        .map(Row::of);
    let shown = page(rows, query.sort, query.page);
    ConnectionsView {
        connections: shown
            .rows
            .iter()
            .map(|row| row.view(snapshot, query.format))
            .collect(),
        total: shown.total,
        truncated: shown.truncated,
        rest: shown.rest,
        coverage: snapshot.coverage_view(&query.window),
    }
}

/// Whether a connection was there in a window.
pub(super) fn overlaps(connection: &AttributedConnection, bounds: &Bounds) -> bool {
    bounds.overlaps(connection.first(), connection.last())
}

/// Whether the filters of a query take a connection.
pub(super) fn accepts(
    snapshot: &Snapshot,
    query: &Query,
    connection: &AttributedConnection,
) -> bool {
    let (filter, key) = (&query.filter, &connection.record.key);
    let names = if filter.asks_for_dns() {
        ResolvedNames::of_connection(snapshot, connection)
    } else {
        ResolvedNames::default()
    };
    let client = EndFacts::of(snapshot, connection.client).named(&names.client);
    let server = EndFacts::of(snapshot, connection.server).named(&names.server);
    let (client_port, server_port) = (connection.client_port, connection.server_port);
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

/// The client's handshake time, else the server's.
fn median(connection: &AttributedConnection) -> Option<u64> {
    let (at_client, at_server) = handshakes(connection);
    let server_ns = at_server.and_then(|handshake| handshake.server_ns);
    let nanos = at_client.map(|handshake| handshake.client_ns).or(server_ns);
    nanos.map(micros)
}

/// The handshake as each end that was observed saw it.
fn handshakes(connection: &AttributedConnection) -> (Option<Handshake>, Option<Handshake>) {
    let record = connection.record.handshake;
    let at_server = connection
        .at_server
        .map_or(record, |record| record.handshake);
    match connection.observed {
        Observed::Client => (record, None),
        Observed::Server => (None, at_server),
        Observed::Both | Observed::Between => (record, at_server),
    }
}

struct Row<'s> {
    connection: &'s AttributedConnection,
    measure: Measure,
}

impl<'s> Row<'s> {
    fn of(connection: &'s AttributedConnection) -> Self {
        let (record, client) = (&connection.record, connection.client_side);
        let at_server = connection.at_server.as_ref().unwrap_or(record);
        let sent = |record: &ConnectionRecord, side| Counters {
            tx: *record.total.get(side),
            rx: *record.total.get(side.other()),
        };
        let measure = Measure {
            connections: 1,
            active: record.end.is_none(),
            ..Measure::between(sent(record, client), sent(at_server, client.other()))
        };
        Self {
            connection,
            measure,
        }
    }

    fn view(&self, snapshot: &Snapshot, format: Format) -> ConnectionView {
        let record = &self.connection.record;
        ConnectionView {
            flow: self.flow_view(snapshot, format),
            start: self.connection.first(),
            duration_ns: self.connection.last().nanos_since(self.connection.first()),
            end_reason: record.end,
            tcp_flags: match record.key.protocol {
                Protocol::Tcp => Some(self.tcp_flags()),
                Protocol::Udp => None,
            },
        }
    }

    fn flow_view(&self, snapshot: &Snapshot, format: Format) -> FlowView {
        let connection = self.connection;
        let key = &connection.record.key;
        let names = match format {
            Format::Compact => ResolvedNames::default(),
            Format::Full => ResolvedNames::of_connection(snapshot, connection),
        };
        let end = |end, port, names| {
            let facts = EndFacts::of(snapshot, end).named(names);
            end_view(&facts, Some(port), format)
        };
        let mut view = measured_view(key.protocol, &self.measure, format);
        // Whether it is open is of the connection itself.
        view.state = Some(state(connection));
        view.client = end(connection.client, connection.client_port, &names.client);
        view.server = end(connection.server, connection.server_port, &names.server);
        if format == Format::Full {
            view.basis = Some(connection.basis);
            view.observed = Some(connection.observed);
        }
        let (at_client, at_server) = handshakes(connection);
        set_handshake(
            &mut view.client_stats,
            at_client.map(|handshake| handshake.client_ns),
        );
        set_handshake(
            &mut view.server_stats,
            at_server.and_then(|handshake| handshake.server_ns),
        );
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
    fn rank(&self, sort: Sort) -> u128 {
        self.measure.rank(sort, || median(self.connection))
    }

    fn volume(&self) -> Volume {
        Volume {
            pkts: self.measure.total_packets(),
            bytes: self.measure.total_ip_bytes(),
        }
    }
}
