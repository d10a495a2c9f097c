//! What every hop counted of a flow, and whether one counted later what another did.

use crate::flow::join::Stage;
use crate::flow::point::course::{Course, traffic};
use crate::flow::point::{ON_THE_WAY, Sighted};
use crate::leg::Interval;
use crate::traffic::IntervalIndex;
use crate::traffic::period::Period;

/// What the hops of a flow counted; a hop is named by its place among them.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Counts<'h>(pub(in crate::flow) &'h [Sighted]);

impl<'h> Counts<'h> {
    pub(in crate::flow) fn packets(self, hop: usize, course: Course, index: IntervalIndex) -> u64 {
        self.interval_at(hop, index)
            .map_or(0, |interval| traffic(interval, course).packets)
    }

    pub(in crate::flow) fn interval_at(
        self,
        hop: usize,
        index: IntervalIndex,
    ) -> Option<&'h Interval> {
        self.0.get(hop)?.intervals.get(index)
    }

    /// Whether two hops share no connection that passed in a direction, as far as that can be told:
    /// those before and after a translation do not show the same five-tuples.
    pub(in crate::flow) fn is_apart(self, one: usize, other: usize, course: Course) -> bool {
        let (Some(one), Some(other)) = (self.0.get(one), self.0.get(other)) else {
            return false;
        };
        let places = |hop: &Sighted| match course {
            Course::Forward => hop.beside.forward,
            Course::Backward => hop.beside.backward,
        };
        let (place, other_place) = (one.hop.place(), other.hop.place());
        place != other_place
            && place.group().finds(other_place.group())
            && one.stage == other.stage
            && one.stage != Stage::Midway
            && !places(one).contains(other_place)
            && !places(other).contains(place)
    }

    /// Whether all that a hop saw in an interval may be what another of the same end counts in the
    /// one before or after.
    pub(in crate::flow) fn is_beside(
        self,
        nearest: usize,
        hop: usize,
        course: Course,
        period: Period,
    ) -> bool {
        self.is_late(nearest, hop, course, period) || self.is_early(nearest, hop, course, period)
    }

    /// Whether all that a hop saw in an interval may be what `last` saw at the beginning of the one
    /// after: that saw more then, at once, and the hop saw nothing before.
    fn is_early(self, last: usize, hop: usize, course: Course, period: Period) -> bool {
        if self.is_apart(last, hop, course) {
            return false;
        }
        let after = period.after();
        let to_come = self
            .packets(last, course, after)
            .saturating_sub(self.packets(hop, course, after));
        let (Some(sent), Some(came)) = (
            self.interval_at(hop, period.first()),
            self.interval_at(last, after),
        ) else {
            return false;
        };
        let (sent, came) = (traffic(sent, course), traffic(came, course));
        sent.packets <= to_come
            && after.start().nanos_since(sent.first) <= ON_THE_WAY
            && came.first.nanos_since(after.start()) <= ON_THE_WAY
    }

    /// Whether all that a hop saw in an interval may be what `first` saw at the end of the one
    /// before: that did see more, until a moment ago, and the hop sees nothing later on.
    pub(in crate::flow) fn is_late(
        self,
        first: usize,
        hop: usize,
        course: Course,
        period: Period,
    ) -> bool {
        if self.is_apart(first, hop, course) {
            return false;
        }
        let (before, index) = (period.before(), period.first());
        let on_the_way = self
            .packets(first, course, before)
            .saturating_sub(self.packets(hop, course, before));
        let sent = self.interval_at(first, before);
        let (Some(sent), Some(came)) = (sent, self.interval_at(hop, index)) else {
            return false;
        };
        let (sent, came) = (traffic(sent, course), traffic(came, course));
        came.packets <= on_the_way
            && index.start().nanos_since(sent.last) <= ON_THE_WAY
            && came.last.nanos_since(index.start()) <= ON_THE_WAY
    }
}
