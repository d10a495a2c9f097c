//! `pilotfish workloads`: what there is, with traffic and without.

use analyzer::query::label::label;
use analyzer::query::view::workloads::WorkloadView;

use crate::cli::flows::workload;
use crate::cli::output::end::text;
use crate::cli::output::moment;
use crate::cli::output::table::Column;
use crate::cli::question::Rate;
use crate::cli::units;

/// A column of its table.
type Col = Column<WorkloadView>;

/// What its help ends with.
pub(crate) const EXAMPLES: &str = "\
Examples:
  pilotfish workloads captures/shop                        all pods, and what else has traffic
  pilotfish workloads captures/shop --state idle           pods that nothing was seen of
  pilotfish workloads captures/shop --state active --kind pod
  pilotfish workloads captures/shop --level namespace
  pilotfish workloads captures/shop --level workload --ns payments --sort pps
  pilotfish workloads captures/shop --server-kind external --kind pod

IDLE is what the cluster's objects have at some time of the window and no packet shows, whatever \
the other filters. Filters of either end say which rows are meant; all others choose the flows \
that are counted, so with them nothing is idle.

→ is what an end sent, ← what it received, PEERS are others at the same level.";

/// The columns of its table.
pub(crate) fn columns(rate: Rate, wide: bool) -> Vec<Col> {
    let rate: fn(&WorkloadView) -> String = match rate {
        Rate::Bits => |row| Rate::Bits.of(row.bps, row.pps),
        Rate::Packets => |row| Rate::Packets.of(row.bps, row.pps),
    };
    let mut columns = vec![
        Col::name("NAME", |row| label(&row.end, None)),
        Col::word("STATE", |row| row.state.name().to_owned()),
        Col::number("FLOWS", |row| units::count(row.flows)),
        Col::number("PEERS", |row| units::count(row.peers)).optional(3),
        Col::number("CONNS", |row| units::count(row.connections)).optional(2),
        Col::number("BYTES →", |row| units::bytes(row.stats.tx_bytes)),
        Col::number("BYTES ←", |row| units::bytes(row.stats.rx_bytes)),
        Col::number("RATE", rate).optional(1),
    ];
    if wide {
        columns.extend(details());
    }
    columns
}

fn details() -> [Col; 7] {
    [
        Col::number("PKTS →", |row| units::count(row.stats.tx_pkts)),
        Col::number("PKTS ←", |row| units::count(row.stats.rx_pkts)),
        Col::name("SERVICE", |row| text(row.end.svc.as_ref())),
        Col::name("WORKLOAD", |row| workload(&row.end)),
        Col::name("NODE", |row| text(row.end.node.as_ref())),
        Col::word("FIRST SEEN", |row| {
            row.first_seen.map(moment).unwrap_or_default()
        }),
        Col::word("LAST SEEN", |row| {
            row.last_seen.map(moment).unwrap_or_default()
        }),
    ]
}
