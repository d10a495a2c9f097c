//! Counting points: where the packets of a flow are counted, for each end.
//!
//! In: what every hop counted of one flow. Out: the flow as each end saw it, and how many packets
//! were copies.
//! **Shape** for each interval, direction and end: the end's own interface, where that was covered
//! (then nothing is an answer: loss); else its node's way out, where it was seen; else the end
//! mirrors the other one. Where neither end has any of these, the hop that saw the flow first
//! stands for both. What other hops saw are copies, but for those that share no connection with
//! it: they add up.
//! Of a connection whose addresses were translated, what was seen before the translation counts at
//! the client's end alone, and what was seen after it at the server's; at the client's only where
//! its own interface shows nothing of before.

use crate::flow::join::Stage;
use crate::flow::point::company::{Counting, are_some_apart};
use crate::flow::point::counts::Counts;
use crate::flow::point::course::{ByCourse, Course, End, traffic};
use crate::flow::point::eye::{Eye, Passed};
use crate::flow::{Basis, Flow, FlowKey, Observed};
use crate::hop::{HopId, Place};
use crate::leg::intervals::Intervals;
use crate::leg::{Beside, Interval};
use crate::time::{NANOS_PER_SECOND, Timestamp};
use crate::traffic::Traffic;
use crate::traffic::period::Period;
use crate::vantage::{Holder, Nearness, Part, Vantage};

pub(super) mod counts;
pub(super) mod course;

mod company;
mod eye;

/// How long a packet may be on its way between two hops, in nanoseconds.
pub(crate) const ON_THE_WAY: u64 = NANOS_PER_SECOND;

/// What one hop counted of a flow; forward is from the client.
#[derive(Debug)]
pub struct Sighted {
    /// The hop.
    pub hop: HopId,
    /// On which side of a translation.
    pub stage: Stage,
    /// Where else those packets were seen.
    pub beside: Beside,
    /// What it counted.
    pub intervals: Intervals,
}

/// A flow whose counting points are settled.
#[derive(Debug)]
pub struct Settled {
    /// The flow.
    pub flow: Flow,
    /// Packets seen at hops that do not count.
    pub copies: u64,
}

/// Where an end's packets of one direction and interval are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Point {
    /// At a hop of its own.
    At(usize),
    /// At an interface of its own, which saw nothing.
    Silent,
    /// Nowhere of its own.
    None,
}

/// Settles the counting points of the flow that `hops` saw.
#[must_use]
pub fn settle(
    key: FlowKey,
    basis: Basis,
    hops: &[Sighted],
    holders: (Holder, Holder),
    vantage: &Vantage<'_>,
) -> Settled {
    let settler = Settler::new(hops, holders, vantage);
    let mut parts: Vec<(Period, usize)> = (0..)
        .zip(hops)
        .flat_map(|(at, hop)| hop.intervals.iter().map(move |i| (i.period, at)))
        .collect();
    parts.sort_unstable();
    let mut seen = Seen {
        open: vec![0; hops.len()],
        ..Seen::default()
    };
    for present in parts.chunk_by(|(one, _), (other, _)| one == other) {
        if let Some((period, _)) = present.first() {
            let hops = present;
            settler.add(
                Moment {
                    period: *period,
                    hops,
                },
                &mut seen,
            );
        }
    }
    let total: u64 = hops
        .iter()
        .flat_map(|hop| hop.intervals.iter())
        .map(packets)
        .sum();
    let observed = match (seen.at_client, seen.at_server) {
        (true, true) => Observed::Both,
        (true, false) => Observed::Client,
        (false, true) => Observed::Server,
        (false, false) => Observed::Between,
    };
    Settled {
        flow: Flow {
            key,
            basis,
            observed,
            at_server: (settler.is_apart(observed) && seen.client != seen.server)
                .then(|| Box::new(seen.server)),
            intervals: seen.client,
        },
        copies: total.saturating_sub(seen.counted),
    }
}

/// An interval, and the hops that counted something in it.
#[derive(Clone, Copy)]
struct Moment<'m> {
    period: Period,
    hops: &'m [(Period, usize)],
}

/// What is settled so far.
#[derive(Default)]
struct Seen {
    client: Intervals,
    server: Intervals,
    /// Connections that are open, as settled for each end.
    client_open: u64,
    server_open: u64,
    /// Connections that are open at each hop.
    open: Vec<u64>,
    at_client: bool,
    at_server: bool,
    counted: u64,
}

/// Hops that are looked at one by one, for where connections are open and for one that is not late.
const LOOKED_AT: usize = 64;

struct Settler<'h, 'v> {
    counts: Counts<'h>,
    vantage: &'v Vantage<'v>,
    client: Eye,
    server: Eye,
    /// Whether the flow was seen on both sides of a translation.
    translated: bool,
}

impl<'h, 'v> Settler<'h, 'v> {
    fn new(
        hops: &'h [Sighted],
        (client, server): (Holder, Holder),
        vantage: &'v Vantage<'v>,
    ) -> Self {
        let counts = Counts(hops);
        let passed = |course| {
            let mut order: Vec<(Timestamp, Place, HopId, usize)> = hops
                .iter()
                .enumerate()
                .map(|(at, hop)| {
                    let place = vantage.place(hop.hop.place());
                    (first(hop, course), place, hop.hop, at)
                })
                .filter(|(first, ..)| *first != Timestamp::MAX)
                .collect();
            order.sort_unstable();
            let is_apart = |one, other| counts.is_apart(one, other, course);
            Passed {
                earliest: order.into_iter().map(|(.., at)| at).collect(),
                has_ways: are_some_apart(hops.len(), is_apart),
            }
        };
        let passed = ByCourse::of(passed);
        let is_after = |hop: &Sighted| hop.stage == Stage::After;
        let translated = hops.iter().any(is_after) && !hops.iter().all(is_after);
        let eye = |end, holder| Eye::new(end, holder, hops, &passed, vantage, translated);
        Self {
            client: eye(End::Client, client),
            server: eye(End::Server, server),
            counts,
            vantage,
            translated,
        }
    }

    /// Whether the two ends are counted apart.
    fn is_apart(&self, observed: Observed) -> bool {
        match observed {
            Observed::Both => true,
            Observed::Between => self.translated,
            Observed::Client | Observed::Server => false,
        }
    }

    /// Settles one interval.
    fn add(&self, moment: Moment<'_>, seen: &mut Seen) {
        let index = moment.period.first();
        let points = ByCourse::of(|course| {
            let client = self.point(&self.client, course, moment);
            let server = self.point(&self.server, course, moment);
            (
                self.unless_beside(&self.client, client, server, course, moment.period),
                self.unless_beside(&self.server, server, client, course, moment.period),
            )
        });
        let both = [Course::Forward, Course::Backward].map(|course| points.get(course));
        let at_client = both.iter().any(|(client, _)| *client != Point::None);
        let at_server = both.iter().any(|(_, server)| *server != Point::None);
        seen.at_client |= at_client;
        seen.at_server |= at_server;
        let own = ByCourse::of(|course| {
            let (client, server) = points.get(course);
            (
                self.client.company.get(course).led_by(client.hop()),
                self.server.company.get(course).led_by(server.hop()),
            )
        });
        let taken = ByCourse::of(|course| {
            let (client, server) = *own.get(course);
            match points.get(course) {
                (Point::None, Point::None) => (
                    self.elsewhere(&self.client, course, moment),
                    self.elsewhere(&self.server, course, moment),
                ),
                (Point::None, _) => (server, server),
                (_, Point::None) => (client, client),
                _ => (client, server),
            }
        });
        for course in [Course::Forward, Course::Backward] {
            let (client, server) = *taken.get(course);
            let other = server
                .hops()
                .filter(|hop| !client.hops().any(|same| same == *hop));
            for hop in client.hops().chain(other) {
                seen.counted += self.counts.packets(hop, course, index);
            }
        }
        let is_between = !at_client && !at_server;
        let counting = if is_between { &taken } else { &own };
        let client = (is_between || at_client).then_some([counting.forward.0, counting.backward.0]);
        let server = (is_between || at_server).then_some([counting.forward.1, counting.backward.1]);
        let mut at_client = self.moved([taken.forward.0, taken.backward.0], moment.period);
        let mut at_server = self.moved([taken.forward.1, taken.backward.1], moment.period);
        self.add_handshakes(&mut at_client, client);
        self.add_handshakes(&mut at_server, server);
        self.add_connections(
            &mut at_client,
            client.or(server),
            seen.client_open,
            &seen.open,
        );
        self.add_connections(
            &mut at_server,
            server.or(client),
            seen.server_open,
            &seen.open,
        );
        seen.client_open = open_after(seen.client_open, &at_client);
        seen.server_open = open_after(seen.server_open, &at_server);
        seen.client.add(at_client);
        seen.server.add(at_server);
        for (_, hop) in moment.hops {
            if let (Some(open), Some(own)) = (
                seen.open.get_mut(*hop),
                self.counts.interval_at(*hop, index),
            ) {
                *open = open_after(*open, own);
            }
        }
    }

    /// Where an end's packets are counted.
    fn point(&self, eye: &Eye, course: Course, moment: Moment<'_>) -> Point {
        let (part, period) = (eye.part(course), moment.period);
        let ranks = eye.ranks.get(course);
        let nearest = |wanted: Nearness| {
            let near = self.counting(moment, course).filter_map(|hop| {
                let (nearness, rank) = ranks.get(hop).copied().flatten()?;
                (nearness == wanted).then_some((rank, hop))
            });
            near.min().map(|(_, hop)| hop)
        };
        if let Some(own) = nearest(Nearness::Own) {
            let mut nearer = eye.nearer_own(course, own);
            if nearer.any(|nearer| self.counts.is_beside(nearer, own, course, period)) {
                return Point::Silent;
            }
            return Point::At(own);
        }
        if self.vantage.covers(eye.holder, part, period) {
            return Point::Silent;
        }
        let is_lost = part == Part::Receiver
            && !eye.has_own
            && !eye.reached
            && self.vantage.is_watched(eye.holder, period);
        if is_lost {
            return Point::Silent;
        }
        nearest(Nearness::WayOut).map_or(Point::None, Point::At)
    }

    /// Where an end's packets are counted, when it is known where the other's are: one whose way out
    /// saw them a moment before or after, in another interval, does not mirror them in this one.
    fn unless_beside(
        &self,
        eye: &Eye,
        own: Point,
        other: Point,
        course: Course,
        period: Period,
    ) -> Point {
        match (own, other) {
            (Point::None, Point::At(hop))
                if eye
                    .ways_out(course)
                    .any(|way| way != hop && self.counts.is_beside(way, hop, course, period)) =>
            {
                Point::Silent
            }
            _ => own,
        }
    }

    /// The hop that stands for both ends, of several sides of a translation for one: the one that
    /// saw this direction first. Where that saw nothing in an interval another may have; but not
    /// what only came a moment later to it.
    fn elsewhere<'e>(&self, eye: &'e Eye, course: Course, moment: Moment<'_>) -> Counting<'e> {
        let earliest = eye.earliest.get(course);
        let after = |last: Option<usize>| {
            let ranked = self.counting(moment, course).filter_map(|hop| {
                let rank = earliest.ranks.get(hop).copied().flatten()?;
                (Some(rank) > last).then_some((rank, hop))
            });
            ranked.min()
        };
        let (mut next, mut late) = (after(None), 0);
        while let Some((rank, hop)) = next {
            let is_late = |before| self.counts.is_late(before, hop, course, moment.period);
            if !earliest.first.iter().take(rank).copied().any(is_late) {
                break;
            }
            late += 1;
            next = after(Some(rank)).filter(|_| late < LOOKED_AT);
        }
        earliest.company.led_by(next.map(|(_, hop)| hop))
    }

    /// The hops that counted something in a direction.
    fn counting(&self, moment: Moment<'_>, course: Course) -> impl Iterator<Item = usize> {
        let hops = moment.hops.iter().map(|(_, hop)| *hop);
        hops.filter(move |hop| self.counts.packets(*hop, course, moment.period.first()) > 0)
    }

    /// An interval with the traffic of the hops that count forward, and backward.
    fn moved(&self, [forward, backward]: [Counting<'_>; 2], period: Period) -> Interval {
        let of = |counting: Counting<'_>, course| {
            let mut moved = Traffic::default();
            for hop in counting.hops() {
                if let Some(own) = self.counts.interval_at(hop, period.first()) {
                    moved.merge(traffic(own, course));
                }
            }
            moved
        };
        let mut interval = Interval::new(period);
        interval.forward = of(forward, Course::Forward);
        interval.backward = of(backward, Course::Backward);
        interval
    }

    /// Adds handshakes as the hops of an end saw them.
    fn add_handshakes(&self, interval: &mut Interval, hops: Hops<'_>) {
        let Some([forward, backward]) = hops else {
            return;
        };
        let index = interval.period.first();
        let mut add = |hops: &mut dyn Iterator<Item = usize>| {
            let measured = hops.filter_map(|hop| self.counts.interval_at(hop, index));
            let mut measured = measured.filter(|own| !own.handshakes.is_empty()).peekable();
            let is_some = measured.peek().is_some();
            measured.for_each(|own| interval.handshakes.merge(&own.handshakes));
            is_some
        };
        if !add(&mut self.both(forward, backward)) {
            add(&mut backward.hops());
        }
    }

    /// Adds connections as the hops of an end saw them. Where another hop takes over, those that
    /// are `open` already begin there too.
    fn add_connections(&self, interval: &mut Interval, hops: Hops<'_>, open: u64, at_hops: &[u64]) {
        let Some([forward, backward]) = hops else {
            return;
        };
        self.add_started(interval, &self.both(forward, backward), open, at_hops);
        self.add_started(interval, &backward.hops(), open, at_hops);
    }

    /// Adds connections where these hops saw more than others did.
    fn add_started(
        &self,
        interval: &mut Interval,
        hops: &(impl Iterator<Item = usize> + Clone),
        open: u64,
        at_hops: &[u64],
    ) {
        let (mut started, mut ended) = (0_u32, 0_u32);
        for hop in hops.clone() {
            if let Some(own) = self.counts.interval_at(hop, interval.period.first()) {
                started = started.saturating_add(own.started);
                ended = ended.saturating_add(own.ended);
            }
        }
        if started > 0 && open > 0 {
            // Open here already, or where connections are that never pass here, each counted once.
            let mut known: Vec<usize> = hops.clone().collect();
            let others = at_hops.iter().enumerate().filter(|(_, open)| **open > 0);
            for (at, _) in others.take(LOOKED_AT) {
                if known.iter().all(|hop| self.share_none(*hop, at)) {
                    known.push(at);
                }
            }
            let known = known.into_iter().filter_map(|at| at_hops.get(at)).sum();
            let taken_over = u32::try_from(open.saturating_sub(known)).unwrap_or(u32::MAX);
            started = started.saturating_sub(taken_over);
        }
        interval.started = interval.started.max(started);
        interval.ended = interval.ended.max(ended);
    }

    /// The hops that count forward, and of those that count backward the ones that share no
    /// connection with them.
    fn both<'c>(
        &'c self,
        forward: Counting<'c>,
        backward: Counting<'c>,
    ) -> impl Iterator<Item = usize> + Clone + 'c {
        let others = backward.hops();
        let others =
            others.filter(move |other| forward.hops().all(|hop| self.share_none(hop, *other)));
        forward.hops().chain(others)
    }

    /// Whether two hops share no connection.
    fn share_none(&self, one: usize, other: usize) -> bool {
        let courses = [Course::Forward, Course::Backward];
        let mut apart = courses
            .map(|course| self.counts.is_apart(one, other, course))
            .into_iter();
        apart.all(|is_apart| is_apart)
    }
}

/// The hops of an end: forward and backward.
type Hops<'c> = Option<[Counting<'c>; 2]>;

impl Point {
    const fn hop(self) -> Option<usize> {
        match self {
            Self::At(hop) => Some(hop),
            Self::Silent | Self::None => None,
        }
    }
}

fn packets(interval: &Interval) -> u64 {
    interval.forward.packets + interval.backward.packets
}

/// How many connections are open after an interval.
fn open_after(open: u64, interval: &Interval) -> u64 {
    let started = open.saturating_add(u64::from(interval.started));
    started.saturating_sub(u64::from(interval.ended))
}

/// The first packet of a direction at a hop; the end of time when there is none.
fn first(hop: &Sighted, course: Course) -> Timestamp {
    let firsts = hop
        .intervals
        .iter()
        .map(|interval| traffic(interval, course).first);
    firsts.min().unwrap_or(Timestamp::MAX)
}
