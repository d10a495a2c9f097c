//! What connections counted in an interval that they left, on its way to their legs.
//!
//! **Shape** connections that last leave an interval with nearly every packet, where packets are
//! seconds apart. Legs lie all over memory: they are fetched for many before the first is changed.

use crate::connection::Connection;
use crate::ledger::Destination;
use crate::leg::{Interval, Leg};
use crate::traffic::{IntervalIndex, Traffic};

/// Traffic that waits to be added to a leg.
#[derive(Clone)]
pub(super) struct Leaving {
    pub(super) to: Destination,
    index: IntervalIndex,
    forward: Traffic,
    backward: Traffic,
}

impl Leaving {
    /// What `connection` counted in the interval that it leaves.
    pub(super) const fn of(connection: &Connection, to: Destination) -> Self {
        let (counted, from) = (&connection.unfolded, to.forward);
        Self {
            index: connection.interval,
            forward: *counted.get(from),
            backward: *counted.get(from.other()),
            to,
        }
    }

    /// Adds it to its leg.
    pub(super) fn add_to(&self, leg: &mut Leg) {
        let Interval {
            forward, backward, ..
        } = leg.interval(self.index);
        forward.merge(&self.forward);
        backward.merge(&self.backward);
    }
}
