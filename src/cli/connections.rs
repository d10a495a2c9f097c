//! `pilotfish connections`: one row a connection, from its first packet to its last.

use analyzer::query::label::label;
use analyzer::query::view::{ConnectionView, CoverageView};

use crate::cli::flows::{wire_rate, workload};
use crate::cli::output::end::{text, word};
use crate::cli::output::table::Column;
use crate::cli::output::{clock_micros, date, moment};
use crate::cli::question::Rate;
use crate::cli::units;

/// A column of its table.
type Col = Column<ConnectionView>;

/// What its help ends with.
pub(crate) const EXAMPLES: &str = "\
Examples:
  pilotfish connections captures/shop --sort first_seen
  pilotfish connections captures/shop --client-pod checkout --port 5432
  pilotfish connections captures/shop --state active
  pilotfish connections big.pcap -o jsonl | head

FLAGS are those that an end sent: F(IN), S(YN), R(ST), P(SH), A(CK), U(RG), E(CE), C(WR).";

/// The columns of a table of connections.
pub(crate) fn columns(coverage: &CoverageView, rate: Option<Rate>, wide: bool) -> Vec<Col> {
    let one_day = coverage.from.map(date) == coverage.to.map(date);
    let start: fn(&ConnectionView) -> String = if one_day { clock_start } else { date_start };
    let mut columns = vec![
        Col::word("START", start),
        Col::number("DURATION", |c| units::duration(c.duration_ns)),
        Col::word("PROTO", |c| c.flow.proto.to_string()),
        Col::name("CLIENT", |c| label(&c.flow.client, c.flow.client.port)),
        Col::name("SERVER", |c| label(&c.flow.server, c.flow.server.port)),
        Col::word("STATE", state),
        Col::number("PKTS →", |c| units::count(c.flow.client_stats.tx_pkts)).optional(2),
        Col::number("PKTS ←", |c| units::count(c.flow.server_stats.tx_pkts)).optional(3),
        Col::number("BYTES →", |c| units::bytes(c.flow.client_stats.tx_bytes)),
        Col::number("BYTES ←", |c| units::bytes(c.flow.server_stats.tx_bytes)),
        Col::word("FLAGS →", |c| flags(c, |flags| &flags.client)).optional(0),
        Col::word("FLAGS ←", |c| flags(c, |flags| &flags.server)).optional(1),
        Col::number("HANDSHAKE", |c| {
            let micros = c.flow.client_stats.tcp_handshake_p50_us;
            micros.map(units::micros).unwrap_or_default()
        })
        .optional(4),
    ];
    let before_flags = columns.len() - 3;
    match rate {
        Some(Rate::Bits) => columns.insert(before_flags, Col::number("RATE", bits)),
        Some(Rate::Packets) => columns.insert(before_flags, Col::number("RATE", packets)),
        None => {}
    }
    if wide {
        columns.extend(details());
    }
    columns
}

fn bits(connection: &ConnectionView) -> String {
    wire_rate(&connection.flow, Rate::Bits)
}

fn packets(connection: &ConnectionView) -> String {
    wire_rate(&connection.flow, Rate::Packets)
}

fn details() -> [Col; 9] {
    [
        Col::name("SERVICE", |c| text(c.flow.server.svc.as_ref())),
        Col::name("CLIENT SERVICE", |c| text(c.flow.client.svc.as_ref())),
        Col::word("CLIENT IP", |c| text(c.flow.client.ip.as_ref())),
        Col::word("SERVER IP", |c| text(c.flow.server.ip.as_ref())),
        Col::name("CLIENT WORKLOAD", |c| workload(&c.flow.client)),
        Col::name("SERVER WORKLOAD", |c| workload(&c.flow.server)),
        Col::name("CLIENT NODE", |c| text(c.flow.client.node.as_ref())),
        Col::name("SERVER NODE", |c| text(c.flow.server.node.as_ref())),
        Col::word("ROLES BY", |c| word(c.flow.basis)),
    ]
}

fn clock_start(connection: &ConnectionView) -> String {
    clock_micros(connection.start)
}

fn date_start(connection: &ConnectionView) -> String {
    moment(connection.start)
}

/// `active`, or `closed` and why.
fn state(connection: &ConnectionView) -> String {
    let state = word(connection.flow.state);
    match connection.end_reason {
        Some(reason) => format!("{state} ({})", word(Some(reason))),
        None => state,
    }
}

fn flags(
    connection: &ConnectionView,
    of: fn(&analyzer::query::view::TcpFlagsView) -> &String,
) -> String {
    connection
        .tcp_flags
        .as_ref()
        .map(|flags| of(flags).clone())
        .unwrap_or_default()
}
