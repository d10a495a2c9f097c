//! Owners that change while packets are counted: what was told of the cluster since is taken in.

use crate::connection::EndReason;
use crate::engine::tally::{Tally, fold_out};
use crate::era::Eras;
use crate::time::Timestamp;

impl Tally {
    /// Takes in what was told of the cluster since: connections that turn out to have changed
    /// owners end here, the others may get another era's end. The first packet was at `begin`, and
    /// so many frames were taken in.
    pub(super) fn renew_eras(&mut self, now: Timestamp, begin: Timestamp, frames: u64) {
        let eras = self.tenancy.renew(begin, now, frames);
        let tenancy = &self.tenancy;
        fold_out(
            (&mut self.table, &mut self.ledger),
            &eras,
            |connection| {
                let era = tenancy.around(&connection.key, connection.first());
                !era.holds(connection.last())
            },
            |connection| Some(connection.reason_or(EndReason::OwnerChanged)),
        );
        self.number_eras(&eras);
    }

    /// Gives every connection the number of its era, which was among `eras` before.
    pub(super) fn number_eras(&mut self, eras: &Eras) {
        for connection in self.table.iter_mut() {
            let from = eras.get(connection.era).from;
            connection.era = self.tenancy.go_on(from, &connection.key, connection.last());
        }
    }
}
