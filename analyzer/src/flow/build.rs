//! Legs to flows: roles, owners, counting points, and one record for all legs that are one flow.

mod shares;

use std::mem;
use std::net::IpAddr;

use crate::cluster::Directory;
use crate::flow::build::shares::{build_all, shares};
use crate::flow::clocks::Clocks;
use crate::flow::handover::{Handed, Handover};
use crate::flow::join::{Joins, Stage};
use crate::flow::order::{Divided, Forward, Order, Oriented, Place, Ranked, divided};
use crate::flow::parties::Parties;
use crate::flow::point::{Settled, Sighted, settle};
use crate::flow::roles::Roles;
use crate::flow::{Basis, Flow, FlowEnd, FlowKey, Observed, packets_of};
use crate::hop::HopId;
use crate::leg::intervals::Intervals;
use crate::leg::{Beside, Leg, LegKey};
use crate::prefetch::prefetch;
use crate::protocol::Protocol;
use crate::time::Timestamp;
use crate::vantage::{Scope, Scopes, Vantage};
use crate::workers::Workers;

/// How many legs are fetched from memory at the same time.
const AHEAD: usize = 16;

/// What decides what legs add up to.
pub struct Knowledge<'a> {
    /// Who is client.
    pub roles: &'a Roles<'a>,
    /// Whose addresses are.
    pub directory: &'a Directory,
    /// Whose interfaces are.
    pub vantage: &'a Vantage<'a>,
    /// Where loopback and link-local addresses mean something.
    pub scopes: &'a Scopes,
    /// Which legs are on two sides of a translation.
    pub joins: &'a Joins,
}

/// The flows, and what became of packets that they do not count.
#[derive(Default)]
pub struct Built {
    /// In the order of their keys.
    pub flows: Vec<Flow>,
    /// Packets seen at hops that do not count.
    pub copies: u64,
    /// What sources tell of their clocks.
    pub clocks: Clocks,
}

/// What a hop counted of a flow.
struct Seen {
    key: FlowKey,
    /// Whether it was on both sides of a translation: a service may also be called without one.
    joined: bool,
    basis: Basis,
    sighted: Sighted,
}

/// Builds the flows of `legs`, in order.
#[must_use]
pub fn build(
    mut legs: Vec<(LegKey, Leg)>,
    knowledge: &Knowledge<'_>,
    workers: &dyn Workers,
) -> Built {
    let known = (knowledge.roles, knowledge.directory);
    let Divided {
        mut ranked,
        ends,
        order,
    } = divided(&mut legs, known, knowledge.joins, |hop, addresses| {
        knowledge.scope_of(hop, addresses)
    });
    let shares = shares(&ends, &mut legs, &mut ranked, workers.count());
    build_all(shares, workers, |share| share.build(knowledge, &order))
}

impl Built {
    /// What comes before something else, and that.
    fn and(mut self, mut later: Self) -> Self {
        self.flows.append(&mut later.flows);
        self.copies += later.copies;
        self.clocks.append(later.clocks);
        self
    }

    /// Adds the flows of a division, whose ranks are in order.
    fn add(
        &mut self,
        legs: &mut [(LegKey, Leg)],
        ranked: &[Ranked],
        (knowledge, order): (&Knowledge<'_>, &Order<'_>),
    ) {
        let mut later = ranked.iter().skip(AHEAD);
        for ranked in ranked.chunk_by(|a, b| a.rank() == b.rank()) {
            let mut group = Group {
                knowledge,
                seen: Vec::new(),
            };
            let mut parties = None;
            let start = self.flows.len();
            let is_plain = |(key, _): &(LegKey, Leg)| {
                key.hop == HopId::BETWEEN && knowledge.joins.of(key).is_none()
            };
            let is_between = ranked
                .iter()
                .all(|ranked| legs.get(ranked.leg()).is_some_and(is_plain));
            for ranked in ranked {
                fetch(legs, later.next());
                if let Some((key, leg)) = legs.get_mut(ranked.leg()) {
                    let place = &order.place(ranked, key);
                    let leg = mem::take(leg);
                    let parties =
                        parties.get_or_insert_with(|| Parties::of(knowledge, key, (place, order)));
                    let ends = (place, &*parties);
                    if is_between {
                        add_leg(&mut self.flows, start, leg, ends, knowledge.directory);
                    } else {
                        group.add_leg((key, leg), ends);
                    }
                }
            }
            if is_between {
                merge_from(&mut self.flows, start, knowledge.directory);
            } else {
                group.settle(self);
            }
        }
    }
}

/// Fetches a leg without waiting for it: legs come in random order.
fn fetch(legs: &[(LegKey, Leg)], ranked: Option<&Ranked>) {
    if let Some(leg) = ranked.and_then(|ranked| legs.get(ranked.leg())) {
        prefetch(leg);
    }
}

/// When each direction of a leg began.
#[must_use]
pub fn first_packets(leg: &Leg) -> (Timestamp, Timestamp) {
    if let Some(only) = leg.intervals().only() {
        return (only.forward.first, only.backward.first);
    }
    let none = (Timestamp::MAX, Timestamp::MAX);
    leg.intervals()
        .iter()
        .fold(none, |(forward, backward), interval| {
            (
                forward.min(interval.forward.first),
                backward.min(interval.backward.first),
            )
        })
}

/// What of a leg is of one flow, with the client as forward.
struct Part {
    key: FlowKey,
    intervals: Intervals,
    /// What the part before it leaves to it.
    handed: Option<Handed>,
}

/// Gives the parts of a leg in order: it is one, unless an address changed its owner meanwhile.
fn each_part(leg: Leg, place: &Place<'_>, parties: &Parties<'_>, mut take: impl FnMut(Part)) {
    let service = place.joined.and_then(|joined| joined.service);
    let mut intervals = leg.into_intervals();
    if place.roles.forward == Forward::Server {
        intervals.reverse();
    }
    let Some((first, last)) = intervals.first().zip(intervals.last()) else {
        return;
    };
    let times = (packets_of(first).0, packets_of(last).1);
    if let Some(key) = parties.throughout(service, times) {
        return take(Part {
            key,
            intervals,
            handed: None,
        });
    }
    let mut handover = Handover::default();
    for mut interval in intervals {
        let key = parties.over(service, packets_of(&interval));
        let handed = handover.next(&key, &mut interval);
        take(Part {
            key,
            intervals: interval.into(),
            handed,
        });
    }
}

/// Adds a leg that was seen between to the flows between its ends, which begin at `start`.
/// Neighbours are mostly of one flow.
fn add_leg(
    flows: &mut Vec<Flow>,
    start: usize,
    leg: Leg,
    (place, parties): (&Place<'_>, &Parties<'_>),
    directory: &Directory,
) {
    let basis = place.roles.basis;
    each_part(leg, place, parties, |part| {
        if let (Some(handed), Some(last)) = (part.handed, flows.last_mut()) {
            handed.leave(&mut last.intervals);
        }
        match flows.get_mut(start..).and_then(<[Flow]>::last_mut) {
            Some(last) if last.key == part.key => {
                last.key.learn(&part.key, directory);
                last.basis = last.basis.min(basis);
                last.intervals.append(part.intervals);
            }
            Some(_) | None => flows.push(Flow {
                key: part.key,
                basis,
                observed: Observed::Between,
                intervals: part.intervals,
                at_server: None,
            }),
        }
    });
}

/// Puts the flows from `start` on, all between the same ends, in the order of their owners, one
/// for each.
fn merge_from(flows: &mut Vec<Flow>, start: usize, directory: &Directory) {
    if flows.len() <= start + 1 {
        return;
    }
    let mut same = flows.split_off(start);
    same.sort_unstable_by_key(|flow| flow.key.owners());
    same.dedup_by(|later, earlier| {
        let same = later.key == earlier.key;
        if same {
            earlier.key.learn(&later.key, directory);
            earlier.basis = earlier.basis.min(later.basis);
            earlier.intervals.append(mem::take(&mut later.intervals));
        }
        same
    });
    flows.append(&mut same);
}

/// The legs between the same ends, seen at several hops.
struct Group<'k> {
    knowledge: &'k Knowledge<'k>,
    seen: Vec<Seen>,
}

impl Group<'_> {
    fn add_leg(
        &mut self,
        (key, leg): (&LegKey, Leg),
        (place, parties): (&Place<'_>, &Parties<'_>),
    ) {
        let (joined, stage) = (place.joined.is_some(), place.stage(key));
        let (basis, beside) = (place.roles.basis, place.roles.beside(leg.beside));
        each_part(leg, place, parties, |part| {
            if let (Some(handed), Some(last)) = (part.handed, self.seen.last_mut()) {
                handed.leave(&mut last.sighted.intervals);
            }
            let same = |seen: &&mut Seen| {
                seen.key == part.key && seen.part() == (joined, place.hop, stage)
            };
            match self.seen.last_mut().filter(same) {
                Some(last) => {
                    last.key.learn(&part.key, self.knowledge.directory);
                    last.add(basis, part.intervals);
                    last.sighted.beside.merge(beside);
                }
                None => self.seen.push(Seen {
                    key: part.key,
                    joined,
                    basis,
                    sighted: Sighted {
                        hop: place.hop,
                        stage,
                        beside,
                        intervals: part.intervals,
                    },
                }),
            }
        });
    }

    /// Makes one flow of all that was seen between the same owners.
    fn settle(mut self, built: &mut Built) {
        let Knowledge {
            directory, vantage, ..
        } = self.knowledge;
        self.seen
            .sort_by_key(|seen| (seen.key.owners(), seen.part()));
        self.seen.dedup_by(|later, earlier| {
            let same = later.key == earlier.key && later.part() == earlier.part();
            if same {
                earlier.key.learn(&later.key, directory);
                earlier.sighted.beside.merge(later.sighted.beside);
                earlier.add(later.basis, mem::take(&mut later.sighted.intervals));
            }
            same
        });
        let mut rest = self.seen.into_iter().peekable();
        while let Some(Seen {
            mut key,
            joined,
            mut basis,
            sighted,
        }) = rest.next()
        {
            let mut hops = vec![sighted];
            while let Some(same) = rest.next_if(|seen| seen.key == key && seen.joined == joined) {
                key.learn(&same.key, directory);
                basis = basis.min(same.basis);
                hops.push(same.sighted);
            }
            let at = hops.iter().filter_map(|hop| hop.intervals.first());
            let at = at
                .map(|interval| packets_of(interval).0)
                .min()
                .unwrap_or_default();
            let holder = |end: FlowEnd| vantage.holder_of(end.identity, end.address, at, directory);
            let holders = (holder(key.client), holder(key.server));
            if basis == Basis::Syn && key.protocol == Protocol::Tcp {
                built.clocks.see(&hops, vantage);
            }
            let Settled { flow, copies } = settle(key, basis, &hops, holders, vantage);
            match built.flows.last_mut() {
                Some(last) if last.key == flow.key => last.merge(flow, directory),
                Some(_) | None => built.flows.push(flow),
            }
            built.copies += copies;
        }
    }
}

impl Seen {
    /// Which part of a flow it is.
    const fn part(&self) -> (bool, HopId, Stage) {
        (self.joined, self.sighted.hop, self.sighted.stage)
    }

    fn add(&mut self, basis: Basis, intervals: Intervals) {
        self.basis = self.basis.min(basis);
        self.sighted.intervals.append(intervals);
    }
}

impl Oriented {
    /// Where else packets were seen, with the client as forward.
    const fn beside(self, beside: Beside) -> Beside {
        match self.forward {
            Forward::Client => beside,
            Forward::Server => beside.reversed(),
        }
    }
}

impl Knowledge<'_> {
    /// Where two addresses that were seen at a hop mean something.
    pub(super) fn scope_of(&self, hop: HopId, (one, other): (IpAddr, IpAddr)) -> Scope {
        if hop == HopId::BETWEEN {
            return Scope::default();
        }
        self.scopes
            .scope(self.vantage.place(hop.place()), one, other)
    }
}
