//! Counting points: where the packets of a flow are counted, for each end.
//!
//! In: what every hop counted of one flow. Out: the flow as each end saw it, and how many packets
//! were copies.
//! **Shape** for each interval, direction and end: the end's own interface, where that was covered
//! (then nothing is an answer: loss); else its node's way out, where it was seen; else the end
//! mirrors the other one. Where neither end has any of these, the hop that saw the flow first
//! stands for both. What other hops saw are copies.

use std::collections::BTreeSet;

use crate::flow::{Basis, Flow, FlowKey, Observed};
use crate::frame::Direction;
use crate::hop::{HopId, Place};
use crate::leg::Interval;
use crate::leg::intervals::Intervals;
use crate::time::Timestamp;
use crate::traffic::{IntervalIndex, Traffic};
use crate::vantage::{Holder, Nearness, Part, Vantage};

/// What one hop counted of a flow; forward is from the client.
#[derive(Debug)]
pub struct Sighted {
    /// The hop.
    pub hop: HopId,
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
    let indices: BTreeSet<IntervalIndex> = hops
        .iter()
        .flat_map(|hop| hop.intervals.iter().map(|interval| interval.index))
        .collect();
    let mut seen = Seen::default();
    for index in indices {
        settler.add(index, &mut seen);
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
            at_server: (observed == Observed::Both && seen.client != seen.server)
                .then(|| Box::new(seen.server)),
            intervals: seen.client,
        },
        copies: total - seen.counted,
    }
}

/// What is settled so far.
#[derive(Default)]
struct Seen {
    client: Intervals,
    server: Intervals,
    at_client: bool,
    at_server: bool,
    counted: u64,
}

struct Settler<'h, 'v> {
    hops: &'h [Sighted],
    vantage: &'v Vantage<'v>,
    client: Eye,
    server: Eye,
    /// The hops by who saw a direction first.
    earliest: ByCourse<Vec<usize>>,
}

/// One end, and the hops in the order in which they count for it.
struct Eye {
    end: End,
    holder: Holder,
    has_own: bool,
    order: ByCourse<Vec<(Nearness, usize)>>,
    /// Whether something was seen to be sent out to it.
    reached: bool,
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
        Self {
            client: Eye::new(End::Client, client, hops, &earliest, vantage),
            server: Eye::new(End::Server, server, hops, &earliest, vantage),
            hops,
            vantage,
            earliest,
        }
    }

    /// Settles one interval.
    fn add(&self, index: IntervalIndex, seen: &mut Seen) {
        let points = ByCourse::of(|course| {
            (
                self.point(&self.client, course, index),
                self.point(&self.server, course, index),
            )
        });
        let both = [Course::Forward, Course::Backward].map(|course| points.get(course));
        let at_client = both.iter().any(|(client, _)| *client != Point::None);
        let at_server = both.iter().any(|(_, server)| *server != Point::None);
        seen.at_client |= at_client;
        seen.at_server |= at_server;
        let taken = ByCourse::of(|course| match *points.get(course) {
            (Point::None, Point::None) => {
                let hop = self.elsewhere(course, index);
                (hop, hop)
            }
            (Point::None, server) => (server.hop(), server.hop()),
            (client, Point::None) => (client.hop(), client.hop()),
            (client, server) => (client.hop(), server.hop()),
        });
        for course in [Course::Forward, Course::Backward] {
            let (client, server) = *taken.get(course);
            let other = server.filter(|_| server != client);
            for hop in client.into_iter().chain(other) {
                seen.counted += self.packets(hop, course, index);
            }
        }
        let own = |forward: Point, backward: Point| match (forward, backward) {
            (Point::None, Point::None) => None,
            _ => Some((forward.hop(), backward.hop())),
        };
        let between = (!at_client && !at_server).then_some((taken.forward.0, taken.backward.0));
        let client = own(points.forward.0, points.backward.0).or(between);
        let server = own(points.forward.1, points.backward.1).or(between);
        let moved = |(forward, backward)| self.moved(forward, backward, index);
        let connections = client.or(server);
        seen.client.add(self.interval(
            moved((taken.forward.0, taken.backward.0)),
            connections,
            client,
        ));
        let connections = server.or(client);
        seen.server.add(self.interval(
            moved((taken.forward.1, taken.backward.1)),
            connections,
            server,
        ));
    }

    /// Where an end's packets are counted.
    fn point(&self, eye: &Eye, course: Course, index: IntervalIndex) -> Point {
        let part = eye.part(course);
        let order = eye.order.get(course);
        let nearest = |wanted: Nearness| {
            let hops = order.iter().filter(|(nearness, _)| *nearness == wanted);
            hops.map(|(_, hop)| *hop)
                .find(|hop| self.packets(*hop, course, index) > 0)
        };
        if let Some(own) = nearest(Nearness::Own) {
            return Point::At(own);
        }
        let covered = |place| self.vantage.covers(place, part, index);
        if self.vantage.own(eye.holder).any(covered) {
            return Point::Silent;
        }
        let is_lost = part == Part::Receiver
            && !eye.has_own
            && !eye.reached
            && self.vantage.is_watched(eye.holder, index);
        if is_lost {
            return Point::Silent;
        }
        nearest(Nearness::WayOut).map_or(Point::None, Point::At)
    }

    /// The hop that stands for both ends: the one that saw this direction first. Where that saw
    /// nothing in an interval another may have; but not what only came a moment later to it.
    fn elsewhere(&self, course: Course, index: IntervalIndex) -> Option<usize> {
        let order = self.earliest.get(course);
        let (first, others) = order.split_first()?;
        if self.packets(*first, course, index) > 0 {
            return Some(*first);
        }
        others.iter().copied().find(|hop| {
            let before = index.before();
            let on_the_way = self
                .packets(*first, course, before)
                .saturating_sub(self.packets(*hop, course, before));
            self.packets(*hop, course, index) > on_the_way
        })
    }

    fn packets(&self, hop: usize, course: Course, index: IntervalIndex) -> u64 {
        self.interval_at(hop, index)
            .map_or(0, |interval| traffic(interval, course).packets)
    }

    fn interval_at(&self, hop: usize, index: IntervalIndex) -> Option<&'h Interval> {
        self.hops.get(hop)?.intervals.get(index)
    }

    /// An interval with the traffic of two hops.
    fn moved(
        &self,
        forward: Option<usize>,
        backward: Option<usize>,
        index: IntervalIndex,
    ) -> Interval {
        let of = |hop: Option<usize>, course| {
            let interval = hop.and_then(|hop| self.interval_at(hop, index));
            interval.map_or_else(Traffic::default, |interval| *traffic(interval, course))
        };
        let mut interval = Interval::new(index);
        interval.forward = of(forward, Course::Forward);
        interval.backward = of(backward, Course::Backward);
        interval
    }

    /// Adds connections and handshakes as the hops of an end saw them.
    fn interval(&self, mut interval: Interval, connections: Hops, handshakes: Hops) -> Interval {
        let seen = |hops: Hops| {
            let (forward, backward) = hops.unwrap_or_default();
            [forward, backward].map(|hop| self.interval_at(hop?, interval.index))
        };
        let most = |count: fn(&Interval) -> u32| {
            let counts = seen(connections).into_iter().flatten().map(count);
            counts.max().unwrap_or_default()
        };
        let (started, ended) = (most(|i| i.started), most(|i| i.ended));
        let measured = seen(handshakes).into_iter().flatten();
        let samples = measured
            .map(|interval| &interval.handshakes)
            .find(|samples| !samples.is_empty());
        if let Some(samples) = samples {
            interval.handshakes.merge(samples);
        }
        interval.started = started;
        interval.ended = ended;
        interval
    }
}

/// The hops of an end: forward and backward.
type Hops = Option<(Option<usize>, Option<usize>)>;

impl Eye {
    fn new(
        end: End,
        holder: Holder,
        hops: &[Sighted],
        earliest: &ByCourse<Vec<usize>>,
        vantage: &Vantage<'_>,
    ) -> Self {
        let order = |course| {
            let near = |at: &usize| {
                let place = hops.get(*at)?.hop.place();
                Some((vantage.nearness(holder, place), *at))
            };
            let mut order: Vec<(Nearness, usize)> =
                earliest.get(course).iter().filter_map(near).collect();
            // The nearest of several ways out is the last that shows a packet sent, and the first
            // that shows one received; of several own interfaces it is the other way round.
            let (own, out) = match part(end, course) {
                Part::Sender => (false, true),
                Part::Receiver => (true, false),
            };
            order.sort_by_key(|(nearness, _)| *nearness);
            for near in order.chunk_by_mut(|a, b| a.0 == b.0) {
                let is_reversed = match near.first() {
                    Some((Nearness::Own, _)) => own,
                    Some((Nearness::WayOut, _)) => out,
                    Some((Nearness::Elsewhere, _)) | None => false,
                };
                if is_reversed {
                    near.reverse();
                }
            }
            order
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
                && first(hop, towards) != Timestamp::MAX
                && vantage.is_on_node_of(holder, hop.hop.place())
        };
        Self {
            end,
            holder,
            has_own: vantage.own(holder).next().is_some(),
            order: ByCourse::of(order),
            reached: hops.iter().any(reaches),
        }
    }

    fn part(&self, course: Course) -> Part {
        part(self.end, course)
    }
}

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

/// The first packet of a direction at a hop; the end of time when there is none.
fn first(hop: &Sighted, course: Course) -> Timestamp {
    let firsts = hop
        .intervals
        .iter()
        .map(|interval| traffic(interval, course).first);
    firsts.min().unwrap_or(Timestamp::MAX)
}
