//! Legs to flows: roles, owners, counting points, and one record for all legs that are one flow.

use std::mem;
use std::net::IpAddr;

use crate::cluster::{Directory, IdentityId};
use crate::endpoint::Endpoint;
use crate::flow::clocks::Clocks;
use crate::flow::handover::Handover;
use crate::flow::join::{Joins, Stage};
use crate::flow::order::{Forward, Order, Oriented, Place, Ranked, order};
use crate::flow::point::{Settled, Sighted, settle};
use crate::flow::roles::Roles;
use crate::flow::{Basis, Flow, FlowEnd, FlowKey, Observed, packets_of};
use crate::hop::HopId;
use crate::leg::{Beside, Interval, Leg, LegKey};
use crate::prefetch::prefetch;
use crate::protocol::Protocol;
use crate::time::Timestamp;
use crate::vantage::{Scope, Scopes, Vantage};

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
pub fn build(mut legs: Vec<(LegKey, Leg)>, knowledge: &Knowledge<'_>) -> Built {
    let known = (knowledge.roles, knowledge.directory);
    let order = order(&legs, known, knowledge.joins, |hop, addresses| {
        knowledge.scope_of(hop, addresses)
    });
    let mut later = order.ranked.iter().skip(AHEAD);
    let mut built = Built {
        flows: Vec::with_capacity(legs.len()),
        ..Built::default()
    };
    for ranked in order.ranked.chunk_by(|a, b| a.rank() == b.rank()) {
        let mut group = Group {
            knowledge,
            order: &order,
            seen: Vec::new(),
        };
        let start = built.flows.len();
        let is_plain = |(key, _): &(LegKey, Leg)| {
            key.hop == HopId::BETWEEN && knowledge.joins.of(key).is_none()
        };
        let is_between = ranked
            .iter()
            .all(|ranked| legs.get(ranked.leg()).is_some_and(is_plain));
        for ranked in ranked {
            fetch(&legs, later.next());
            if let Some((key, leg)) = legs.get_mut(ranked.leg()) {
                let place = &order.place(ranked, key);
                let leg = (&*key, mem::take(leg));
                if is_between {
                    add_leg(&mut built.flows, start, leg, place, (knowledge, &order));
                } else {
                    group.add_leg(leg, place);
                }
            }
        }
        if is_between {
            merge_from(&mut built.flows, start, knowledge.directory);
        } else {
            group.settle(&mut built);
        }
    }
    built
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

/// Adds a leg that was seen between to the flows between its ends, which begin at `start`.
/// Neighbours are mostly of one flow.
fn add_leg(
    flows: &mut Vec<Flow>,
    start: usize,
    (key, leg): (&LegKey, Leg),
    place: &Place<'_>,
    (knowledge, order): (&Knowledge<'_>, &Order<'_>),
) {
    let roles = place.roles;
    let mut handover = Handover::default();
    for interval in leg.into_intervals() {
        let mut interval = roles.turned(interval);
        let key = knowledge.attribute(key, (place, order), &interval);
        if let (Some(handed), Some(last)) = (handover.next(&key, &mut interval), flows.last_mut()) {
            handed.leave(&mut last.intervals);
        }
        match flows.get_mut(start..).and_then(<[Flow]>::last_mut) {
            Some(last) if last.key == key => {
                last.key.learn(&key, knowledge.directory);
                last.basis = last.basis.min(roles.basis);
                last.intervals.add(interval);
            }
            Some(_) | None => flows.push(Flow {
                key,
                basis: roles.basis,
                observed: Observed::Between,
                intervals: interval.into(),
                at_server: None,
            }),
        }
    }
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
            for interval in mem::take(&mut later.intervals) {
                earlier.intervals.add(interval);
            }
        }
        same
    });
    flows.append(&mut same);
}

/// The legs between the same ends, seen at several hops.
struct Group<'k> {
    knowledge: &'k Knowledge<'k>,
    order: &'k Order<'k>,
    seen: Vec<Seen>,
}

impl Group<'_> {
    fn add_leg(&mut self, (key, leg): (&LegKey, Leg), place: &Place<'_>) {
        let (joined, stage) = (place.joined.is_some(), place.stage(key));
        let beside = place.roles.beside(leg.beside);
        let mut handover = Handover::default();
        for interval in leg.into_intervals() {
            let mut interval = place.roles.turned(interval);
            let key = self
                .knowledge
                .attribute(key, (place, self.order), &interval);
            if let (Some(handed), Some(last)) =
                (handover.next(&key, &mut interval), self.seen.last_mut())
            {
                handed.leave(&mut last.sighted.intervals);
            }
            let same =
                |seen: &&mut Seen| seen.key == key && seen.part() == (joined, place.hop, stage);
            match self.seen.last_mut().filter(same) {
                Some(last) => {
                    last.key.learn(&key, self.knowledge.directory);
                    last.add(place.roles.basis, interval);
                    last.sighted.beside.merge(beside);
                }
                None => self.seen.push(Seen {
                    key,
                    joined,
                    basis: place.roles.basis,
                    sighted: Sighted {
                        hop: place.hop,
                        stage,
                        beside,
                        intervals: interval.into(),
                    },
                }),
            }
        }
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
                for interval in mem::take(&mut later.sighted.intervals) {
                    earlier.add(later.basis, interval);
                }
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

    fn add(&mut self, basis: Basis, interval: Interval) {
        self.basis = self.basis.min(basis);
        self.sighted.intervals.add(interval);
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

    /// An interval with the client as forward.
    fn turned(self, interval: Interval) -> Interval {
        match self.forward {
            Forward::Client => interval,
            Forward::Server => interval.reversed(),
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

    /// An end, and whose it was at the time of some packets; `port` is set for a server's, and
    /// `unowned` where it is known who it is while no object has it.
    pub(super) fn end(
        &self,
        address: IpAddr,
        port: Option<(Protocol, u16)>,
        times: (Timestamp, Timestamp),
        scope: Scope,
        unowned: Option<IdentityId>,
    ) -> FlowEnd {
        let in_scope = self.scopes.loopback_owner(scope, address);
        let identity = in_scope
            .or_else(|| self.directory.held_over(address, port, times))
            .or(unowned)
            .unwrap_or_else(|| self.directory.unowned(address));
        FlowEnd::new(address, identity, self.directory)
    }

    fn attribute(
        &self,
        key: &LegKey,
        (place, order): (&Place<'_>, &Order<'_>),
        interval: &Interval,
    ) -> FlowKey {
        let times = packets_of(interval);
        let (client, server) = place.ends(key);
        let (asks, answers) = order.unowned(place);
        let service = place.joined.and_then(|joined| joined.service);
        FlowKey {
            protocol: key.protocol,
            client: self.end(client, None, times, place.scope, asks),
            server: self.server(key.protocol, server, service, times, place.scope, answers),
            server_port: server.port,
            scope: place.scope,
        }
    }

    /// A server's end, and the service that was called to reach it.
    pub(super) fn server(
        &self,
        protocol: Protocol,
        server: Endpoint,
        service: Option<Endpoint>,
        times: (Timestamp, Timestamp),
        scope: Scope,
        unowned: Option<IdentityId>,
    ) -> FlowEnd {
        let port = Some((protocol, server.port));
        let end = self.end(server.address, port, times, scope, unowned);
        let service =
            service.and_then(|service| self.directory.service_called(protocol, service, times.0));
        service.map_or(end, |service| {
            let called = self.directory.called(end.identity, service);
            FlowEnd::new(end.address, called, self.directory)
        })
    }
}
