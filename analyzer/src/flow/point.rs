//! Counting points: where the packets of a flow are counted, for each end.
//!
//! In: what every hop counted of one flow. Out: the flow as each end saw it, and how many packets
//! were copies.
//! **Shape** for each interval, direction and end: the end's own interface, where that was covered
//! (then nothing is an answer: loss); else its node's way out, where it was seen; else the end
//! mirrors the other one. Where neither end has any of these, the hop that saw the flow first
//! stands for both. What other hops saw are copies.
//! Of a connection whose addresses were translated, what was seen before the translation counts at
//! the client's end alone, and what was seen after it at the server's; at the client's only where
//! its own interface shows nothing of before.

use crate::flow::join::Stage;
use crate::flow::point::counts::Counts;
use crate::flow::point::eye::{Earliest, Eye};
use crate::flow::{Basis, Flow, FlowKey, Observed};
use crate::hop::{HopId, Place};
use crate::leg::Interval;
use crate::leg::intervals::Intervals;
use crate::time::{NANOS_PER_SECOND, Timestamp};
use crate::traffic::period::Period;
use crate::traffic::{IntervalIndex, Traffic};
use crate::vantage::{Holder, Nearness, Part, Vantage};

mod counts;
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

/// One of the two directions of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Course {
    Forward,
    Backward,
}

/// Which end's counters are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Client,
    Server,
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

struct Settler<'h, 'v> {
    counts: Counts<'h>,
    vantage: &'v Vantage<'v>,
    client: Eye,
    server: Eye,
    /// Whether the flow was seen on both sides of a translation.
    translated: bool,
}

struct ByCourse<T> {
    forward: T,
    backward: T,
}

impl<T> ByCourse<T> {
    fn of(value: impl Fn(Course) -> T) -> Self {
        Self {
            forward: value(Course::Forward),
            backward: value(Course::Backward),
        }
    }

    const fn get(&self, course: Course) -> &T {
        match course {
            Course::Forward => &self.forward,
            Course::Backward => &self.backward,
        }
    }
}

impl<'h, 'v> Settler<'h, 'v> {
    fn new(
        hops: &'h [Sighted],
        (client, server): (Holder, Holder),
        vantage: &'v Vantage<'v>,
    ) -> Self {
        let earliest = |course| {
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
            order.into_iter().map(|(.., at)| at).collect()
        };
        let earliest: ByCourse<Vec<usize>> = ByCourse::of(earliest);
        let is_after = |hop: &Sighted| hop.stage == Stage::After;
        let translated = hops.iter().any(is_after) && !hops.iter().all(is_after);
        let eye = |end, holder| Eye::new(end, holder, hops, &earliest, vantage, translated);
        Self {
            client: eye(End::Client, client),
            server: eye(End::Server, server),
            counts: Counts(hops),
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
        let taken = ByCourse::of(|course| match *points.get(course) {
            (Point::None, Point::None) => (
                self.elsewhere(&self.client, course, moment),
                self.elsewhere(&self.server, course, moment),
            ),
            (Point::None, server) => (server.hop(), server.hop()),
            (client, Point::None) => (client.hop(), client.hop()),
            (client, server) => (client.hop(), server.hop()),
        });
        for course in [Course::Forward, Course::Backward] {
            let (client, server) = *taken.get(course);
            let other = server.filter(|_| server != client);
            for hop in client.into_iter().chain(other) {
                seen.counted += self.counts.packets(hop, course, index);
            }
        }
        let own = |forward: Point, backward: Point| match (forward, backward) {
            (Point::None, Point::None) => None,
            _ => Some((forward.hop(), backward.hop())),
        };
        let is_between = !at_client && !at_server;
        let between = |hops: Hops| hops.filter(|_| is_between);
        let client = own(points.forward.0, points.backward.0)
            .or_else(|| between(Some((taken.forward.0, taken.backward.0))));
        let server = own(points.forward.1, points.backward.1)
            .or_else(|| between(Some((taken.forward.1, taken.backward.1))));
        let moved = |(forward, backward)| self.moved(forward, backward, moment.period);
        let mut at_client = moved((taken.forward.0, taken.backward.0));
        let mut at_server = moved((taken.forward.1, taken.backward.1));
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
            let is_elsewhere =
                |nearest| nearest != own && self.counts.is_beside(nearest, own, course, period);
            if eye.nearest_own(course).is_some_and(is_elsewhere) {
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
    fn elsewhere(&self, eye: &Eye, course: Course, moment: Moment<'_>) -> Option<usize> {
        let Earliest { first, ranks } = eye.earliest.get(course);
        let first = (*first)?;
        let ranked = self.counting(moment, course).filter_map(|hop| {
            let rank = ranks.get(hop).copied().flatten()?;
            let is_late = hop != first && self.counts.is_late(first, hop, course, moment.period);
            (!is_late).then_some((rank, hop))
        });
        ranked.min().map(|(_, hop)| hop)
    }

    /// The hops that counted something in a direction.
    fn counting(&self, moment: Moment<'_>, course: Course) -> impl Iterator<Item = usize> {
        let hops = moment.hops.iter().map(|(_, hop)| *hop);
        hops.filter(move |hop| self.counts.packets(*hop, course, moment.period.first()) > 0)
    }

    /// An interval with the traffic of two hops.
    fn moved(&self, forward: Option<usize>, backward: Option<usize>, period: Period) -> Interval {
        let of = |hop: Option<usize>, course| {
            let interval = hop.and_then(|hop| self.counts.interval_at(hop, period.first()));
            interval.map_or_else(Traffic::default, |interval| *traffic(interval, course))
        };
        let mut interval = Interval::new(period);
        interval.forward = of(forward, Course::Forward);
        interval.backward = of(backward, Course::Backward);
        interval
    }

    /// Adds handshakes as the hops of an end saw them.
    fn add_handshakes(&self, interval: &mut Interval, hops: Hops) {
        let mut samples = self.of_hops(hops, interval.period.first());
        let samples = samples.find(|(_, own)| !own.handshakes.is_empty());
        if let Some((_, own)) = samples {
            interval.handshakes.merge(&own.handshakes);
        }
    }

    /// Adds connections as the hops of an end saw them. Where another hop takes over, those that
    /// are `open` already begin there too.
    fn add_connections(&self, interval: &mut Interval, hops: Hops, open: u64, at_hops: &[u64]) {
        for (hop, own) in self.of_hops(hops, interval.period.first()) {
            let known = at_hops.get(hop).copied().unwrap_or_default();
            let taken_over = u32::try_from(open.saturating_sub(known)).unwrap_or(u32::MAX);
            let started = own.started.saturating_sub(taken_over);
            interval.started = interval.started.max(started);
            interval.ended = interval.ended.max(own.ended);
        }
    }

    fn of_hops(
        &self,
        hops: Hops,
        index: IntervalIndex,
    ) -> impl Iterator<Item = (usize, &'h Interval)> {
        let (forward, backward) = hops.unwrap_or_default();
        let hops = forward.into_iter().chain(backward);
        hops.filter_map(move |hop| Some((hop, self.counts.interval_at(hop, index)?)))
    }
}

/// The hops of an end: forward and backward.
type Hops = Option<(Option<usize>, Option<usize>)>;

impl Point {
    const fn hop(self) -> Option<usize> {
        match self {
            Self::At(hop) => Some(hop),
            Self::Silent | Self::None => None,
        }
    }
}

const fn part(end: End, course: Course) -> Part {
    match (end, course) {
        (End::Client, Course::Forward) | (End::Server, Course::Backward) => Part::Sender,
        (End::Client, Course::Backward) | (End::Server, Course::Forward) => Part::Receiver,
    }
}

const fn traffic(interval: &Interval, course: Course) -> &Traffic {
    match course {
        Course::Forward => &interval.forward,
        Course::Backward => &interval.backward,
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
