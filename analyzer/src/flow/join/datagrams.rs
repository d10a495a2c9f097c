//! Joins of UDP: by the client's endpoint, where the objects leave one answer.
//!
//! In: legs from a client's endpoint to a service's, and from the same endpoint to endpoints of that
//! service. Out: the sets of forms they are, written into the keys of their legs.
//! **Shape** what several places saw of a conversation in an interval is taken together; a call looks
//! at the answers of its interval and those beside it, at endpoints of services only.
//! **Time** clients use a port again and get another backend, so this is decided for each interval;
//! a leg whose intervals are of several sets is parted.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use hashbrown::{HashMap, HashSet};

use crate::cluster::{Directory, IdentityId};
use crate::connection::TwinId;
use crate::endpoint::Endpoint;
use crate::keyed::Keyed;
use crate::leg::{Ends, Interval, Leg, LegKey};
use crate::protocol::Protocol;
use crate::time::{NANOS_PER_SECOND, Timestamp};
use crate::traffic::IntervalIndex;
use crate::traffic::period::Period;
use crate::translation::form::{Form, FormSets};

/// A datagram and its translation may be as far apart as nodes' clocks.
const SLACK: u64 = NANOS_PER_SECOND;

/// Tells legs their sets; says how many times a backend could not be told.
pub(super) fn mark(
    legs: &mut Vec<(LegKey, Leg)>,
    forms: &mut FormSets,
    (directory, hashes): (&Directory, Keyed),
) -> u64 {
    if !directory.has_services() {
        return 0;
    }
    let called = called(legs, directory, hashes);
    if called.is_empty() {
        return 0;
    }
    let answered = answered(legs, &called, directory);
    let (twins, refused) = matches(&called, &answered, forms, directory);
    if !twins.is_empty() {
        part(legs, &twins);
    }
    refused
}

/// Before every other endpoint.
const LEAST: Endpoint = Endpoint {
    address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    port: 0,
};

/// A client's endpoint and the one it sends to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Conversation {
    client: Endpoint,
    server: Endpoint,
}

/// When something passed in an interval.
#[derive(Clone, Copy)]
struct Passed {
    period: Period,
    first: Timestamp,
    last: Timestamp,
}

/// A service called in an interval.
struct Called {
    service: Endpoint,
    identity: IdentityId,
    passed: Passed,
}

/// What passed between a client's endpoint and other endpoints, by the first interval of a period.
type Conversations = BTreeMap<(IntervalIndex, Endpoint), Passed>;

/// A call with the one endpoint that can have answered it.
struct Match {
    twin: TwinId,
    before: Place,
    after: Vec<Place>,
}

/// Who answered a call.
enum Backend {
    None,
    One(Endpoint, Vec<IntervalIndex>),
    Several,
}

/// A conversation in an interval.
type Place = (Conversation, IntervalIndex);
/// What a client's endpoint called, and who answered it.
type ByClient<T> = HashMap<Endpoint, Vec<T>, Keyed>;
/// The sets of forms.
type Marks = HashMap<Place, TwinId, Keyed>;

/// The services that clients called, in order of time.
fn called(legs: &[(LegKey, Leg)], directory: &Directory, hashes: Keyed) -> ByClient<Called> {
    let mut passed: HashMap<Endpoint, Conversations, Keyed> = HashMap::with_hasher(hashes);
    let service = |endpoint, at| directory.service_called(Protocol::Udp, endpoint, at);
    for (low, high, leg) in datagrams(legs) {
        for interval in leg.intervals().iter().map(Passed::of) {
            let at = interval.first;
            let (client, server) = match (service(low, at), service(high, at)) {
                (Some(_), None) => (high, low),
                (None, Some(_)) => (low, high),
                (None, None) | (Some(_), Some(_)) => continue,
            };
            interval.note(server, passed.entry(client).or_default());
        }
    }
    let calls = |conversations: Conversations| {
        let calls = conversations.into_iter();
        calls.filter_map(|((_, called), passed)| {
            let identity = service(called, passed.first)?;
            Some(Called {
                service: called,
                identity,
                passed,
            })
        })
    };
    let mut called = ByClient::with_hasher(hashes);
    let clients = passed.into_iter();
    called.extend(clients.map(|(client, conversations)| (client, calls(conversations).collect())));
    called
}

/// What else passed between the clients and endpoints of services.
fn answered(
    legs: &[(LegKey, Leg)],
    called: &ByClient<Called>,
    directory: &Directory,
) -> HashMap<Endpoint, Conversations, Keyed> {
    let hashes = *called.hasher();
    let mut services = HashSet::with_hasher(hashes);
    for (client, calls) in called {
        services.extend(calls.iter().map(|call| (*client, call.service)));
    }
    let mut answered: HashMap<Endpoint, Conversations, Keyed> = HashMap::with_hasher(hashes);
    for (low, high, leg) in datagrams(legs) {
        for (client, other) in [(low, high), (high, low)] {
            let answers = called.contains_key(&client)
                && !services.contains(&(client, other))
                && directory.is_endpoint(Protocol::Udp, other);
            if answers {
                let conversations = answered.entry(client).or_default();
                for interval in leg.intervals().iter() {
                    Passed::of(interval).note(other, conversations);
                }
            }
        }
    }
    answered
}

/// The sets of the conversations of which one backend, and of that one service, is possible; and how
/// many calls had several.
fn matches(
    called: &ByClient<Called>,
    answered: &HashMap<Endpoint, Conversations, Keyed>,
    forms: &mut FormSets,
    directory: &Directory,
) -> (Marks, u64) {
    let mut refused = 0;
    let mut found: Vec<Match> = Vec::new();
    for (client, calls) in called {
        let Some(answers) = answered.get(client) else {
            continue;
        };
        for call in calls {
            match backend_of(call, answers, directory) {
                Backend::None => {}
                Backend::Several => refused += 1,
                Backend::One(backend, intervals) => {
                    let before = Conversation::new(*client, call.service);
                    let after = Conversation::new(*client, backend);
                    found.push(Match {
                        twin: forms.number([before.form(), after.form()]),
                        before: (before, call.passed.period.first()),
                        after: intervals.into_iter().map(|index| (after, index)).collect(),
                    });
                }
            }
        }
    }
    let hashes = *called.hasher();
    let mut twins: HashMap<Place, Option<TwinId>, Keyed> = HashMap::with_hasher(hashes);
    for Match { twin, after, .. } in &found {
        for place in after {
            let known = twins.entry(*place).or_insert(Some(*twin));
            *known = known.filter(|known| known == twin);
        }
    }
    let mut marks = Marks::with_hasher(hashes);
    for Match {
        twin,
        before,
        after,
    } in found
    {
        if after
            .iter()
            .all(|place| twins.get(place) == Some(&Some(twin)))
        {
            marks.insert(before, twin);
            marks.extend(after.into_iter().map(|place| (place, twin)));
        } else {
            refused += 1;
        }
    }
    (marks, refused)
}

/// The only endpoint of the service that the client talked to at that time.
fn backend_of(call: &Called, answers: &Conversations, directory: &Directory) -> Backend {
    let mut found = Backend::None;
    for ((index, endpoint), passed) in call.passed.window(answers) {
        let (service, at) = (call.identity, passed.first);
        let is_answer = passed.is_near(&call.passed)
            && directory.is_endpoint_of(Protocol::Udp, *endpoint, service, at);
        if !is_answer {
            continue;
        }
        match &mut found {
            Backend::None => found = Backend::One(*endpoint, vec![*index]),
            Backend::One(backend, intervals) if backend == endpoint => intervals.push(*index),
            Backend::One(..) | Backend::Several => return Backend::Several,
        }
    }
    found
}

/// Writes the sets into the keys of the legs; one whose intervals are of several is parted.
fn part(legs: &mut Vec<(LegKey, Leg)>, marks: &Marks) {
    let mut parted = Vec::new();
    for (key, leg) in legs.iter_mut() {
        let Some((low, high)) = ports(key) else {
            continue;
        };
        let twin_of = |index| {
            let conversations = [Conversation::new(low, high), Conversation::new(high, low)];
            let marks = conversations.map(|conversation| marks.get(&(conversation, index)));
            marks
                .into_iter()
                .flatten()
                .next()
                .copied()
                .unwrap_or_default()
        };
        let mut twins: Vec<TwinId> = leg
            .intervals()
            .iter()
            .map(|i| twin_of(i.period.first()))
            .collect();
        twins.dedup();
        match twins.as_slice() {
            [] => {}
            [twin] => key.twin = *twin,
            [_, ..] => {
                let whole = std::mem::take(leg);
                let mut parts: HashMap<TwinId, Leg, Keyed> = HashMap::with_hasher(*marks.hasher());
                for interval in whole.into_intervals() {
                    let twin = twin_of(interval.period.first());
                    parts.entry(twin).or_default().add(interval);
                }
                parted.extend(
                    parts
                        .into_iter()
                        .map(|(twin, part)| (LegKey { twin, ..*key }, part)),
                );
            }
        }
    }
    if !parted.is_empty() {
        legs.retain(|(_, leg)| !leg.intervals().is_empty());
        legs.append(&mut parted);
    }
}

/// The legs of UDP, with both their endpoints.
fn datagrams(legs: &[(LegKey, Leg)]) -> impl Iterator<Item = (Endpoint, Endpoint, &Leg)> {
    legs.iter().filter_map(|(key, leg)| {
        let (low, high) = ports(key)?;
        Some((low, high, leg))
    })
}

const fn ports(key: &LegKey) -> Option<(Endpoint, Endpoint)> {
    match (key.protocol, key.ends) {
        (Protocol::Udp, Ends::Ports { low, high }) => Some((low, high)),
        (Protocol::Tcp, Ends::Ports { .. }) | (_, Ends::Roles { .. }) => None,
    }
}

impl Conversation {
    const fn new(client: Endpoint, server: Endpoint) -> Self {
        Self { client, server }
    }

    const fn form(self) -> Form {
        Form {
            client: self.client.address,
            server: self.server,
        }
    }
}

impl Passed {
    fn of(interval: &Interval) -> Self {
        let Interval {
            period,
            forward,
            backward,
            ..
        } = interval;
        Self {
            period: *period,
            first: forward.first.min(backward.first),
            last: forward.last.max(backward.last),
        }
    }

    /// Adds it to what passed in its interval between the same endpoints.
    fn note(self, other: Endpoint, conversations: &mut Conversations) {
        let place = (self.period.first(), other);
        let known = conversations.entry(place).or_insert(self);
        known.first = known.first.min(self.first);
        known.last = known.last.max(self.last);
    }

    /// What passed in intervals that may be near.
    fn window<'a>(
        &self,
        conversations: &'a Conversations,
    ) -> impl Iterator<Item = (&'a (IntervalIndex, Endpoint), &'a Passed)> {
        let earliest = Timestamp::from_nanos(self.first.as_nanos().saturating_sub(SLACK));
        let latest = Timestamp::from_nanos(self.last.as_nanos().saturating_add(SLACK));
        let (from, to) = (IntervalIndex::of(earliest), IntervalIndex::of(latest));
        let last = conversations.range(..(from, LEAST)).next_back();
        let from = match last {
            // Older ones last longer.
            Some(((first, _), last)) if last.period.holds(from) => *first,
            Some(_) | None => from,
        };
        let later = conversations.range((from, LEAST)..);
        later.take_while(move |((index, _), _)| *index <= to)
    }

    const fn is_near(&self, other: &Self) -> bool {
        let (a, b) = (self, other);
        a.first.nanos_since(b.last) <= SLACK && b.first.nanos_since(a.last) <= SLACK
    }
}
