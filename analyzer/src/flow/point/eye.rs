//! One end of a flow: which hops count for it, and in which order.

use crate::flow::join::Stage;
use crate::flow::point::company::Company;
use crate::flow::point::counts::Counts;
use crate::flow::point::course::{ByCourse, Course, End, part};
use crate::flow::point::{Sighted, first};
use crate::frame::Direction;
use crate::time::Timestamp;
use crate::vantage::{Holder, Nearness, Part, Vantage};

/// Hops that are looked at for whether another one saw the same later.
const LOOKED_AT: usize = 16;

/// One end, and the hops in the order in which they count for it.
pub(super) struct Eye {
    end: End,
    pub(super) holder: Holder,
    pub(super) has_own: bool,
    /// How near each hop is, and its rank; none where it does not count.
    pub(super) ranks: ByCourse<Vec<Option<(Nearness, usize)>>>,
    /// Those that count together.
    pub(super) company: ByCourse<Company>,
    /// The hops that may stand for it where there is no nearer one, by who saw a direction first.
    pub(super) earliest: ByCourse<Earliest>,
    /// Whether something was seen to be sent out to it.
    pub(super) reached: bool,
}

/// The hops that a direction passed.
pub(super) struct Passed {
    /// By who saw it first.
    pub(super) earliest: Vec<usize>,
    /// Whether any two of them may share no connection.
    pub(super) has_ways: bool,
}

/// Hops by who saw a direction first.
pub(super) struct Earliest {
    /// The first of them, in order.
    pub(super) first: Vec<usize>,
    /// The rank of each hop; none where it does not count.
    pub(super) ranks: Vec<Option<usize>>,
    /// Those that count together.
    pub(super) company: Company,
}

impl Earliest {
    /// Of hops in that order, of so many in all.
    fn of(mut order: Vec<usize>, count: usize, company: Company) -> Self {
        let mut ranks = vec![None; count];
        for (rank, at) in order.iter().enumerate() {
            if let Some(slot) = ranks.get_mut(*at) {
                *slot = Some(rank);
            }
        }
        order.truncate(LOOKED_AT);
        Self {
            first: order,
            ranks,
            company,
        }
    }
}

impl Passed {
    /// The company of hops, of which each group is equally near.
    fn company<'h>(
        &self,
        groups: impl Iterator<Item = impl Iterator<Item = usize> + 'h>,
        is_apart: impl Fn(usize, usize) -> bool,
    ) -> Company {
        let mut company = Company::default();
        if self.has_ways {
            groups.for_each(|group| company.add(group, &is_apart));
        }
        company
    }
}

impl Eye {
    pub(super) fn new(
        end: End,
        holder: Holder,
        hops: &[Sighted],
        passed: &ByCourse<Passed>,
        vantage: &Vantage<'_>,
        translated: bool,
    ) -> Self {
        let is_of = |hop: &Sighted| match end {
            _ if !translated => true,
            End::Client => hop.stage != Stage::After,
            End::Server => hop.stage == Stage::After,
        };
        let is_own = |at: &usize| hops.get(*at).is_some_and(is_of);
        let is_midway = |at: &usize| hops.get(*at).is_some_and(|hop| hop.stage == Stage::Midway);
        let counts = Counts(hops);
        let is_apart = |course| move |one, other| counts.is_apart(one, other, course);
        let order = |course| {
            let near = |at: &usize| {
                let nearness = vantage.nearness(holder, hops.get(*at)?.hop.place());
                // A client's node may translate before it sends out.
                let counts = is_own(at) || end == End::Client && nearness == Nearness::WayOut;
                counts.then_some((nearness, !is_own(at), *at))
            };
            let mut order: Vec<(Nearness, bool, usize)> = passed
                .get(course)
                .earliest
                .iter()
                .filter_map(near)
                .collect();
            // The nearest of several ways out is the last that shows a packet sent, and the first
            // that shows one received; of several own interfaces it is the other way round.
            let (own, out) = match part(end, course) {
                Part::Sender => (false, true),
                Part::Receiver => (true, false),
            };
            let rank = |&(nearness, is_beyond, _): &(Nearness, bool, usize)| (nearness, is_beyond);
            order.sort_by_key(rank);
            for near in order.chunk_by_mut(|a, b| rank(a) == rank(b)) {
                let is_reversed = match near.first() {
                    Some((Nearness::Own, ..)) => own,
                    Some((Nearness::WayOut, ..)) => out,
                    Some((Nearness::Elsewhere, ..)) | None => false,
                };
                if is_reversed {
                    near.reverse();
                }
            }
            let near = order.chunk_by(|a, b| rank(a) == rank(b));
            let near = near.map(|near| near.iter().map(|(.., at)| *at));
            let company = passed.get(course).company(near, is_apart(course));
            let mut ranks = vec![None; hops.len()];
            for (rank, (nearness, _, at)) in order.into_iter().enumerate() {
                if let Some(slot) = ranks.get_mut(at) {
                    *slot = Some((nearness, rank));
                }
            }
            (ranks, company)
        };
        let towards = match end {
            End::Client => Course::Backward,
            End::Server => Course::Forward,
        };
        let reaches = |hop: &Sighted| {
            let way = match towards {
                Course::Forward => hop.hop.way().forward(),
                Course::Backward => hop.hop.way().backward(),
            };
            way != Direction::Incoming
                && is_of(hop)
                && first(hop, towards) != Timestamp::MAX
                && vantage.is_on_node_of(holder, hop.hop.place())
        };
        let of_own = |course| {
            let all = passed.get(course).earliest.iter().copied();
            let mut own: Vec<usize> = all.filter(is_own).collect();
            own.sort_by_key(is_midway);
            let group = std::iter::once(own.iter().copied());
            let company = passed.get(course).company(group, is_apart(course));
            Earliest::of(own, hops.len(), company)
        };
        let (forward, backward) = (order(Course::Forward), order(Course::Backward));
        Self {
            end,
            holder,
            has_own: vantage.has_own(holder),
            ranks: ByCourse {
                forward: forward.0,
                backward: backward.0,
            },
            company: ByCourse {
                forward: forward.1,
                backward: backward.1,
            },
            earliest: ByCourse::of(of_own),
            reached: hops.iter().any(reaches),
        }
    }

    /// Its own hops that come before `hop` where a direction is counted.
    pub(super) fn nearer_own(&self, course: Course, hop: usize) -> impl Iterator<Item = usize> {
        let ranks = self.ranks.get(course);
        let counted = ranks.get(hop).copied().flatten();
        let nearer = ranks.iter().enumerate().filter_map(move |(at, rank)| {
            let (nearness, rank) = (*rank)?;
            let is_before = counted.is_some_and(|(_, counted)| rank < counted);
            (nearness == Nearness::Own && is_before).then_some(at)
        });
        nearer.take(LOOKED_AT)
    }

    /// The ways out of its node that saw a direction.
    pub(super) fn ways_out(&self, course: Course) -> impl Iterator<Item = usize> {
        let ranks = self.ranks.get(course).iter().enumerate();
        ranks.filter_map(|(hop, rank)| matches!(rank, Some((Nearness::WayOut, _))).then_some(hop))
    }

    pub(super) fn part(&self, course: Course) -> Part {
        part(self.end, course)
    }
}
