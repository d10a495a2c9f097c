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

use std::collections::BTreeSet;

use crate::flow::join::Stage;
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
            at_server: (settler.is_apart(observed) && seen.client != seen.server)
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
    /// Whether the flow was seen on both sides of a translation.
    translated: bool,
}

/// One end, and the hops in the order in which they count for it.
struct Eye {
    end: End,
    holder: Holder,
    has_own: bool,
    order: ByCourse<Vec<(Nearness, usize)>>,
    /// The hops that may stand for it where there is no nearer one, by who saw a direction first.
    earliest: ByCourse<Vec<usize>>,
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
        let is_at = |stage| hops.iter().any(|hop| hop.stage == stage);
        let translated = is_at(Stage::Before) && is_at(Stage::After);
        let eye = |end, holder| Eye::new(end, holder, hops, &earliest, vantage, translated);
        Self {
            client: eye(End::Client, client),
            server: eye(End::Server, server),
            hops,
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
            (Point::None, Point::None) => (
                self.elsewhere(&self.client, course, index),
                self.elsewhere(&self.server, course, index),
            ),
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
        let is_between = !at_client && !at_server;
        let between = |hops: Hops| hops.filter(|_| is_between);
        let client = own(points.forward.0, points.backward.0)
            .or_else(|| between(Some((taken.forward.0, taken.backward.0))));
        let server = own(points.forward.1, points.backward.1)
            .or_else(|| between(Some((taken.forward.1, taken.backward.1))));
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

    /// The hop that stands for both ends, of several sides of a translation for one: the one that
    /// saw this direction first. Where that saw nothing in an interval another may have; but not
    /// what only came a moment later to it.
    fn elsewhere(&self, eye: &Eye, course: Course, index: IntervalIndex) -> Option<usize> {
        let order = eye.earliest.get(course);
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
        translated: bool,
    ) -> Self {
        let own_stage = match end {
            End::Client => Stage::Before,
            End::Server => Stage::After,
        };
        let is_own = |at: &usize| {
            let hop = hops.get(*at);
            !translated || hop.is_some_and(|hop| hop.stage == own_stage)
        };
        let order = |course| {
            let near = |at: &usize| {
                let nearness = vantage.nearness(holder, hops.get(*at)?.hop.place());
                // A client's node may translate before it sends out.
                let counts = is_own(at) || end == End::Client && nearness == Nearness::WayOut;
                counts.then_some((nearness, !is_own(at), *at))
            };
            let mut order: Vec<(Nearness, bool, usize)> =
                earliest.get(course).iter().filter_map(near).collect();
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
            let order = order.into_iter();
            order.map(|(nearness, _, at)| (nearness, at)).collect()
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
                && (!translated || hop.stage == own_stage)
                && first(hop, towards) != Timestamp::MAX
                && vantage.is_on_node_of(holder, hop.hop.place())
        };
        let of_own = |course| {
            let all = earliest.get(course).iter().copied();
            all.filter(is_own).collect()
        };
        Self {
            end,
            holder,
            has_own: vantage.own(holder).next().is_some(),
            order: ByCourse::of(order),
            earliest: ByCourse::of(of_own),
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
