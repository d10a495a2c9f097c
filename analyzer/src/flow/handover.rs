//! Connections that go on while their address changes its owner, when that was told too late to end
//! them.
//!
//! In: the intervals of one leg, in order, each with the flow it goes to. Out: how many connections
//! were open when the next one began. **Shape** where the change was known in time no leg goes to
//! two flows, and nothing is handed over.

use crate::flow::FlowKey;
use crate::leg::Interval;
use crate::leg::intervals::Intervals;
use crate::traffic::IntervalIndex;

/// What the intervals of a leg so far have left open.
#[derive(Default)]
pub(super) struct Handover {
    before: Option<(FlowKey, IntervalIndex)>,
    open: u32,
}

/// Connections that end with one flow and start with the next.
#[derive(Clone, Copy)]
pub(super) struct Handed {
    /// The last interval of the flow they leave.
    from: IntervalIndex,
    connections: u32,
}

impl Handed {
    /// Ends them in the intervals of the flow they leave.
    pub(super) fn leave(self, intervals: &mut Intervals) {
        let ended = &mut intervals.at(self.from).ended;
        *ended = ended.saturating_add(self.connections);
    }
}

impl Handover {
    /// Takes the next interval, which goes to the flow of `key`; what it takes over has started in
    /// it.
    pub(super) fn next(&mut self, key: &FlowKey, interval: &mut Interval) -> Option<Handed> {
        let before = self.before.replace((*key, interval.period.first()));
        let handed = before.filter(|(other, _)| *other != *key && self.open > 0);
        let handed = handed.map(|(_, from)| Handed {
            from,
            connections: self.open,
        });
        let open = self.open.saturating_add(interval.started);
        self.open = open.saturating_sub(interval.ended);
        if let Some(Handed { connections, .. }) = handed {
            interval.started = interval.started.saturating_add(connections);
        }
        handed
    }
}
